package egress

import (
	"bufio"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// tunnels is a proxy that makes them and remembers where to.
type tunnels struct {
	mu sync.Mutex
	to []string
}

func (x *tunnels) serve(conn net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	x.mu.Lock()
	x.to = append(x.to, request.Host)
	x.mu.Unlock()
	onward, err := net.Dial("tcp", request.Host)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer onward.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(conn, onward)
		_ = conn.Close()
	})
	_, _ = io.Copy(onward, conn)
	_ = onward.Close()
	back.Wait()
}

func (x *tunnels) asked() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string{}, x.to...)
}

func proxyServing(t testing.TB, serve func(conn net.Conn)) *url.URL {
	t.Helper()
	return proxyAt(t, strings.Trim(newRawReceiver(t, serve), "/"))
}

func proxyAt(t testing.TB, text string) *url.URL {
	t.Helper()
	target, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// Invariant: with a proxy the names are looked up here, the proxy is told
// permitted addresses alone, and TLS is with the receiver.
func TestProxyIsToldAddressesOnly(t *testing.T) {
	t.Parallel()
	way := &tunnels{}
	plain := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(secure.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	names := &nameServer{answers: map[string][][]string{"example.com": {{"127.0.0.2", "127.0.0.1"}}}}
	sender := newSender(t, Options{Proxy: proxyServing(t, way.serve), Resolver: names.resolver(t), RootCAs: trusted, Allow: prefixes("127.0.0.1/32")})
	var want []string
	for scheme, server := range map[string]*httptest.Server{"http": plain, "https": secure} {
		address := server.Listener.Addr().String()
		_, port, _ := net.SplitHostPort(address)
		request := requestTo(scheme + "://example.com:" + port + "/")
		request.EnvironmentKind = posthorn.Production
		for _, reused := range []bool{false, true} {
			outcome := sender.Send(t.Context(), request)
			wantReason(t, outcome, posthorn.ReasonSuccess)
			if outcome.ConnectionReused != reused {
				t.Errorf("%s: reused = %v, want %v", scheme, outcome.ConnectionReused, reused)
			}
		}
		want = append(want, address)
	}
	if got := way.asked(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the proxy was told %q, want %q", got, want)
	}
}

// Invariant: no proxy is a way around the guard.
func TestGuardHoldsBeforeTheProxy(t *testing.T) {
	t.Parallel()
	way := &tunnels{}
	names := &nameServer{answers: map[string][][]string{"inner.test": {{"10.0.0.1"}}}}
	sender := newSender(t, Options{Proxy: proxyServing(t, way.serve), Resolver: names.resolver(t)})
	for _, url := range []string{"https://inner.test/", "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "https://1.1.1.1:25/"} {
		request := requestTo(url)
		request.EnvironmentKind = posthorn.Production
		wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonAddressForbidden)
	}
	if asked := way.asked(); len(asked) > 0 {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

// Invariant: what is wrong with the proxy is told apart from what is wrong with
// the receiver, and only the latter counts.
func TestFailuresOfTheProxy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  string
		reason  posthorn.Reason
		charged bool
	}{
		"forbidden by it":      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", posthorn.ReasonEgressProxy, false},
		"wants a password":     {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", posthorn.ReasonEgressProxy, false},
		"broken":               {"HTTP/1.1 500 Oops\r\n\r\n", posthorn.ReasonEgressProxy, false},
		"redirects":            {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", posthorn.ReasonEgressProxy, false},
		"not HTTP":             {"SSH-2.0-OpenSSH\r\n", posthorn.ReasonEgressProxy, false},
		"silent":               {"", posthorn.ReasonEgressProxy, false},
		"endless headers":      {"HTTP/1.1 200 OK\r\nX: " + flooding(maxResponseHeaderBytes), posthorn.ReasonEgressProxy, false},
		"receiver unreachable": {"HTTP/1.1 502 Bad Gateway\r\n\r\n", posthorn.ReasonUnreachable, true},
		"receiver refused":     {"HTTP/1.1 503 Service Unavailable\r\n\r\n", posthorn.ReasonUnreachable, true},
		"receiver slow":        {"HTTP/1.1 504 Gateway Timeout\r\n\r\n", posthorn.ReasonConnectTimeout, true},
	} {
		sender := newSender(t, Options{Proxy: proxyServing(t, answering(test.answer))})
		outcome := sender.Send(t.Context(), requestTo("http://127.0.0.1:9/"))
		if outcome.Reason != test.reason || outcome.ChargedToReceiver() != test.charged || strings.Contains(outcome.Detail, "127.") {
			t.Errorf("%s: %q (%s), want %q", name, outcome.Reason, outcome.Detail, test.reason)
		}
	}
	names := &nameServer{}
	for name, address := range map[string]string{"nothing listens": "http://127.0.0.1:1", "unknown": "http://proxy.test:3128"} {
		sender := newSender(t, Options{Proxy: proxyAt(t, address), Resolver: names.resolver(t)})
		outcome := sender.Send(t.Context(), requestTo("https://127.0.0.1:9/"))
		if outcome.Reason != posthorn.ReasonEgressProxy || outcome.ChargedToReceiver() {
			t.Errorf("%s: %+v", name, outcome)
		}
	}
}

func plainProxy(dial dialFunc) *proxy {
	way := newProxy(Options{Proxy: &url.URL{Scheme: "http", Host: "proxy.test:3128"}}, nil)
	way.dial = dial
	return way
}

// Invariant: a proxy that doesn't take connections isn't the receiver's fault,
// whichever time runs out first; one that takes them and stays silent is trying
// to reach the receiver.
func TestSlowProxies(t *testing.T) {
	t.Parallel()
	hanging := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	silent := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go swallow(theirs)
		return ours, nil
	}
	for name, test := range map[string]struct {
		dial dialFunc
		want posthorn.Reason
	}{"hanging": {hanging, posthorn.ReasonEgressProxy}, "silent": {silent, posthorn.ReasonConnectTimeout}} {
		for timeoutName, timeout := range map[string]time.Duration{"the attempt's": posthorn.MinTimeout, "the connection's": 2 * DefaultConnectTimeout} {
			t.Run(name+", "+timeoutName, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					sender := newSender(t, Options{})
					way := plainProxy(test.dial)
					sender.development.dial = (&route{guard: sender.development.guard, connect: way.connect}).dial
					request := requestTo("http://1.1.1.1/")
					request.Timeout = timeout
					wantReason(t, sender.Send(t.Context(), request), test.want)
				})
			})
		}
	}
}

