package egress

import (
	"bufio"
	"context"
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

// proxy makes tunnels with CONNECT (RFC 9110, section 9.3.6). It is told
// addresses only, so that there is no name for it to look up differently.
type proxy struct {
	address string
	dial    dialFunc
}

func (x *proxy) connect(ctx context.Context, network, target string) (net.Conn, error) {
	progress := ctx.Value(progressKey{}).(*progress)
	progress.reach(phaseProxy)
	conn, err := x.dial(ctx, network, x.address)
	if err != nil {
		return nil, &proxyError{fmt.Errorf("connecting: %w", err)}
	}
	progress.reach(phaseConnecting)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	tunnel, err := openTunnel(conn, target)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// openTunnel asks for a tunnel. While the proxy is silent it is trying to reach
// the receiver, so that running out of time here is the receiver's.
func openTunnel(conn net.Conn, target string) (net.Conn, error) {
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target); err != nil {
		return nil, &proxyError{fmt.Errorf("asking for a tunnel: %w", err)}
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxResponseHeaderBytes))
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return nil, fmt.Errorf("waiting for the tunnel: %w", err)
		}
		return nil, &proxyError{fmt.Errorf("reading its answer: %w", err)}
	}
	_ = response.Body.Close()
	if err := judgeTunnel(response.StatusCode); err != nil {
		return nil, err
	}
	return withStart(conn, reader), nil
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
