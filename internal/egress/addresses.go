package egress

import "net/netip"

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

// newAddressTables follows the IANA registries iana-ipv4-special-registry and
// iana-ipv6-special-registry as of November 2025 (the newest entries are those
// of RFC 9602 and RFC 9637, 2024), with multicast added. Of IPv6 only what lies
// within globalUnicast is listed; everything outside it is special. Some
// entries are reachable in principle, but nobody receives webhooks there.
func newAddressTables() addressTables {
	return addressTables{
		globalUnicast: netip.MustParsePrefix("2000::/3"),
		special: prefixes(
			"0.0.0.0/8",       // "this network", RFC 791
			"10.0.0.0/8",      // private use, RFC 1918
			"100.64.0.0/10",   // shared by carriers, RFC 6598
			"127.0.0.0/8",     // loopback, RFC 1122
			"169.254.0.0/16",  // link local, RFC 3927
			"172.16.0.0/12",   // private use, RFC 1918
			"192.0.0.0/24",    // protocol assignments, RFC 6890
			"192.0.2.0/24",    // documentation, RFC 5737
			"192.31.196.0/24", // AS112, RFC 7535
			"192.52.193.0/24", // AMT, RFC 7450
			"192.88.99.0/24",  // 6to4 relays, RFC 7526
			"192.168.0.0/16",  // private use, RFC 1918
			"192.175.48.0/24", // AS112, RFC 7534
			"198.18.0.0/15",   // benchmarks, RFC 2544
			"198.51.100.0/24", // documentation, RFC 5737
			"203.0.113.0/24",  // documentation, RFC 5737
			"224.0.0.0/4",     // multicast, RFC 5771
			"240.0.0.0/4",     // reserved and broadcast, RFC 1112

			"2001::/23",         // protocol assignments, Teredo and ORCHID among them, RFC 2928
			"2001:db8::/32",     // documentation, RFC 3849
			"2002::/16",         // 6to4, RFC 3056
			"2620:4f:8000::/48", // AS112, RFC 7534
			"3fff::/20",         // documentation, RFC 9637
		),
		private: prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
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
