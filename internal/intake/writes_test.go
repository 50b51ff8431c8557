package intake

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// disk writes so many rows a second, of what was let through first.
type disk struct {
	*writes
	t         *testing.T
	perSecond int
	jobs      chan func()

	mu      sync.Mutex
	written map[posthorn.WorkspaceID]int
}

// note writes down what the test is to look at.
func (d *disk) note(write func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	write()
}

func newDisk(t *testing.T, perSecond int) *disk {
	const most = 100_000
	d := &disk{writes: newWrites(time.Now), t: t, perSecond: perSecond, jobs: make(chan func(), most), written: map[posthorn.WorkspaceID]int{}}
	go func() {
		for job := range d.jobs {
			job()
		}
	}()
	t.Cleanup(func() { close(d.jobs) })
	return d
}

// publish has rows of a workspace written, and returns how long that took.
func (d *disk) publish(workspace byte, rows int) (time.Duration, error) {
	began := time.Now()
	id := posthorn.WorkspaceID{workspace}
	turn, err := d.take(d.t.Context(), id, rows)
	if err != nil {
		return time.Since(began), err
	}
	defer d.end(turn)
	done := make(chan struct{})
	d.jobs <- func() {
		<-time.After(time.Duration(rows) * time.Second / time.Duration(d.perSecond))
		d.note(func() { d.written[id] += rows })
		close(done)
	}
	<-done
	return time.Since(began), nil
}

// Invariant: whoever floods is refused at once, with the time to wait, before it would
// wait for longer than the bound; what was taken isn't late, however slow the disk, and
// a neighbour waits for no more than what is with the store already.
func TestFloodIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []int{2000, 50_000} {
		synctest.Test(t, func(t *testing.T) {
			const publishers, rows, lasts = 256, 200, 30 * time.Second
			d := newDisk(t, perSecond)
			stop := time.Now().Add(lasts)
			var slowest time.Duration
			refused, taken := 0, 0
			for range publishers {
				go func() {
					for time.Now().Before(stop) {
						took, err := d.publish(1, rows)
						hasLearned := time.Until(stop) < lasts/2 // how fast the disk is
						var busy *posthorn.Error
						if err == nil {
							d.note(func() {
								if taken++; hasLearned {
									slowest = max(slowest, took)
								}
							})
							continue
						}
						if !errors.As(err, &busy) || busy.Code != posthorn.CodeBusy || busy.RetryAfter <= longestWait || took > 0 {
							t.Errorf("refused after %v with %#v", took, err)
						}
						if hasLearned {
							d.note(func() { refused++ })
						}
						<-time.After(busy.RetryAfter)
					}
				}()
			}
			<-time.After(lasts / 2)
			if took, err := d.publish(2, 2); err != nil || took > time.Duration(maxWritingRows+2)*time.Second/time.Duration(perSecond) {
				t.Errorf("the neighbour's event took %v (%v)", took, err)
			}
			<-time.After(lasts)
			synctest.Wait()
			d.mu.Lock()
			defer d.mu.Unlock()
			atStore := time.Duration(maxWritingRows) * time.Second / time.Duration(perSecond)
			if slowest > longestWait+atStore+time.Second {
				t.Errorf("what was taken of the flood took %v", slowest)
			}
			if floods := publishers*rows > perSecond*int(longestWait/time.Second)+maxWritingRows; floods != (refused > 0) || taken == 0 {
				t.Errorf("at %d rows a second %d were taken and %d refused", perSecond, taken, refused)
			}
			if got := d.written[posthorn.WorkspaceID{1}]; got != taken*rows {
				t.Errorf("%d rows were written of %d that were taken", got, taken*rows)
			}
			if len(d.lines)+len(d.waiting)+d.writing != 0 {
				t.Errorf("left: %d lines, %d waiting, %d rows", len(d.lines), len(d.waiting), d.writing)
			}
		})
	}
}

// Invariant: workspaces get as much of the disk as each other, in rows: one event isn't
// behind as many batches as there are others that flood.
func TestWritesAreSharedByRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 10_000
		d := newDisk(t, perSecond)
		ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
		defer stop()
		publish := func(workspace byte, rows, times int) {
			for range times {
				go func() {
					for ctx.Err() == nil {
						if _, err := d.publish(workspace, rows); err != nil {
							<-time.After(time.Second)
						}
					}
				}()
			}
		}
		publish(1, 500, 10)
		publish(2, 500, 10)
		publish(3, 10, 300)
		<-ctx.Done()
		<-time.After(time.Minute)
		synctest.Wait()
		d.mu.Lock()
		defer d.mu.Unlock()
		least, most := d.written[posthorn.WorkspaceID{1}], d.written[posthorn.WorkspaceID{3}]
		if float64(least) < 0.7*float64(most) || float64(most) < 0.7*float64(least) {
			t.Errorf("one with batches wrote %d rows, one with single events %d", least, most)
		}
	})
}

