package record

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// world is a recorder over a database that takes a second for each transaction.
type world struct {
	t *testing.T
	Recorder
	background sync.WaitGroup

	mu sync.Mutex
	// sizes are how many recordings each transaction had; kept those that were kept.
	sizes []int
	kept  []int64
	// underWay counts the transactions under way, and most at once.
	underWay, most int
	// refuses says of what a transaction fails.
	refuses func(recordings []store.Recording) error
	// results is what is said of recordings; called how often of each.
	results map[int64][]error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, results: map[int64][]error{}}
	w.Queue, w.Logger = w, slog.New(slog.DiscardHandler)
	w.Background = func(work func(ctx context.Context)) { w.background.Go(func() { work(t.Context()) }) }
	return w
}

// Record implements Queue. Of recordings each is known by its epoch.
func (w *world) Record(_ context.Context, recordings []store.Recording) ([]error, error) {
	w.mu.Lock()
	w.underWay++
	w.most = max(w.most, w.underWay)
	w.sizes = append(w.sizes, len(recordings))
	w.mu.Unlock()
	<-time.After(time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.underWay--
	if w.refuses != nil {
		if err := w.refuses(recordings); err != nil {
			return nil, err
		}
	}
	results := make([]error, len(recordings))
	for i, r := range recordings {
		w.kept = append(w.kept, r.Lease.Epoch)
		if r.Lease.Epoch < 0 {
			results[i] = store.ErrLeaseLost
		}
	}
	return results, nil
}

// record has the recording of that number kept, in a goroutine of its own.
func (w *world) record(number int64) {
	w.background.Go(func() {
		w.Recorder.Record(w.t.Context(), store.Recording{Lease: store.Lease{Epoch: number}}, func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.results[number] = append(w.results[number], err)
		})
	})
}

// wantOnce fails unless done was called once for each of so many, with that error.
func (w *world) wantOnce(count int64, want error) {
	w.t.Helper()
	for number := range count {
		if got := w.results[number]; len(got) != 1 || !errors.Is(got[0], want) {
			w.t.Errorf("of %d was said %v, want %v once", number, got, want)
		}
	}
}

// Invariant: what comes while others are written goes together into the next
// transaction; each is kept once, and told once.
func TestTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.record(0)
		synctest.Wait()
		for number := range int64(20) {
			w.record(1 + number)
		}
		w.background.Wait()
		if !slices.Equal(w.sizes, []int{1, 20}) {
			t.Errorf("transactions of %v", w.sizes)
		}
		w.wantOnce(21, nil)
		w.record(21) // after a while in which nobody wrote
		w.background.Wait()
		w.wantOnce(22, nil)
		slices.Sort(w.kept)
		if len(slices.Compact(w.kept)) != 22 {
			t.Errorf("kept %v", w.kept)
		}
	})
}

// Invariant: transactions are bounded in their length, and in how many are under way; a
// crowd is not written one after the other.
func TestCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const crowd = (maxWriters+8)*maxTogether + 1
		for number := range int64(crowd) {
			w.record(number)
			synctest.Wait()
		}
		started := time.Now()
		w.background.Wait()
		if longest := slices.Max(w.sizes); longest != maxTogether {
			t.Errorf("the longest transaction had %d recordings, want %d", longest, maxTogether)
		}
		if w.most != maxWriters {
			t.Errorf("%d transactions were under way at once, want %d", w.most, maxWriters)
		}
		if took := time.Since(started); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
		w.wantOnce(crowd, nil)
	})
}

// Invariant: one that can't be kept is tried again by itself, for as long as its context
// lasts, and holds up nobody.
func TestOneThatCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.refuses = func(recordings []store.Recording) error {
			if slices.ContainsFunc(recordings, func(r store.Recording) bool { return r.Lease.Epoch == 7 }) {
				return errors.New("not this one")
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		w.Background = func(work func(ctx context.Context)) { w.background.Go(func() { work(ctx) }) }
		for number := range int64(10) {
			w.record(number)
		}
		<-time.After(4 * time.Second)
		w.mu.Lock()
		if len(w.results) != 9 || len(w.results[7]) != 0 {
			t.Errorf("after a while was said %v", w.results)
		}
		w.refuses = nil
		w.mu.Unlock()
		<-time.After(time.Minute)
		w.mu.Lock()
		w.wantOnce(10, nil)
		w.refuses = func([]store.Recording) error { return posthorn.ErrBusy }
		w.mu.Unlock()
		w.record(10)
		<-time.After(time.Minute)
		cancel()
		w.background.Wait()
		if got := w.results[10]; len(got) != 1 || !errors.Is(got[0], posthorn.ErrBusy) {
			t.Errorf("in the end was said %v", got)
		}
	})
}

// Invariant: what was written is not kept in memory by the room that serves the next batch.
func TestNothingIsKeptInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for number := range int64(100) {
			w.record(1 + number)
		}
		w.background.Wait()
		for _, room := range []batch{w.waiting, w.spare} {
			for i := range cap(room.recordings) {
				if room.recordings[:cap(room.recordings)][i].Lease.Epoch != 0 {
					t.Fatal("a recording is kept")
				}
			}
			for i := range cap(room.done) {
				if room.done[:cap(room.done)][i] != nil {
					t.Fatal("whom to tell is kept")
				}
			}
		}
	})
}

// Invariant: a lease that is lost is told to its attempt alone.
func TestLostLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.record(0)
		synctest.Wait()
		w.record(-1)
		w.record(1)
		w.background.Wait()
		w.wantOnce(2, nil)
		if got := w.results[-1]; len(got) != 1 || !errors.Is(got[0], store.ErrLeaseLost) {
			t.Errorf("of the lost one was said %v", got)
		}
	})
}

// Invariant: an attempt that ends while the engine stops is kept all the same.
func TestKeptWhileStopping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.Queue = contextual{w}
		w.Recorder.Record(ctx, store.Recording{}, func(err error) { w.results[0] = append(w.results[0], err) })
		w.wantOnce(1, nil)
	})
}

// contextual keeps nothing under a context that has ended.
type contextual struct{ *world }

func (c contextual) Record(ctx context.Context, recordings []store.Recording) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.world.Record(ctx, recordings)
}