// Invariant: our own shortage stays that on the way to the proxy.
func TestOwnShortageBeforeTheProxy(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	way := plainProxy(func(context.Context, string, string) (net.Conn, error) {
		return nil, os.NewSyscallError("socket", syscall.EMFILE)
	})
	sender.development.dial = (&route{guard: sender.development.guard, connect: way.connect}).dial
	wantReason(t, sender.Send(t.Context(), requestTo("http://1.1.1.1/")), posthorn.ReasonLocalResource)
}

// Invariant: what the receiver says so early that it comes together with the
// proxy's answer is not lost, nor taken for the proxy's.
func TestEarlyWordsOfTheReceiver(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	var serving sync.WaitGroup
	serving.Go(func() {
		defer theirs.Close()
		_, _ = http.ReadRequest(bufio.NewReader(theirs))
		_, _ = io.WriteString(theirs, "HTTP/1.1 200 OK\r\n\r\nearly ")
		_, _ = io.WriteString(theirs, "and late")
	})
	tunnel, err := openTunnel(ours, "1.1.1.1:443", "")
	if err != nil {
		t.Fatal(err)
	}
	if heard, err := io.ReadAll(tunnel); err != nil || string(heard) != "early and late" {
		t.Errorf("heard %q, %v", heard, err)
	}
	serving.Wait()
}
