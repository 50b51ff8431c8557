package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// What the proxy says about the receiver, and not about itself.
var (
	errProxyUnreached = errors.New("the egress proxy could not reach the receiver")
	errProxyGaveUp    = errors.New("the egress proxy got no connection to the receiver in time")
)

// proxyError is a failure of the egress proxy: not the receiver's fault.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "egress proxy: " + e.err.Error() }

func (e *proxyError) Unwrap() error { return e.err }

// proxy makes tunnels, with CONNECT (RFC 9110, section 9.3.6) or SOCKS5. It is
// told addresses only, so that there is no name for it to look up differently.
type proxy struct {
	address string
	dial    dialFunc
	open    func(conn net.Conn, target string) (net.Conn, error)
	// tls is nil when the proxy is spoken to in plain.
	tls    *tls.Config
	health *proxyHealth
}

// newProxy makes the way through the proxy of the options.
func newProxy(o Options, health *proxyHealth) *proxy {
	user, password := o.ProxyCredentials.parts()
	x := &proxy{address: o.Proxy.Host, dial: (&net.Dialer{Resolver: o.Resolver}).DialContext, health: health}
	if o.Proxy.Scheme == "socks5" {
		x.open = func(conn net.Conn, target string) (net.Conn, error) { return openSOCKS(conn, target, user, password) }
		return x
	}
	authorization := ""
	if user != "" || password != "" {
		authorization = "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + "\r\n"
	}
	x.open = func(conn net.Conn, target string) (net.Conn, error) { return openTunnel(conn, target, authorization) }
	if o.Proxy.Scheme == "https" {
		x.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs, ServerName: o.Proxy.Hostname(), NextProtos: []string{"http/1.1"}, Time: o.Now}
	}
	return x
}

func (x *proxy) connect(ctx context.Context, network, target string) (net.Conn, error) {
	tunnel, err := x.tunnel(ctx, network, target)
	var broken *proxyError
	isOver := ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(context.Cause(ctx), errDeadline)
	if isBroken := errors.As(err, &broken); !isOver && (err == nil || isBroken) {
		x.health.note(ctx, isBroken)
	}
	return tunnel, err
}

func (x *proxy) tunnel(ctx context.Context, network, target string) (net.Conn, error) {
	progress := ctx.Value(progressKey{}).(*progress)
	progress.reach(phaseProxy)
	conn, err := x.dial(ctx, network, x.address)
	if err != nil {
		return nil, &proxyError{fmt.Errorf("connecting: %w", err)}
	}
	if x.tls != nil {
		secured := tls.Client(conn, x.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, &proxyError{fmt.Errorf("beginning TLS: %w", err)}
		}
		conn = secured
	}
	progress.reach(phaseConnecting)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	tunnel, err := x.open(conn, target)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// openTunnel asks for a tunnel; the authorization is a whole header, or empty.
// While the proxy is silent it is trying to reach the receiver, so that running
// out of time here is the receiver's.
func openTunnel(conn net.Conn, target, authorization string) (net.Conn, error) {
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, authorization); err != nil {
		return nil, &proxyError{fmt.Errorf("asking for a tunnel: %w", err)}
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxResponseHeaderBytes))
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, whileWaiting(err)
	}
	_ = response.Body.Close()
	if err := judgeTunnel(response.StatusCode); err != nil {
		return nil, err
	}
	return withStart(conn, reader), nil
}

// whileWaiting tells a proxy that is silent from one that is broken.
func whileWaiting(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("waiting for the tunnel: %w", err)
	}
	return &proxyError{fmt.Errorf("reading its answer: %w", err)}
}

func judgeTunnel(status int) error {
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable:
		return errProxyUnreached
	case status == http.StatusGatewayTimeout:
		return errProxyGaveUp
	default:
		return &proxyError{fmt.Errorf("it answered %d", status)}
	}
}

// withStart gives back what the receiver said so early that it was read together
// with the proxy's answer.
func withStart(conn net.Conn, reader *bufio.Reader) net.Conn {
	if reader.Buffered() == 0 {
		return conn
	}
	start := io.LimitReader(reader, int64(reader.Buffered()))
	return &startedConn{Conn: conn, reader: io.MultiReader(start, conn)}
}

type startedConn struct {
	net.Conn
	reader io.Reader
}

func (c *startedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
