package egress

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

type addressedConn struct {
	net.Conn
	local, remote string
	closed        bool
}

func (c *addressedConn) LocalAddr() net.Addr  { return tcpAddress(c.local) }
func (c *addressedConn) RemoteAddr() net.Addr { return tcpAddress(c.remote) }
func (c *addressedConn) Close() error         { c.closed = true; return nil }

func tcpAddress(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }

// Invariant: a connection from this machine to itself at our port is closed
// before anything is sent, even on an address that it didn't have at the start.
func TestLoopOverANewAddressIsClosed(t *testing.T) {
	t.Parallel()
	everywhere, one := netip.MustParseAddrPort("[::]:8080"), netip.MustParseAddrPort("10.0.0.1:8080")
	for name, test := range map[string]struct {
		own           netip.AddrPort
		local, remote string
		loop          bool
	}{
		"ourselves":           {everywhere, "10.0.0.7:50000", "10.0.0.7:8080", true},
		"ourselves over IPv6": {everywhere, "[fd00::7]:50000", "[fd00::7]:8080", true},
		"another machine":     {everywhere, "10.0.0.7:50000", "10.0.0.8:8080", false},
		"another port":        {everywhere, "10.0.0.7:50000", "10.0.0.7:8081", false},
		"we listen elsewhere": {one, "10.0.0.7:50000", "10.0.0.7:8080", false},
	} {
		guard := &guard{own: []netip.AddrPort{test.own}}
		conn := &addressedConn{local: test.local, remote: test.remote}
		if err := guard.refuseLoop(conn); errors.Is(err, errForbidden) != test.loop || conn.closed != test.loop {
			t.Errorf("%s: %v, closed = %v", name, err, conn.closed)
		}
	}
}

// Invariant: the way to a receiver looks for loops.
func TestDialLooksForLoops(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", net.JoinHostPort(outerAddress(t), "0"))
	if err != nil {
		t.Skipf("can't listen on this machine's address: %v", err)
	}
	defer listener.Close()
	target := netip.MustParseAddrPort(listener.Addr().String())
	own := []netip.AddrPort{netip.AddrPortFrom(netip.IPv4Unspecified(), target.Port())}
	for name, test := range map[string]struct {
		own []netip.AddrPort
		bad bool
	}{"ours": {own, true}, "another's": {nil, false}} {
		dial := newDial(&guard{policy: PolicyAny, own: test.own, tables: newAddressTables()}, Options{}, nil)
		conn, err := dial(t.Context(), "tcp", target.String())
		if errors.Is(err, errForbidden) != test.bad {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

// outerAddress is an address of this machine that isn't loopback.
func outerAddress(t *testing.T) string {
	t.Helper()
	networks, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network.String())
		if err == nil && prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			return prefix.Addr().String()
		}
	}
	t.Skip("this machine has only loopback addresses")
	return ""
}
