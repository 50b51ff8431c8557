package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Several addresses of one name are tried as RFC 8305 (Happy Eyeballs) has it.
const (
	// nextAddressAfter is how long an address that neither answers nor refuses has
	// before the next one is tried as well.
	nextAddressAfter = 250 * time.Millisecond
	// maxAddresses is how many of a name's addresses are tried at most: a name must
	// not make this machine knock at a whole network.
	maxAddresses = 24
)

// inTurn puts the families by turns, in the order of preference within each, and
// leaves out what is too many.
func inTurn(targets []netip.AddrPort) []netip.AddrPort {
	var preferred, others, mixed []netip.AddrPort
	for _, target := range targets {
		if target.Addr().Is4() == targets[0].Addr().Is4() {
			preferred = append(preferred, target)
			continue
		}
		others = append(others, target)
	}
	for i := range max(len(preferred), len(others)) {
		if i < len(preferred) {
			mixed = append(mixed, preferred[i])
		}
		if i < len(others) {
			mixed = append(mixed, others[i])
		}
	}
	return mixed[:min(len(mixed), maxAddresses)]
}

type connected struct {
	conn net.Conn
	err  error
}

// race connects to one address after the other, each with a little start over
// the next; the first connection wins and the rest is given up. When none comes
// about the first failure counts.
func (r *route) race(ctx context.Context, network string, targets []netip.AddrPort) (net.Conn, error) {
	ctx, giveUp := context.WithCancel(ctx)
	results := make(chan connected, len(targets))
	running := 0
	defer func() {
		giveUp()
		for range running {
			if late := <-results; late.conn != nil {
				_ = late.conn.Close() // nobody needs it
			}
		}
	}()
	next := time.NewTimer(0)
	defer next.Stop()
	var failure error
	for started := 0; ; {
		select {
		case <-next.C:
			target := targets[started].String()
			go func() {
				conn, err := r.connect(ctx, network, target)
				results <- connected{conn, err}
			}()
			started++
			running++
			if started < len(targets) {
				next.Reset(nextAddressAfter)
			}
		case result := <-results:
			running--
			if result.err == nil {
				return result.conn, nil
			}
			if failure == nil {
				failure = result.err
			}
			var broken *proxyError // the next address would find it so, too
			isOver := started == len(targets) && running == 0
			if isOver || ctx.Err() != nil || errors.As(result.err, &broken) {
				return nil, failure
			}
			if started < len(targets) {
				next.Reset(0)
			}
		}
	}
}
