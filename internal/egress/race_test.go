package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// addressBook says for each address how it takes connections: after a time, or never.
type addressBook map[string]time.Duration

const (
	never   = time.Duration(-1)
	refuses = time.Duration(-2)
)

func (b addressBook) connect(ctx context.Context, _, address string) (net.Conn, error) {
	switch after := b[address]; after {
	case refuses:
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	case never:
		<-ctx.Done()
		return nil, ctx.Err()
	default:
		select {
		case <-time.After(after):
			ours, theirs := net.Pipe()
			_ = theirs.Close()
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Invariant: dead addresses of a name, or a whole dead family, cost little: the
// next one is tried soon, within the time for connecting, and what isn't needed
// is given up.
func TestDeadAddressesCostLittle(t *testing.T) {
	t.Parallel()
	var twenty []string
	manyDead, manyRefuse := addressBook{}, addressBook{}
	for i := range 20 {
		address := fmt.Sprintf("192.0.2.%d:443", i)
		twenty = append(twenty, address)
		manyDead[address], manyRefuse[address] = never, refuses
	}
	manyDead[twenty[19]], manyRefuse[twenty[19]] = time.Millisecond, 0
	for name, test := range map[string]struct {
		addresses []string
		book      addressBook
		within    time.Duration
		fails     bool
	}{
		"IPv6 dead":       {[]string{"[2001:db8::1]:443", "[2001:db8::2]:443", "192.0.2.1:443"}, addressBook{"[2001:db8::1]:443": never, "[2001:db8::2]:443": never}, nextAddressAfter, false},
		"IPv4 dead":       {[]string{"192.0.2.1:443", "192.0.2.2:443", "[2001:db8::1]:443"}, addressBook{"192.0.2.1:443": never, "192.0.2.2:443": never}, nextAddressAfter, false},
		"first dead":      {[]string{"192.0.2.1:443", "192.0.2.2:443"}, addressBook{"192.0.2.1:443": never}, nextAddressAfter, false},
		"first slow":      {[]string{"192.0.2.1:443", "192.0.2.2:443"}, addressBook{"192.0.2.1:443": time.Second, "192.0.2.2:443": never}, time.Second, false},
		"first refuses":   {[]string{"192.0.2.1:443", "192.0.2.2:443"}, addressBook{"192.0.2.1:443": refuses}, 0, false},
		"last of twenty":  {twenty, manyDead, 19*nextAddressAfter + time.Millisecond, false},
		"nineteen refuse": {twenty, manyRefuse, 0, false},
		"all dead":        {[]string{"192.0.2.1:443", "192.0.2.2:443"}, addressBook{"192.0.2.1:443": never, "192.0.2.2:443": never}, DefaultConnectTimeout, true},
		"all refuse":      {[]string{"192.0.2.1:443", "192.0.2.2:443"}, addressBook{"192.0.2.1:443": refuses, "192.0.2.2:443": refuses}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var targets []netip.AddrPort
				for _, address := range test.addresses {
					targets = append(targets, netip.MustParseAddrPort(address))
				}
				ctx, cancel := context.WithTimeout(t.Context(), DefaultConnectTimeout)
				defer cancel()
				started := time.Now()
				conn, err := (&route{connect: test.book.connect}).race(ctx, "tcp", inTurn(targets))
				if (err != nil) != test.fails || time.Since(started) > test.within {
					t.Errorf("%v after %v, want within %v", err, time.Since(started), test.within)
				}
				if conn != nil {
					_ = conn.Close()
				}
			})
		})
	}
}

// Invariant: the families take turns, and no more than the bound is tried.
func TestAddressesInTurn(t *testing.T) {
	t.Parallel()
	var targets []netip.AddrPort
	for i := range 100 {
		targets = append(targets, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 443))
	}
	targets = append(targets, netip.MustParseAddrPort("[2001:db8::1]:443"))
	got := inTurn(targets)
	if len(got) != maxAddresses || got[0] != targets[0] || got[1] != targets[100] || got[2] != targets[1] {
		t.Errorf("got %v", got)
	}
}

// Invariant: packets that are swallowed by a name's first address don't take the
// whole time for connecting; TestDeadAddressesCostLittle says how much.
func TestSwallowedPackets(t *testing.T) {
	t.Parallel()
	names := &nameServer{answers: map[string][][]string{"hooks.test": {{"1.1.1.1", "8.8.8.8"}}}}
	sender := newSender(t, Options{})
	var dials atomic.Int64
	served := make(chan struct{})
	sender.development.dial = (&route{
		guard: sender.development.guard, resolver: names.resolver(t),
		connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			ours, theirs := net.Pipe()
			go func() {
				defer close(served)
				defer theirs.Close()
				answering(answer)(theirs)
			}()
			return ours, nil
		},
	}).dial
	outcome := sender.Send(t.Context(), requestTo("http://hooks.test/"))
	wantReason(t, outcome, posthorn.ReasonSuccess)
	<-served
	if dials.Load() != 2 {
		t.Errorf("%d dials, want 2; %+v", dials.Load(), outcome.Timings)
	}
}

// Invariant: silent name servers hold up only who asks them: one question at a
// time for each name, nobody else waits, and nothing is left behind.
func TestSilentNameServersSlowNobodyElse(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var isOver atomic.Bool
	names := &nameServer{answers: map[string][][]string{"healthy.test": {{"127.0.0.1"}}}}
	working := names.resolver(t)
	receiver := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	silence := make(chan struct{}, 10_000)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if isOver.Load() {
			return nil, errors.New("no name server here any more")
		}
		if ctx.Value(silentKey{}) == nil {
			return working.Dial(ctx, network, address)
		}
		asked.Add(1)
		silence <- struct{}{}
		<-over // a shared question goes on without those who asked
		return nil, errors.New("no name server here")
	}}
	sender := newSender(t, Options{Resolver: resolver})
	ctx, stop := context.WithCancel(context.WithValue(t.Context(), silentKey{}, true))
	const hosts, attempts = 1000, 2
	ended := make(chan posthorn.Outcome, hosts*attempts)
	for i := range hosts * attempts {
		request := requestTo(fmt.Sprintf("http://silent%d.test/", i%hosts))
		request.Timeout = time.Hour // nobody gives up before the healthy one was served
		go func() { ended <- sender.Send(ctx, request) }()
	}
	for range hosts {
		<-silence
	}
	request := requestTo("http://healthy.test:" + port + "/")
	request.Timeout = posthorn.MaxTimeout
	wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonSuccess)
	if len(ended) > 0 {
		t.Errorf("%d that ask silent name servers had ended: %+v", len(ended), <-ended)
	}
	isOver.Store(true) // from now on a question may have lost its values
	stop()
	for range hosts * attempts {
		if outcome := <-ended; outcome.Reason != posthorn.ReasonInterrupted && outcome.Reason != posthorn.ReasonDNSError {
			t.Errorf("got %+v", outcome)
		}
	}
	close(over)
	const questions = 2 // for IPv4 and IPv6 addresses
	if got := asked.Load(); got > hosts*questions*3 {
		t.Errorf("%d questions for %d names", got, hosts)
	}
}

type silentKey struct{}