// Invariant: while the disk stands still, whoever comes is refused as soon as somebody
// has waited for as long as the bound, and not held up.
func TestStandstillRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWrites(time.Now)
		const rows = 2
		for range maxShareRows / rows {
			if _, err := w.take(t.Context(), posthorn.WorkspaceID{1}, rows); err != nil {
				t.Fatal(err)
			}
		}
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := w.take(ctx, posthorn.WorkspaceID{1}, rows)
			gone <- err
		}()
		<-time.After(longestWait + time.Millisecond)
		if _, err := w.take(t.Context(), posthorn.WorkspaceID{1}, rows); !errors.Is(err, posthorn.ErrBusy) {
			t.Errorf("during a standstill: %v", err)
		}
		if _, err := w.take(t.Context(), posthorn.WorkspaceID{2}, rows); err != nil {
			t.Errorf("another workspace, whose share has room: %v", err)
		}
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	})
}

// Invariant: who waits for its turn with much, beside many that wait with little, isn't
// refused for what they could have; who waits beside many with as much is.
func TestExpectedWaitCountsWhatOthersHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		others     int
		isExpected bool
	}{
		"little": {others: 1, isExpected: true},
		"much":   {others: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLines(t)
				l.fillRoom()
				l.queue(1, 1000)
				const others = 20
				for i := range others {
					l.queue(byte(10+i), c.others)
				}
				err := l.welcome(posthorn.WorkspaceID{1})
				if c.isExpected {
					if err != nil {
						t.Errorf("refused although no more than %d rows are before it: %v", 1000+others*c.others, err)
					}
					return
				}
				want := time.Duration(1000+others*c.others) * time.Second / usualRowRate
				var busy *posthorn.Error
				if !errors.As(err, &busy) || busy.RetryAfter != want {
					t.Errorf("got %v, want to be told to wait %v", err, want)
				}
			})
		})
	}
}

// lines are publications that wait for their turn until the test's end.
type lines struct {
	*writes
	t *testing.T
}

func newLines(t *testing.T) lines { return lines{newWrites(time.Now), t} }

// fillRoom has as much with the store as there is room for.
func (l lines) fillRoom() {
	l.t.Helper()
	for _, workspace := range []byte{101, 102} {
		if !l.queue(workspace, maxWritingRows/2).isGranted() {
			l.t.Fatal("there was no room")
		}
	}
}

// queued is a publication that waits or has waited.
type queued struct {
	granted chan struct{}
	leave   context.CancelFunc
}

// queue has so many rows of a workspace wait for their turn.
func (l lines) queue(workspace byte, rows int) queued {
	ctx, leave := context.WithCancel(l.t.Context())
	q := queued{make(chan struct{}), leave}
	go func() {
		if _, err := l.take(ctx, posthorn.WorkspaceID{workspace}, rows); err == nil {
			close(q.granted)
		}
	}()
	synctest.Wait()
	return q
}

func (q queued) isGranted() bool {
	select {
	case <-q.granted:
		return true
	default:
		return false
	}
}

// Invariant: who leaves, with more than there was room for, lets those behind it through
// at once, of its own workspace and of others.
func TestWhoLeavesHoldsUpNobody(t *testing.T) {
	t.Parallel()
	for name, behind := range map[string]byte{"its own workspace": 1, "another": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLines(t)
				const small, large = 20, 200
				l.queue(2, small) // it has had something, so that another is before it
				l.queue(101, maxWritingRows/2)
				l.queue(102, maxWritingRows/2-5*small)
				first := l.queue(1, large)
				next := l.queue(behind, small)
				if first.isGranted() || next.isGranted() {
					t.Fatal("there was room for the large one")
				}
				first.leave()
				synctest.Wait()
				if !next.isGranted() {
					t.Error("the small one still waits, with room for it and nobody before it")
				}
			})
		})
	}
}

// Invariant: a workspace that comes late, or again and again, gets as much of the disk
// as one that has published for long, and no more.
func TestWhoComesLateIsNotBeforeTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond, rows, publishers, rounds = 10_000, 500, 4, 6
		d := newDisk(t, perSecond)
		ctx, stop := context.WithCancel(t.Context())
		for _, steady := range []byte{1, 2} {
			for range publishers {
				go func() {
					for ctx.Err() == nil {
						if _, err := d.publish(steady, rows); err != nil {
							<-time.After(100 * time.Millisecond)
						}
					}
				}()
			}
		}
		<-time.After(5 * time.Second)
		steadyRows := func() int {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.written[posthorn.WorkspaceID{1}] + d.written[posthorn.WorkspaceID{2}]
		}
		before := steadyRows()
		for range rounds {
			var round sync.WaitGroup
			for _, late := range []byte{3, 4} {
				for range publishers {
					round.Go(func() {
						if _, err := d.publish(late, rows); err != nil {
							t.Errorf("who came late was refused: %v", err)
						}
					})
				}
			}
			round.Wait()
		}
		const lateRows = 2 * rounds * publishers * rows
		if steady := steadyRows() - before; float64(steady) < 0.7*lateRows || float64(steady) > 1.5*lateRows {
			t.Errorf("those who came late wrote %d rows, and the steady ones %d meanwhile", lateRows, steady)
		}
		stop()
		<-time.After(time.Minute)
	})
}
