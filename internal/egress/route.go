package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// dialFunc is what net.Dialer.DialContext is.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newDial returns the way to a receiver: by addresses that were looked up and
// checked before anybody else hears of them, straight or through a proxy.
func newDial(g *guard, o Options, health *proxyHealth) dialFunc {
	r := &route{guard: g, resolver: o.Resolver, strict: o.Strict}
	if r.resolver == nil {
		// The system's own resolver would block one thread for each silent name
		// server, and has a bound on them that all webhooks would share.
		r.resolver = &net.Resolver{PreferGo: true}
	}
	if o.Proxy != nil {
		r.connect = newProxy(o, health).connect
		return r.dial
	}
	dialer := &net.Dialer{ControlContext: g.control}
	r.connect = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := g.refuseLoop(conn); err != nil {
			return nil, err
		}
		return conn, nil
	}
	return r.dial
}

// route looks a name up once, checks all its addresses, and connects to those
// very addresses.
type route struct {
	guard    *guard
	resolver *net.Resolver
	strict   bool
	connect  dialFunc
}

func (r *route) dial(ctx context.Context, network, address string) (net.Conn, error) {
	targets, err := r.targets(ctx, address)
	if err != nil {
		return nil, err
	}
	if len(targets) == 1 {
		return r.connect(ctx, network, targets[0].String())
	}
	return r.race(ctx, network, inTurn(targets))
}

// targets are the permitted addresses of a name; one that isn't makes the strict
// route refuse the name.
func (r *route) targets(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address: %w", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("reading the port: %w", err)
	}
	found, err := r.lookUp(ctx, host)
	if err != nil {
		return nil, err
	}
	var targets []netip.AddrPort
	for _, one := range found {
		target := netip.AddrPortFrom(one.Unmap(), uint16(port))
		if r.guard.permits(target) {
			targets = append(targets, target)
			continue
		}
		r.guard.tellRefused(ctx, target.String())
		if r.strict {
			return nil, errForbidden
		}
	}
	if len(targets) == 0 {
		return nil, errForbidden
	}
	return targets, nil
}

func (r *route) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, nil
	}
	found, err := r.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("looking the host up: %w", err)
	}
	return found, nil
}
