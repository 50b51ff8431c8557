package egress

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// CheckURL is the early check for people, when a webhook is saved: it refuses
// what posthorn.ValidateURL refuses, ports and literal addresses that the policy forbids,
// and names that only mean something inside a machine or a network. It asks no
// resolver; what a name means is decided when it is dialled. The error is
// posthorn.Invalid about "/url".
func (s *Sender) CheckURL(raw string, kind posthorn.EnvironmentKind) *posthorn.Error {
	const pointer = "/url"
	if err := posthorn.ValidateURL(pointer, raw, kind); err != nil {
		return err
	}
	target, err := url.Parse(raw)
	if err != nil {
		return posthorn.Invalid(pointer, "The URL can't be read.", "For example: https://example.com/webhooks")
	}
	guard := s.lane(kind).guard
	const hint = "Use a host on the public internet, or ask the operator to widen the egress policy or its allow list."
	if port := portOf(target); !guard.ports.permits(port) {
		return posthorn.Invalid(pointer, fmt.Sprintf("The egress policy forbids the port %d.", port), "Use port 443, or ask the operator to allow the port with egress-ports.")
	}
	host := target.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		if !guard.permitsAddress(address) {
			return posthorn.Invalid(pointer, "The egress policy forbids the URL's address.", hint)
		}
		return nil
	}
	if guard.refusesName(strings.ToLower(strings.TrimSuffix(host, "."))) {
		return posthorn.Invalid(pointer, "The URL's host is a name that only means something inside a machine or a private network.", hint)
	}
	return nil
}

// portOf is 0 for what is no port.
func portOf(target *url.URL) uint16 {
	switch text := target.Port(); {
	case text != "":
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return 0
		}
		return uint16(port)
	case target.Scheme == "http":
		return 80
	default:
		return 443
	}
}

// refusesName reports whether a lower-case name can only lead to addresses that
// the policy forbids. Where the operator allows networks of their own, their
// names are left to the check of the address.
func (g *guard) refusesName(name string) bool {
	if isLocalName(name) {
		return !g.permitsAddress(netip.AddrFrom4([4]byte{127, 0, 0, 1})) && !g.permitsAddress(netip.IPv6Loopback())
	}
	if g.policy != PolicyPublic || len(g.allow) > 0 {
		return false
	}
	return !strings.Contains(name, ".") || endsIn(name, "local", "internal", "lan", "intranet", "home.arpa", "corp", "home")
}

func isLocalName(name string) bool {
	return endsIn(name, "localhost", "localdomain") || name == "ip6-localhost" || name == "ip6-loopback"
}

func endsIn(name string, domains ...string) bool {
	return slices.ContainsFunc(domains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
}
