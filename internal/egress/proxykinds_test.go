package egress

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

const proxyPassword = "hunter2-swordfish"

// demanding asks for the credentials before it makes tunnels.
func (x *tunnels) demanding(conn net.Conn) {
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	request.Header["Authorization"] = request.Header["Proxy-Authorization"]
	if user, password, _ := request.BasicAuth(); user != "sender" || password != proxyPassword {
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	x.serve(&startedConn{Conn: conn, reader: io.MultiReader(strings.NewReader("CONNECT "+request.Host+" HTTP/1.1\r\nHost: "+request.Host+"\r\n\r\n"), conn)})
}

// socks makes tunnels by SOCKS5 for who knows the password, or answers with result.
func (x *tunnels) socks(result byte) func(conn net.Conn) {
	return func(conn net.Conn) {
		greeting := make([]byte, 3)
		if _, err := io.ReadFull(conn, greeting); err != nil || !bytes.Equal(greeting, []byte{5, 1, socksWithPassword}) {
			return
		}
		_, _ = conn.Write([]byte{5, socksWithPassword})
		login := make([]byte, 3+len("sender")+len(proxyPassword))
		if _, err := io.ReadFull(conn, login); err != nil || !strings.HasSuffix(string(login), proxyPassword) {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
		ask := make([]byte, 10)
		if _, err := io.ReadFull(conn, ask); err != nil || ask[3] != socksIPv4 {
			return
		}
		target := fmt.Sprintf("%d.%d.%d.%d:%d", ask[4], ask[5], ask[6], ask[7], int(ask[8])<<8|int(ask[9]))
		_, _ = conn.Write(append([]byte{5, result, 0, socksName, 3}, "abc\x00\x00"...))
		if result == 0 {
			x.serve(&startedConn{Conn: quiet{conn, new(atomic.Bool)}, reader: io.MultiReader(strings.NewReader("CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\n\r\n"), conn)})
		}
	}
}

// quiet swallows the first thing that is written: the answer to CONNECT.
type quiet struct {
	net.Conn
	wrote *atomic.Bool
}

func (q quiet) Write(p []byte) (int, error) {
	if q.wrote.CompareAndSwap(false, true) {
		return len(p), nil
	}
	return q.Conn.Write(p)
}

// Invariant: each kind of proxy is told who we are, and nobody else is: the
// credentials are in no outcome and no log.
func TestKindsOfProxies(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	certificate := &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, root, nil)}}
	for scheme, serve := range map[string]func(x *tunnels) func(net.Conn){
		"http": func(x *tunnels) func(net.Conn) { return x.demanding },
		"https": func(x *tunnels) func(net.Conn) {
			return func(conn net.Conn) { x.demanding(tls.Server(conn, certificate)) }
		},
		"socks5": func(x *tunnels) func(net.Conn) { return x.socks(0) },
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			way := &tunnels{}
			var log bytes.Buffer
			address := proxyServing(t, serve(way))
			address.Scheme = scheme
			receiver := newTLSReceiver(t, &tls.Config{Certificates: certificate.Certificates}, func(_ http.ResponseWriter, r *http.Request) {
				if len(r.Header["Proxy-Authorization"]) > 0 {
					t.Error("the receiver was told the credentials")
				}
			})
			options := Options{Proxy: address, RootCAs: root.pool(), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
			for credentials, want := range map[string]posthorn.Reason{"sender:" + proxyPassword: posthorn.ReasonSuccess, "sender:" + proxyPassword + "-no": posthorn.ReasonEgressProxy, "": posthorn.ReasonEgressProxy} {
				options.ProxyCredentials = ProxyCredentials(credentials)
				sender := newSender(t, options)
				outcome := sender.Send(t.Context(), requestTo(receiver.URL))
				wantReason(t, outcome, want)
				if text := fmt.Sprintf("%+v %+v %+v %#v %s", outcome, sender.Settings(), options, options, log.String()); strings.Contains(text, proxyPassword) {
					t.Errorf("the password is shown: %s", text)
				}
			}
			if asked := way.asked(); len(asked) != 1 || asked[0] != receiver.Listener.Addr().String() {
				t.Errorf("the proxy was asked for %q", asked)
			}
		})
	}
}

// Invariant: what a SOCKS5 proxy says of the receiver is told apart from what is
// wrong with itself.
func TestFailuresOfSOCKS(t *testing.T) {
	t.Parallel()
	for result, want := range map[byte]posthorn.Reason{
		1: posthorn.ReasonEgressProxy, 2: posthorn.ReasonEgressProxy, 3: posthorn.ReasonUnreachable, 4: posthorn.ReasonUnreachable,
		5: posthorn.ReasonUnreachable, 6: posthorn.ReasonConnectTimeout, 7: posthorn.ReasonEgressProxy, 200: posthorn.ReasonEgressProxy,
	} {
		address := proxyServing(t, (&tunnels{}).socks(result))
		address.Scheme = "socks5"
		sender := newSender(t, Options{Proxy: address, ProxyCredentials: "sender:" + proxyPassword})
		if outcome := sender.Send(t.Context(), requestTo("http://127.0.0.1:9/")); outcome.Reason != want {
			t.Errorf("%d: %+v, want %s", result, outcome, want)
		}
	}
	for _, words := range []string{"", "\x05", "\x04\x00", "\x05\xff", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x05\x00\x05\x00\x00\x09"} {
		address := proxyServing(t, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 3))
			_, _ = io.WriteString(conn, words)
		})
		address.Scheme = "socks5"
		wantReason(t, newSender(t, Options{Proxy: address}).Send(t.Context(), requestTo("http://127.0.0.1:9/")), posthorn.ReasonEgressProxy)
	}
}

// Invariant: the operator is told once that the proxy fails and once that it
// works again, and a proxy that comes and goes doesn't fill the log.
func TestOutageOfTheProxyIsTold(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Unix(1_800_000_000, 0)
	health := &proxyHealth{logger: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	lines := func() int { return strings.Count(log.String(), "\n") }
	for step, test := range []struct {
		isBroken bool
		after    time.Duration
		lines    int
	}{{false, 0, 0}, {true, time.Second, 1}, {true, time.Second, 1}, {false, time.Second, 2}, {false, 0, 2}, {true, time.Second, 2}, {false, 0, 2}, {true, time.Hour, 3}} {
		now = now.Add(test.after)
		health.note(t.Context(), test.isBroken)
		if lines() != test.lines || health.failingSince().IsZero() == test.isBroken {
			t.Errorf("step %d: %d lines, want %d:\n%s", step, lines(), test.lines, log.String())
		}
	}
	sender := newSender(t, Options{Proxy: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	wantReason(t, sender.Send(t.Context(), requestTo("http://127.0.0.1:9/")), posthorn.ReasonEgressProxy)
	if lines() != 4 || sender.Settings().ProxyFailingSince.IsZero() {
		t.Errorf("an outage is not told:\n%s", log.String())
	}
}
