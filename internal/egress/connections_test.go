package egress

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// countedConn is open until it is closed, and looks like one on which nothing has
// come.
type countedConn struct {
	net.Conn
	quiet  syscall.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return nil
}

func (c *countedConn) SyscallConn() (syscall.RawConn, error) { return c.quiet.SyscallConn() }

// connectionsWorld makes connections without a network; quiet stands for all.
type connectionsWorld struct {
	*connections
	quiet syscall.Conn
	open  atomic.Int64
}

func newConnectionsWorld(t *testing.T, o Options) *connectionsWorld {
	t.Helper()
	silent := newRawReceiver(t, swallow)
	quiet, err := net.Dial("tcp", silent[len("http://"):len(silent)-1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = quiet.Close() })
	o.Now = time.Now
	return &connectionsWorld{connections: newConnections(o.withDefaults()), quiet: quiet.(syscall.Conn)}
}

// get acquires a connection, a new one if there is none, and reports which.
func (w *connectionsWorld) get(ctx context.Context, key string) (conn *directConn, isNew bool, err error) {
	conn, err = w.acquire(ctx, key, false)
	if conn != nil || err != nil {
		return conn, false, err
	}
	w.open.Add(1)
	return &directConn{Conn: &countedConn{quiet: w.quiet, open: &w.open}, key: key}, true, nil
}

func (w *connectionsWorld) wantNothing(t *testing.T) {
	t.Helper()
	w.closeAll()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open.Load() != 0 || w.idle != 0 || len(w.hosts) != 0 || w.sweep != nil {
		t.Errorf("%d connections are open, %d count as idle, %d hosts are remembered, planned %v", w.open.Load(), w.idle, len(w.hosts), w.sweep != nil)
	}
}

// Invariants: a host never has more connections than it may, whoever waits for one
// gets one or gives up, nobody waits while one is free, and when all is over
// nothing is remembered.
func TestConnectionsUnderPressure(t *testing.T) {
	t.Parallel()
	w := newConnectionsWorld(t, Options{MaxConnectionsPerHost: 3, MaxIdlePerHost: 2, MaxIdle: 3})
	synctest.Test(t, func(t *testing.T) {
		var served, gaveUp atomic.Int64
		var all sync.WaitGroup
		var inUse [2]atomic.Int64
		for n := range 60 {
			all.Go(func() {
				dice := rand.New(rand.NewPCG(1, uint64(n)))
				some := func(most time.Duration) time.Duration { return time.Duration(dice.Int64N(int64(most))) }
				for range 50 {
					host := dice.IntN(len(inUse))
					ctx, cancel := context.WithTimeout(t.Context(), some(40*time.Millisecond))
					conn, _, err := w.get(ctx, []string{"one", "two"}[host])
					cancel()
					if err != nil {
						gaveUp.Add(1)
						continue
					}
					if using := inUse[host].Add(1); using > 3 {
						t.Errorf("%d connections are in use", using)
					}
					pass(some(10 * time.Millisecond))
					inUse[host].Add(-1)
					served.Add(1)
					if dice.IntN(3) == 0 {
						w.close(conn)
					} else {
						w.keep(conn)
					}
					if open := w.open.Load(); open > 6 {
						t.Errorf("%d connections are open", open)
					}
					pass(some(5 * time.Millisecond))
				}
			})
		}
		all.Wait()
		if served.Load() < 100 || gaveUp.Load() < 100 {
			t.Errorf("%d were served, %d gave up: the test shows little", served.Load(), gaveUp.Load())
		}
		w.wantNothing(t)
	})
}

// Invariant: a turn that came to somebody who gives up at that moment goes to the
// next one; and giving up is nothing to fail at when the host has no connection
// any more.
func TestGivingUpATurn(t *testing.T) {
	t.Parallel()
	w := newConnectionsWorld(t, Options{MaxConnectionsPerHost: 1})
	conn, _, err := w.get(t.Context(), "host")
	if err != nil {
		t.Fatal(err)
	}
	_, first := w.next("host", false)
	_, second := w.next("host", false)
	w.close(conn)
	if len(first) != 1 || len(second) != 0 {
		t.Fatalf("turns: %d for the first, %d for the second; want 1 and 0", len(first), len(second))
	}
	w.giveUp("host", first)
	if len(second) != 1 {
		t.Fatal("the turn got lost")
	}
	w.giveUp("host", second)
	w.wantNothing(t)

	conn, _, err = w.get(t.Context(), "host")
	if err != nil {
		t.Fatal(err)
	}
	_, only := w.next("host", false)
	w.close(conn)
	w.giveUp("host", only)
	w.wantNothing(t)

	ended, cancel := context.WithCancel(t.Context())
	conn, _, err = w.get(t.Context(), "host")
	cancel()
	if _, _, late := w.get(ended, "host"); err != nil || !errors.Is(late, context.Canceled) {
		t.Errorf("waiting with an ended context: %v", late)
	}
	w.close(conn)
	w.wantNothing(t)
}

