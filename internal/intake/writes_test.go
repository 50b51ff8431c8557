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
	end, err := d.take(d.t.Context(), id, rows)
	if err != nil {
		return time.Since(began), err
	}
	defer end()
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
