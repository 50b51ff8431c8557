package egress

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// Invariant: the strict guard refuses a name as soon as one of its addresses is
// forbidden, wherever it stands; a name without such an address is tried to the
// end.
func TestStrictNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addresses []string
		want      posthorn.Reason
	}{
		"forbidden first": {[]string{"127.0.0.2", "127.0.0.1"}, posthorn.ReasonAddressForbidden},
		"forbidden last":  {[]string{"127.0.0.1", "127.0.0.2"}, posthorn.ReasonAddressForbidden},
		"metadata":        {[]string{"127.0.0.1", "169.254.169.254"}, posthorn.ReasonAddressForbidden},
		"first one dead":  {[]string{"127.0.0.3", "127.0.0.1"}, posthorn.ReasonSuccess},
		"all dead":        {[]string{"127.0.0.3"}, posthorn.ReasonConnectionRefused},
		"one":             {[]string{"127.0.0.1"}, posthorn.ReasonSuccess},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, forbiddenReached := listenOn(t, func(http.ResponseWriter, *http.Request) {})
			names := &nameServer{answers: map[string][][]string{"hooks.test": {test.addresses}}}
			sender := newSender(t, Options{Strict: true, Resolver: names.resolver(t), Allow: prefixes("127.0.0.1/32", "127.0.0.3/32")})
			request := requestTo("http://hooks.test:" + port + "/")
			request.EnvironmentKind = posthorn.Production
			outcome := sender.Send(t.Context(), request)
			wantReason(t, outcome, test.want)
			if outcome.Timings.DNS <= 0 {
				t.Errorf("no timing of DNS: %+v", outcome.Timings)
			}
			if forbiddenReached() {
				t.Error("the forbidden address was connected to")
			}
		})
	}
}

// Invariant: failures of the name servers keep their reasons on the strict
// route.
func TestStrictNamesThatDoNotResolve(t *testing.T) {
	t.Parallel()
	request := requestTo("http://hooks.test/")
	wantReason(t, newSender(t, Options{Strict: true, Resolver: (&nameServer{}).resolver(t)}).Send(t.Context(), request), posthorn.ReasonDNSNotFound)
	failing := &nameServer{failing: true}
	wantReason(t, newSender(t, Options{Strict: true, Resolver: failing.resolver(t)}).Send(t.Context(), request), posthorn.ReasonDNSError)
}

// Invariant: the operator can see which address was refused; whoever registered
// the webhook can't.
func TestRefusedAddressesAreLogged(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		var log bytes.Buffer
		names := &nameServer{answers: map[string][][]string{"hooks.test": {{"10.9.8.7"}}}}
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		sender := newSender(t, Options{Strict: strict, Resolver: names.resolver(t), Logger: logger})
		request := requestTo("https://hooks.test/")
		request.EnvironmentKind = posthorn.Production
		outcome := sender.Send(t.Context(), request)
		wantReason(t, outcome, posthorn.ReasonAddressForbidden)
		if !strings.Contains(log.String(), "address=10.9.8.7:443") || strings.Contains(outcome.Detail, "10.") {
			t.Errorf("strict %v: logged %q, told %q", strict, log.String(), outcome.Detail)
		}
	}
}

// Invariant: a kept connection goes on to the address that was checked when it
// was made; once it is gone, the name's new address is judged anew.
func TestRebindingBehindAKeptConnection(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		port, forbiddenReached := listenOn(t, func(http.ResponseWriter, *http.Request) {})
		names := &nameServer{answers: map[string][][]string{"hooks.test": {{"127.0.0.1"}, {"127.0.0.2"}}}}
		sender := newSender(t, Options{Strict: strict, Resolver: names.resolver(t), Allow: prefixes("127.0.0.1/32")})
		request := requestTo("http://hooks.test:" + port + "/")
		request.EnvironmentKind = posthorn.Production
		for _, reused := range []bool{false, true} {
			outcome := sender.Send(t.Context(), request)
			wantReason(t, outcome, posthorn.ReasonSuccess)
			if outcome.ConnectionReused != reused {
				t.Errorf("reused = %v, want %v", outcome.ConnectionReused, reused)
			}
		}
		sender.Close()
		wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonAddressForbidden)
		if forbiddenReached() {
			t.Error("the forbidden address was connected to")
		}
	}
}

// Invariant: a broken proxy is asked once an attempt, however many addresses a
// name has.
func TestBrokenProxyIsAskedOnce(t *testing.T) {
	t.Parallel()
	names := &nameServer{answers: map[string][][]string{"hooks.test": {{"1.1.1.1", "8.8.8.8", "9.9.9.9"}}}}
	sender := newSender(t, Options{})
	dials := 0
	way := plainProxy(func(context.Context, string, string) (net.Conn, error) {
		dials++
		return nil, errors.New("no proxy here")
	})
	sender.development.dial = (&route{guard: sender.development.guard, resolver: names.resolver(t), connect: way.connect}).dial
	wantReason(t, sender.Send(t.Context(), requestTo("http://hooks.test/")), posthorn.ReasonEgressProxy)
	if dials != 1 {
		t.Errorf("%d dials, want 1", dials)
	}
}

// Invariant: an IPv4 address in IPv6 notation is dialled as what it is.
func TestMappedAddressesAreDialledAsIPv4(t *testing.T) {
	t.Parallel()
	r := &route{guard: &guard{policy: PolicyPublic, tables: newAddressTables()}}
	targets, err := r.targets(t.Context(), "[::ffff:1.1.1.1]:443")
	if err != nil || len(targets) != 1 || targets[0].String() != "1.1.1.1:443" {
		t.Errorf("%v, %v", targets, err)
	}
}
