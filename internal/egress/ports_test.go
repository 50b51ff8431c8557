package egress

import (
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: outside development only ports where receivers listen are reached;
// ports that the operator names are exactly those that are open.
func TestPortsThatMayBeReached(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy Policy
		named  [][2]uint16
		open   []uint16
		closed []uint16
	}{
		"public":  {PolicyPublic, nil, []uint16{80, 443, 1024, 3000, 8080, 8443, 65535}, []uint16{0, 1, 22, 25, 81, 442, 444, 587, 1023, 2375, 6379, 6667, 9200, 11211, 27018}},
		"private": {PolicyPrivate, nil, []uint16{80, 443, 8080}, []uint16{22, 25, 5432, 6379}},
		"any":     {PolicyAny, nil, []uint16{22, 25, 80, 6379, 65535}, nil},
		"named":   {PolicyPublic, [][2]uint16{{443, 443}, {6000, 6400}}, []uint16{443, 6000, 6379, 6400}, []uint16{80, 442, 444, 5999, 6401, 8080}},
		"any but": {PolicyAny, [][2]uint16{{443, 443}}, []uint16{443}, []uint16{22, 80}},
	} {
		ports := portsFor(test.policy, test.named)
		for _, port := range test.open {
			if !ports.permits(port) {
				t.Errorf("%s: %d is closed", name, port)
			}
		}
		for _, port := range test.closed {
			if ports.permits(port) {
				t.Errorf("%s: %d is open", name, port)
			}
		}
	}
}

// Invariant: the list of services holds nothing that another rule refuses
// already, and nothing twice.
func TestListOfServicesIsTidy(t *testing.T) {
	t.Parallel()
	list := servicePorts()
	slices.Sort(list)
	if list[0] < 1024 || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Errorf("below 1024, or twice: %v", list)
	}
}

// Invariant: a forbidden port is refused when the webhook is saved, and when it
// is dialled.
func TestForbiddenPortsAreRefusedTwice(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	for port, open := range map[uint16]bool{22: false, 25: false, 6379: false, 443: true, 8443: true} {
		text := strconv.Itoa(int(port))
		if err := sender.CheckURL("https://example.com:"+text+"/", posthorn.Production); (err == nil) != open {
			t.Errorf("port %d when saving: %v", port, err)
		}
		err := sender.production.guard.control(t.Context(), "tcp", "1.1.1.1:"+text, nil)
		if (err == nil) != open {
			t.Errorf("port %d when dialling: %v", port, err)
		}
	}
	for url, open := range map[string]bool{"https://example.com:0/": false, "https://example.com:65536/": false, "https://example.com:/": false, "https://example.com/": true} {
		if err := sender.CheckURL(url, posthorn.Production); (err == nil) != open {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := sender.CheckURL("http://localhost:22/", posthorn.Development); err != nil {
		t.Errorf("development is restricted: %v", err)
	}
}

// Invariant: this program's port is refused on every address that leads to it.
func TestEveryWayToOurselvesIsDenied(t *testing.T) {
	t.Parallel()
	for listen, ways := range map[string][]string{
		"0.0.0.0:8080":      {"127.0.0.1:8080", "127.0.0.2:8080", "0.0.0.0:8080", "[::ffff:127.9.9.9]:8080"},
		"[::]:8080":         {"127.0.0.1:8080", "127.0.0.2:8080", "0.0.0.0:8080", "[::1]:8080", "[::]:8080"},
		"127.0.0.1:8080":    {"127.0.0.1:8080", "0.0.0.0:8080", "[::ffff:127.0.0.1]:8080"},
		"192.168.7.7:8080":  {"192.168.7.7:8080", "0.0.0.0:8080"},
		"[2001:4860::1]:80": {"[2001:4860::1]:80"},
	} {
		sender := newSender(t, Options{Production: PolicyAny, OwnAddresses: []netip.AddrPort{netip.MustParseAddrPort(listen)}})
		guard := sender.production.guard
		for _, way := range ways {
			target := netip.MustParseAddrPort(way)
			if guard.permits(target) {
				t.Errorf("listening on %s, we may send to %s", listen, way)
			}
			if other := netip.AddrPortFrom(target.Addr(), 9999); !guard.permits(other) {
				t.Errorf("listening on %s, we may not send to %s", listen, other)
			}
		}
	}
}
