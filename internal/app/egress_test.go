package app

import (
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/egress"
)

// Invariant: every setting about where requests may go reaches what sends them,
// and none is forgotten when one is added.
func TestEgressSettingsArePassedOn(t *testing.T) {
	t.Parallel()
	proxy := &url.URL{Scheme: "socks5", Host: "proxy.example:1080"}
	c := config.Config{
		Environment: posthorn.Production, Egress: config.EgressPrivate, EgressAllow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
		EgressPorts: [][2]uint16{{443, 443}}, EgressStrict: true, EgressProxy: proxy, EgressProxyCredentials: "sender:password",
	}
	settings := reflect.ValueOf(c)
	for i := range settings.NumField() {
		if name := settings.Type().Field(i).Name; strings.HasPrefix(name, "Egress") && settings.Field(i).IsZero() {
			t.Errorf("this test leaves out %s", name)
		}
	}
	want := egress.Options{
		Production: egress.PolicyPrivate, Development: egress.PolicyPrivate, Allow: c.EgressAllow, Ports: c.EgressPorts, Strict: true,
		Proxy: proxy, ProxyCredentials: "sender:password",
	}
	if difference := cmp.Diff(want, egressOptions(c), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); difference != "" {
		t.Error(difference)
	}
	sender, err := egress.New(egressOptions(c))
	if err != nil {
		t.Fatal(err)
	}
	shown := posthorn.Egress{
		Production: "private", Development: "private", Allow: []string{"10.1.0.0/16"}, Ports: []string{"443"}, Strict: true, Proxy: "socks5://proxy.example:1080",
	}
	if difference := cmp.Diff(shown, sender.Settings()); difference != "" {
		t.Error(difference)
	}
	c.Environment = posthorn.Development
	if got := egressOptions(c); got.Production != "" || got.Development != egress.PolicyPrivate {
		t.Errorf("on a server for development production has %q, development %q", got.Production, got.Development)
	}
}
