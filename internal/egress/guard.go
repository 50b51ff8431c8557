package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// errForbidden doesn't say which address was meant: whoever registers webhooks
// must not learn from it what a name means inside our network.
var errForbidden = errors.New("the egress policy forbids the address")

// guard decides which addresses may be reached.
type guard struct {
	policy Policy
	allow  []netip.Prefix
	own    []netip.AddrPort
	tables addressTables
}

// control is net.Dialer.ControlContext: it sees the very address that is about
// to be connected to, after every resolver and cache.
func (g *guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !g.permits(target) {
		return errForbidden
	}
	return nil
}

func (g *guard) permits(target netip.AddrPort) bool {
	own := netip.AddrPortFrom(target.Addr().Unmap(), target.Port())
	return !slices.Contains(g.own, own) && g.permitsAddress(target.Addr())
}

func (g *guard) permitsAddress(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" {
		return false
	}
	address = address.Unmap()
	if metadata, found := g.metadataIn(address); found {
		return g.allowsExactly(address) || g.allowsExactly(metadata)
	}
	if contains(g.allow, address) {
		return true
	}
	switch g.policy {
	case PolicyAny:
		return true
	case PolicyPrivate:
		return contains(g.tables.private, address) || g.isPublic(address)
	default:
		return g.isPublic(address)
	}
}

func (g *guard) isPublic(address netip.Addr) bool {
	if address.Is6() && !g.tables.globalUnicast.Contains(address) {
		return false
	}
	return !contains(g.tables.special, address)
}

// metadataIn reports the metadata service that address is, or that it carries
// for a translator on the way.
func (g *guard) metadataIn(address netip.Addr) (netip.Addr, bool) {
	if slices.Contains(g.tables.metadata, address) {
		return address, true
	}
	for _, carrier := range g.tables.carriers {
		if !carrier.prefix.Contains(address) {
			continue
		}
		bytes := address.As16()
		carried := netip.AddrFrom4([4]byte(bytes[carrier.offset : carrier.offset+4]))
		return carried, slices.Contains(g.tables.metadata, carried)
	}
	return netip.Addr{}, false
}

func (g *guard) allowsExactly(address netip.Addr) bool {
	return slices.ContainsFunc(g.allow, func(prefix netip.Prefix) bool {
		return prefix.IsSingleIP() && prefix.Addr() == address
	})
}

func contains(list []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(list, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
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
