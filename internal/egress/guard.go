package egress

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errForbidden doesn't say which address was meant: whoever registers webhooks
// must not learn from it what a name means inside our network.
var errForbidden = errors.New("the egress policy forbids the address")

// guard decides which addresses and ports may be reached.
type guard struct {
	policy Policy
	allow  []netip.Prefix
	own    []netip.AddrPort
	ports  portPolicy
	tables addressTables
	// refused is told the addresses that are refused; nil for nobody.
	refused func(ctx context.Context, address string)
}

// control is net.Dialer.ControlContext: it sees the very address that is about
// to be connected to, after every resolver and cache.
func (g *guard) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !g.permits(target) {
		g.tellRefused(ctx, address)
		return errForbidden
	}
	return nil
}

func (g *guard) tellRefused(ctx context.Context, address string) {
	if g.refused != nil {
		g.refused(ctx, address)
	}
}

func (g *guard) permits(target netip.AddrPort) bool {
	return !g.isOwn(target) && g.ports.permits(target.Port()) && g.permitsAddress(target.Addr())
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
