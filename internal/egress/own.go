package egress

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// isOwn reports whether target is where this program listens. A connection to
// the unspecified address ends on this machine, and a listener on it hears every
// loopback address.
func (g *guard) isOwn(target netip.AddrPort) bool {
	address := target.Addr().Unmap()
	return slices.ContainsFunc(g.own, func(own netip.AddrPort) bool {
		if own.Port() != target.Port() {
			return false
		}
		return own.Addr() == address || address.IsUnspecified() || own.Addr().IsUnspecified() && address.IsLoopback()
	})
}

// refuseLoop closes a connection that ends where it begins, at a port of ours:
// it leads to an address that this machine has got since the start.
func (g *guard) refuseLoop(conn net.Conn) error {
	local, _ := conn.LocalAddr().(*net.TCPAddr)
	remote, _ := conn.RemoteAddr().(*net.TCPAddr)
	if local == nil || remote == nil || !local.IP.Equal(remote.IP) {
		return nil
	}
	isOurs := slices.ContainsFunc(g.own, func(own netip.AddrPort) bool {
		return own.Addr().IsUnspecified() && int(own.Port()) == remote.Port
	})
	if !isOurs {
		return nil
	}
	_ = conn.Close()
	return errForbidden
}

// spread replaces each unspecified listen address by the addresses of this
// machine.
func spread(listen []netip.AddrPort) ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	for _, own := range listen {
		list = append(list, netip.AddrPortFrom(own.Addr().Unmap(), own.Port()))
		if !own.Addr().IsUnspecified() {
			continue
		}
		local, err := net.InterfaceAddrs()
		if err != nil {
			return nil, fmt.Errorf("listing this machine's addresses: %w", err)
		}
		for _, network := range local {
			if prefix, err := netip.ParsePrefix(network.String()); err == nil {
				list = append(list, netip.AddrPortFrom(prefix.Addr().Unmap(), own.Port()))
			}
		}
	}
	return list, nil
}
