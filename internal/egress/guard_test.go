package egress

import (
	"net/netip"
	"testing"

	"github.com/posthorn/posthorn"
)

// The narrowest policy under which each address may be reached; "" is none.
func addressCases() map[string]Policy {
	const never = Policy("")
	return map[string]Policy{
		"1.1.1.1": PolicyPublic, "8.8.8.8": PolicyPublic, "100.63.255.255": PolicyPublic, "100.128.0.1": PolicyPublic,
		"172.15.255.255": PolicyPublic, "172.32.0.1": PolicyPublic, "192.0.1.1": PolicyPublic, "198.17.255.255": PolicyPublic,
		"198.20.0.1": PolicyPublic, "223.255.255.255": PolicyPublic, "::ffff:1.1.1.1": PolicyPublic,
		"2606:4700:4700::1111": PolicyPublic, "2a00:1450:4001:81b::200e": PolicyPublic, "2001:200::1": PolicyPublic,

		"10.0.0.1": PolicyPrivate, "10.255.255.255": PolicyPrivate, "172.16.0.1": PolicyPrivate, "172.31.255.255": PolicyPrivate,
		"192.168.1.1": PolicyPrivate, "100.64.0.1": PolicyPrivate, "100.127.255.255": PolicyPrivate, "fd12:3456::1": PolicyPrivate,
		"fc00::1": PolicyPrivate, "::ffff:10.0.0.1": PolicyPrivate,

		"127.0.0.1": PolicyAny, "127.255.255.255": PolicyAny, "0.0.0.0": PolicyAny, "0.1.2.3": PolicyAny, "169.254.1.1": PolicyAny,
		"192.0.0.1": PolicyAny, "192.0.2.1": PolicyAny, "192.88.99.1": PolicyAny, "198.18.0.1": PolicyAny, "198.19.255.255": PolicyAny,
		"198.51.100.1": PolicyAny, "203.0.113.1": PolicyAny, "224.0.0.1": PolicyAny, "239.255.255.255": PolicyAny,
		"240.0.0.1": PolicyAny, "255.255.255.255": PolicyAny, "::": PolicyAny, "::1": PolicyAny, "::ffff:127.0.0.1": PolicyAny,
		"::7f00:1": PolicyAny, "64:ff9b::7f00:1": PolicyAny, "64:ff9b::101:101": PolicyAny, "64:ff9b:1::1": PolicyAny,
		"100::1": PolicyAny, "2001::1": PolicyAny, "2001:10::1": PolicyAny, "2001:20::1": PolicyAny, "2001:db8::1": PolicyAny,
		"2002:7f00:1::": PolicyAny, "2002:808:808::1": PolicyAny, "3fff::1": PolicyAny, "4000::1": PolicyAny, "5f00::1": PolicyAny,
		"fe80::1": PolicyAny, "fec0::1": PolicyAny, "ff02::1": PolicyAny,

		"169.254.169.254": never, "fd00:ec2::254": never, "100.100.100.200": never, "168.63.129.16": never, "169.254.170.2": never,
		"fd20:ce::254": never, "192.0.0.192": never, "::ffff:169.254.169.254": never, "64:ff9b::a9fe:a9fe": never,
		"::a9fe:a9fe": never, "2002:a9fe:a9fe::1": never, "fe80::1%lo": never, "::1%lo": never, "2606:4700:4700::1111%eth0": never,
	}
}

// Invariant: a policy reaches exactly the addresses that it says.
func TestPoliciesReachOnlyTheirAddresses(t *testing.T) {
	t.Parallel()
	wider := []Policy{PolicyPublic, PolicyPrivate, PolicyAny}
	for text, narrowest := range addressCases() {
		reached := false
		for _, policy := range wider {
			reached = reached || policy == narrowest
			guard := &guard{policy: policy, tables: newAddressTables()}
			if got := guard.permitsAddress(netip.MustParseAddr(text)); got != reached {
				t.Errorf("policy %s, address %s: permitted = %v, want %v", policy, text, got, reached)
			}
		}
	}
}

// Invariant: the guard sees the address of the very connection, and fails
// closed when it can't read it.
func TestControlFailsClosed(t *testing.T) {
	t.Parallel()
	guard := &guard{policy: PolicyAny, tables: newAddressTables()}
	for _, address := range []string{"", "127.0.0.1", "localhost:80", "[fe80::1%lo]:80", "0177.0.0.1:80", "2130706433:80", "/var/run/docker.sock", "169.254.169.254:80"} {
		if err := guard.control(t.Context(), "tcp", address, nil); err == nil {
			t.Errorf("control let %q through", address)
		}
	}
	if err := guard.control(t.Context(), "tcp", "127.0.0.1:80", nil); err != nil {
		t.Errorf("control refused 127.0.0.1:80 under %s: %v", PolicyAny, err)
	}
}

// Invariant: an entry of the allow list opens its network and nothing else; a
// metadata service needs an entry of its own.
func TestAllowListOpensOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	guard := &guard{policy: PolicyPublic, allow: prefixes("10.1.0.0/16", "169.254.0.0/16", "168.63.129.16/32", "fd00::/8"), tables: newAddressTables()}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": false, "fd00::1": true, "169.254.1.1": true,
		"169.254.169.254": false, "168.63.129.16": true, "fd00:ec2::254": false, "1.1.1.1": true, "fd00::1%eth0": false,
	} {
		if got := guard.permitsAddress(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: permitted = %v, want %v", text, got, want)
		}
	}
}

// Invariant: production can't send to where this program itself listens, even
// when the allow list covers it.
func TestOwnAddressesAreDeniedInProduction(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{Production: PolicyAny, Allow: prefixes("127.0.0.0/8"), OwnAddresses: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:8080")}})
	own, other := netip.MustParseAddrPort("[::ffff:127.0.0.1]:8080"), netip.MustParseAddrPort("127.0.0.1:8081")
	if sender.production.guard.permits(own) {
		t.Errorf("production may send to our own %s", own)
	}
	if !sender.production.guard.permits(other) || !sender.development.guard.permits(own) {
		t.Errorf("more than our own address in production is denied")
	}
}

// Invariant: options that make no sense are refused, not guessed at.
func TestNewRefusesSenselessOptions(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"unknown policy":      {Production: "everything"},
		"mapped network":      {Allow: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}},
		"zero network":        {Allow: []netip.Prefix{{}}},
		"zero own address":    {OwnAddresses: []netip.AddrPort{{}}},
		"negative timeout":    {ConnectTimeout: -1},
		"negative idle limit": {MaxIdle: -1},
	} {
		if _, err := New(options); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Invariant: the kind of environment that nobody knows gets the strict policy.
func TestUnknownKindIsStrict(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	if sender.lane("") != sender.production || sender.lane(posthorn.Production) != sender.production || sender.lane(posthorn.Development) != sender.development {
		t.Error("kinds are mapped to the wrong lanes")
	}
}
