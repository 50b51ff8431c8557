package egress

import "net/netip"

//go:generate go run ./registry registry/data table_gen.go

// addressTables are the ranges that a policy decides by. They are read-only
// after newAddressTables.
type addressTables struct {
	globalUnicast netip.Prefix
	special       []netip.Prefix
	private       []netip.Prefix
	metadata      []netip.Addr
	carriers      []carrier
}

// carrier is a range of IPv6 addresses that carry an IPv4 address, from the
// byte offset on.
type carrier struct {
	prefix netip.Prefix
	offset int
}

// newAddressTables follows the IANA registries of special-purpose addresses,
// with multicast added. Of IPv6 only what lies within globalUnicast is listed;
// everything outside it is special. Some entries are reachable in principle, but
// nobody receives webhooks there.
func newAddressTables() addressTables {
	return addressTables{
		globalUnicast: netip.MustParsePrefix("2000::/3"),
		special:       specialBlocks(),
		private:       prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
		metadata: addresses(
			"169.254.169.254", "fd00:ec2::254", // AWS and most others
			"169.254.170.2", "169.254.170.23", "fd00:ec2::23", // AWS credentials of containers
			"fd20:ce::254",    // Google Cloud
			"100.100.100.200", // Alibaba Cloud
			"168.63.129.16",   // Azure; a public address by its number
			"169.254.0.23",    // Tencent Cloud
			"192.0.0.192",     // Oracle Cloud
		),
		carriers: []carrier{
			{netip.MustParsePrefix("64:ff9b::/96"), 12}, // NAT64, RFC 6052
			{netip.MustParsePrefix("::/96"), 12},        // IPv4-compatible, RFC 4291
			{netip.MustParsePrefix("2002::/16"), 2},     // 6to4, RFC 3056
		},
	}
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func addresses(texts ...string) []netip.Addr {
	list := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}