// Invariants: the youngest connection is used again, one that was idle for a minute
// never is, and those that nobody wants are closed soon after a minute.
func TestIdleConnectionsEndAfterAMinute(t *testing.T) {
	t.Parallel()
	w := newConnectionsWorld(t, Options{})
	synctest.Test(t, func(t *testing.T) {
		get := func(key string, wantsNew bool) *directConn {
			conn, isNew, err := w.get(t.Context(), key)
			if err != nil || isNew != wantsNew {
				t.Fatalf("%s: new is %v, %v", key, isNew, err)
			}
			return conn
		}
		older, younger := get("a", true), get("a", true)
		w.keep(older)
		pass(30 * time.Second)
		w.keep(younger)
		if again := get("a", false); again != younger {
			t.Error("the older one was used")
		}
		w.keep(younger)
		pass(idleTimeout - 31*time.Second)
		if w.open.Load() != 2 {
			t.Fatalf("%d are open before the minute is over, want 2", w.open.Load())
		}
		pass(2 * time.Second)
		synctest.Wait()
		if w.open.Load() != 1 {
			t.Errorf("%d are open, want the younger one alone", w.open.Load())
		}
		pass(idleTimeout)
		synctest.Wait()
		if w.open.Load() != 0 {
			t.Errorf("%d are open long after", w.open.Load())
		}
		w.wantNothing(t)

		// One whose time is over between two looks isn't used either.
		first := get("a", true)
		w.keep(first)
		pass(idleTimeout - time.Second)
		second := get("b", true)
		w.keep(second)
		pass(2 * time.Second)
		synctest.Wait() // the first is closed, and the next look is planned
		pass(idleTimeout - 2*time.Second + idleTimeout/100)
		w.keep(get("b", true))
		w.wantNothing(t)
	})
}

// Invariant: no more are kept than may be, for a host and together.
func TestIdleConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	w := newConnectionsWorld(t, Options{MaxIdlePerHost: 2, MaxIdle: 3})
	synctest.Test(t, func(t *testing.T) {
		for _, step := range []struct {
			key  string
			want int64
		}{{"a", 2}, {"b", 3}, {"c", 3}} {
			var conns []*directConn
			for range 4 {
				conn, err := w.acquire(t.Context(), step.key, true)
				if err != nil || conn != nil {
					t.Fatalf("no fresh one: %v, %v", conn, err)
				}
				w.open.Add(1)
				conns = append(conns, &directConn{Conn: &countedConn{quiet: w.quiet, open: &w.open}, key: step.key})
			}
			for _, conn := range conns {
				w.keep(conn)
			}
			if w.open.Load() != step.want {
				t.Errorf("after %s: %d are kept, want %d", step.key, w.open.Load(), step.want)
			}
		}
		w.wantNothing(t)
	})
}

// Invariant: hosts that keep many connections give way to one that keeps few, the oldest
// first; nobody keeps more than all may together.
func TestBusyHostsLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	w := newConnectionsWorld(t, Options{MaxConnectionsPerHost: 9, MaxIdlePerHost: 9, MaxIdle: 6})
	take := func(host string, count int) []*directConn {
		var taken []*directConn
		for range count {
			conn, isNew, err := w.get(t.Context(), host)
			if err != nil || !isNew {
				t.Fatalf("new: %v, %v", isNew, err)
			}
			taken = append(taken, conn)
		}
		return taken
	}
	busy, quiet := take("busy", 6), take("quiet", 4)
	for _, conn := range append(busy, quiet...) {
		w.keep(conn)
	}
	wantIdle := func(host string, want ...*directConn) {
		t.Helper()
		if got := w.hosts[host].idle; !slices.Equal(got, want) {
			t.Errorf("%s keeps %d connections, want %d", host, len(got), len(want))
		}
	}
	wantIdle("busy", busy[3:]...)
	wantIdle("quiet", quiet[:3]...)
	if w.idle != 6 || w.open.Load() != 6 {
		t.Errorf("%d count as idle, %d are open, want 6", w.idle, w.open.Load())
	}
	w.wantNothing(t)
}
