package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: whatever URL is accepted, what is dialled is the host and port that
// it reads as, and an address only if the policy permits it.
func FuzzAcceptedURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/hooks", "https://EXAMPLE.com.:8443/a?b=c", "https://1.1.1.1/", "https://[2606:4700::1]:443/", "https://[::ffff:1.1.1.1]/", "https://127.0.0.1/",
		"https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://[::1]/", "https://[fe80::1%25lo]/", "https://a@b/", "https://a%2eb/", "https://a\\@b/",
		"https://example.com:0443/", "https://example.com#@127.0.0.1/", "https://%31%32%37.0.0.1/", "https://127。0。0。1/", "https://ⅰ.com/", "https:///x", "https://[64:ff9b::7f00:1]/", "https://0.0o17/",
	} {
		f.Add(seed)
	}
	sender := newSender(f, Options{})
	sender.production.dial = recordDial
	f.Fuzz(func(t *testing.T, raw string) {
		if sender.CheckURL(raw, posthorn.Production) != nil {
			return
		}
		target, err := url.Parse(raw)
		if err != nil {
			t.Fatalf("%q was accepted: %v", raw, err)
		}
		var dialled []string
		ctx := context.WithValue(t.Context(), dialledKey{}, &dialled)
		request := requestTo(raw)
		request.EnvironmentKind = posthorn.Production
		outcome := sender.Send(ctx, request)
		if len(dialled) != 1 {
			t.Fatalf("%q dials %q: %+v", raw, dialled, outcome)
		}
		host, port, err := net.SplitHostPort(dialled[0])
		if err != nil || !strings.EqualFold(host, target.Hostname()) {
			t.Fatalf("%q dials %q, reads as %q", raw, dialled[0], target.Hostname())
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || uint16(number) != portOf(target) || !sender.production.guard.ports.permits(uint16(number)) {
			t.Fatalf("%q dials the port %q, reads as %d", raw, port, portOf(target))
		}
		if address, err := netip.ParseAddr(host); err == nil {
			if !sender.production.guard.permits(netip.AddrPortFrom(address, uint16(number))) {
				t.Fatalf("%q dials %s", raw, address)
			}
			return
		}
		if net.ParseIP(host) != nil || isLenientAddress(host) {
			t.Fatalf("%q dials %q, which may be read as an address", raw, host)
		}
	})
}

// isLenientAddress reads as inet_aton does: one to four numbers, which may be
// octal or hexadecimal; what else Go writes numbers as is a name.
func isLenientAddress(host string) bool {
	parts := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	for _, part := range parts {
		isOfGo := strings.Contains(part, "_") || strings.HasPrefix(part, "0b") || strings.HasPrefix(part, "0o")
		if _, err := strconv.ParseUint(part, 0, 64); err != nil || isOfGo {
			return false
		}
	}
	return len(parts) <= 4
}

type dialledKey struct{}

func recordDial(ctx context.Context, _, address string) (net.Conn, error) {
	dialled := ctx.Value(dialledKey{}).(*[]string)
	*dialled = append(*dialled, address)
	return nil, errors.New("no network here")
}
