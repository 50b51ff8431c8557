package egress

import (
	"encoding/csv"
	"net/netip"
	"os"
	"slices"
	"testing"
)

// registered reads the blocks of a registry, apart from the generator.
func registered(t *testing.T, name string) []netip.Prefix {
	t.Helper()
	file, err := os.Open("registry/data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comment = '#'
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []netip.Prefix
	for _, row := range rows[1:] {
		list = append(list, netip.MustParsePrefix(row[0]))
	}
	return list
}

// Invariant: the public policy reaches no address of any block that the
// registries have, whatever the registry says of it.
func TestEveryRegisteredBlockIsRefused(t *testing.T) {
	t.Parallel()
	guard := &guard{policy: PolicyPublic, tables: newAddressTables()}
	for name, rows := range map[string]int{"ipv4.csv": 26, "ipv6.csv": 25, "beyond.csv": 2} {
		blocks := registered(t, name)
		if len(blocks) < rows {
			t.Errorf("%s has lost rows: %d, there were %d", name, len(blocks), rows)
		}
		for _, block := range blocks {
			if block == netip.MustParsePrefix("::ffff:0:0/96") {
				continue // another way to write IPv4, judged as that
			}
			for _, address := range []netip.Addr{block.Addr(), lastOf(block)} {
				if guard.permitsAddress(address) {
					t.Errorf("%s of %s is reached", address, block)
				}
			}
		}
	}
}

// Invariant: what the private policy opens are blocks of the registries, and
// nothing wider.
func TestPrivateRangesAreRegistered(t *testing.T) {
	t.Parallel()
	known := append(registered(t, "ipv4.csv"), registered(t, "ipv6.csv")...)
	for _, private := range newAddressTables().private {
		if !slices.Contains(known, private) {
			t.Errorf("%s is no block of the registries", private)
		}
	}
}

func lastOf(block netip.Prefix) netip.Addr {
	bytes := block.Addr().AsSlice()
	for bit := block.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}
