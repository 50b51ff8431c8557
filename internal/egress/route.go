package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// dialFunc is what net.Dialer.DialContext is.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newDial returns the way to a receiver: straight, or by an address that was
// looked up and checked before anybody else hears of it.
func newDial(g *guard, o Options) dialFunc {
	dialer := &net.Dialer{Resolver: o.Resolver, ControlContext: g.control}
	direct := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := g.refuseLoop(conn); err != nil {
			return nil, err
		}
		return conn, nil
	}
	resolver := o.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	r := &route{guard: g, resolver: resolver, strict: o.Strict, connect: direct}
	switch {
	case o.Proxy != "":
		way := &proxy{address: o.Proxy, dial: (&net.Dialer{Resolver: o.Resolver}).DialContext}
		r.connect = way.connect
		return r.dial
	case o.Strict:
		return r.dial
	default:
		return direct
	}
}

// route looks a name up once, checks all its addresses, and connects to those
// very addresses, one after another.
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
	var first error
	for i, target := range targets {
		conn, err := r.try(ctx, network, target, len(targets)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		var failed *proxyError
		if ctx.Err() != nil || errors.As(err, &failed) {
			break
		}
	}
	return nil, first
}

// try leaves each of the addresses that are left its share of the time.
func (r *route) try(ctx context.Context, network string, target netip.AddrPort, left int) (net.Conn, error) {
	if deadline, bounded := ctx.Deadline(); bounded && left > 1 {
		share, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
		ctx = share
	}
	return r.connect(ctx, network, target.String())
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
