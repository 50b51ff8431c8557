package sweep_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/sweep"
)

// world is a queue that takes some steps to go through, a clock, and somebody who is
// told of jumps.
type world struct {
	sweep.Sweeper
	t *testing.T
	// ahead is how far the clock has been set.
	ahead time.Duration
	// steps is how many calls of Rewind it takes; failAt are the calls that fail,
	// counted over all.
	steps  int
	failAt []int
	// movesIn is the call that has something to move, counted over all; none if zero.
	movesIn int
	log     bytes.Buffer
	// places are where the calls began; told is how often the jump was told of, and
	// toldAfter how many calls there had been then.
	places    []byte
	told      int
	toldAfter int
	limits    []int
	webhooks  int
	found     []posthorn.WebhookID
	dueFails  bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, steps: 1, movesIn: 1}
	w.Sweeper = sweep.Sweeper{
		Queue: w, Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Now: func() time.Time { return time.Now().Add(w.ahead) },
		Found: func(due []store.DueWebhook) {
			for _, one := range due {
				w.found = append(w.found, one.WebhookID)
			}
		},
		Jumped: func() { w.told, w.toldAfter = w.told+1, len(w.places) },
	}
	w.sweep(true)
	return w
}

// Due implements sweep.Queue.
func (w *world) Due(_ context.Context, after posthorn.WebhookID, limit int) ([]store.DueWebhook, error) {
	if w.dueFails {
		return nil, errors.New("the disk is full")
	}
	var due []store.DueWebhook
	for n := int(after[0])<<8 | int(after[1]); n < w.webhooks && len(due) < limit; n++ {
		due = append(due, store.DueWebhook{WebhookID: posthorn.WebhookID{byte((n + 1) >> 8), byte(n + 1)}})
	}
	return due, nil
}

// Rewind implements sweep.Queue.
func (w *world) Rewind(_ context.Context, after store.DuePlace, limit int, now time.Time) (store.Rewound, error) {
	if !now.Equal(w.Now()) {
		w.t.Errorf("rewound to %v when the clock said %v", now, w.Now())
	}
	w.places, w.limits = append(w.places, after.DeliveryID[0]), append(w.limits, limit)
	if slices.Contains(w.failAt, len(w.places)) {
		return store.Rewound{}, errors.New("the disk is full")
	}
	var done store.Rewound
	if len(w.places) == w.movesIn {
		done.Moved = 1
	}
	if after.DeliveryID[0]++; int(after.DeliveryID[0]) != w.steps {
		done.Next = after
	}
	return done, nil
}

// sweep looks after half a minute.
func (w *world) sweep(want bool) {
	w.t.Helper()
	<-time.After(30 * time.Second)
	if got := w.Sweep(w.t.Context()); got != want {
		w.t.Errorf("Sweep says %v, want %v", got, want)
	}
}

func (w *world) wantPlaces(want ...byte) {
	w.t.Helper()
	if !slices.Equal(w.places, want) {
		w.t.Errorf("Rewind was called for the places %v, want %v", w.places, want)
	}
}

func (w *world) wantTold(times, afterCalls int) {
	w.t.Helper()
	if w.told != times || w.toldAfter != afterCalls {
		w.t.Errorf("told %d times, the last after %d calls; want %d and %d", w.told, w.toldAfter, times, afterCalls)
	}
}

// Invariant: a clock that goes on evenly, or is slowed a little, is nothing to do about.
func TestNothingIsDoneWithoutAJump(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 5 {
			w.ahead -= 1900 * time.Millisecond
			w.sweep(true)
		}
		w.wantPlaces()
		w.wantTold(0, 0)
	})
}

// Invariant: a clock that was put back while no process ran is noticed at the first
// look, by what an earlier process wrote, and followed like any other; one that went on
// is nothing to do about.
func TestClockPutBackBetweenProcesses(t *testing.T) {
	t.Parallel()
	for written, want := range map[time.Duration][]byte{time.Hour: {0, 0}, time.Second: nil, -time.Hour: nil} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.Sweeper = sweep.Sweeper{Queue: w, Logger: w.Logger, Now: w.Now, Found: w.Found, Jumped: w.Jumped, Written: time.Now().Add(30*time.Second + written)} // sweep takes half a minute
			for range 3 {
				w.sweep(true)
			}
			w.wantPlaces(want...)
		})
	}
}

// Invariant: a start that finds something written by a clock that was ahead once, and
// nothing that waits for it any more, says and does nothing: it has looked once, in the
// background, and is like any other from then on. What is found late, or only after a
// failure, is told of and followed all the same.
func TestClockThatWasAheadLongAgo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		movesIn int
		failAt  []int
		places  []byte
		told    int
	}{
		{places: []byte{0, 1, 2}},
		{failAt: []int{2}, places: []byte{0, 1, 1, 2}},
		{movesIn: 3, places: []byte{0, 1, 2, 0, 1, 2}, told: 2},
		{movesIn: 1, failAt: []int{2}, places: []byte{0, 1, 1, 2, 0, 1, 2}, told: 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.Sweeper = sweep.Sweeper{Queue: w, Logger: w.Logger, Now: w.Now, Found: w.Found, Jumped: w.Jumped, Written: time.Now().AddDate(4, 0, 0)}
			w.steps, w.movesIn, w.failAt = 3, c.movesIn, c.failAt
			for i := range 4 {
				w.sweep(i > 0 || c.failAt == nil)
			}
			w.wantPlaces(c.places...)
			if said := strings.Count(w.log.String(), "the clock has jumped"); w.told != c.told || said != min(1, c.told) {
				t.Errorf("moving in call %d, failing in %v: told %d times, want %d; the log says it %d times", c.movesIn, c.failAt, w.told, c.told, said)
			}
		})
	}
}

// Invariant: a clock that was put back is followed through all of the database, in
// steps that publishers can wait for, before anybody is told; and once more at the next
// sweep, for what was about to be written meanwhile; and then no more.
func TestClockPutBackIsFollowedTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.steps, w.ahead = 3, -time.Hour
		w.sweep(true)
		w.wantPlaces(0, 1, 2)
		w.wantTold(1, 3)
		w.sweep(true)
		w.wantPlaces(0, 1, 2, 0, 1, 2)
		w.wantTold(2, 6)
		w.sweep(true)
		w.wantPlaces(0, 1, 2, 0, 1, 2)
		w.wantTold(2, 6)
		if most := slices.Max(w.limits); most > 500 {
			t.Errorf("steps of %d deliveries", most)
		}
	})
}

// Invariant: a jump that couldn't be followed is not forgotten: the next sweep goes on
// where the one before failed, and only then is it told of.
func TestFailureKeepsTheJump(t *testing.T) {
	t.Parallel()
	for failAt, want := range map[int][]byte{1: {0, 0, 1, 2, 0, 1, 2}, 3: {0, 1, 2, 2, 0, 1, 2}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.steps, w.ahead, w.failAt = 3, -time.Hour, []int{failAt}
			w.sweep(false)
			w.wantTold(0, 0)
			w.sweep(true)
			w.wantTold(1, 4)
			w.sweep(true)
			w.wantPlaces(want...)
			w.wantTold(2, 7)
		})
	}
}

// Invariant: a clock that is put back once more while the first jump is followed has
// that begin again.
func TestAnotherJumpBeginsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.steps, w.ahead, w.failAt = 3, -time.Hour, []int{3}
		w.sweep(false)
		w.ahead -= time.Hour
		w.sweep(true)
		w.sweep(true)
		w.sweep(true)
		w.wantPlaces(0, 1, 2, 0, 1, 2, 0, 1, 2)
		w.wantTold(2, 9)
	})
}

// Invariant: a clock that jumps forwards is told of, once, and moves nothing.
func TestClockPutForwardMovesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.ahead = time.Hour
		w.sweep(true)
		w.sweep(true)
		w.wantPlaces()
		w.wantTold(1, 0)
	})
}

// Invariant: every webhook with pending deliveries is found, on however many pages; a
// failure says that not everything was seen.
func TestAllPagesAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, count := range []int{999, 1000, 2001} {
			w := newWorld(t)
			w.webhooks = count
			w.sweep(true)
			if len(w.found) != count {
				t.Errorf("%d of %d found", len(w.found), count)
			}
			w.dueFails = true
			w.sweep(false)
		}
	})
}

// Invariant: it looks at once and then at its intervals, tells only when it has seen
// everything, and ends with its context.
func TestRunLooksAtIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		seen, done := 0, make(chan struct{})
		w.SeenAll = func() {
			seen++
			w.dueFails = seen == 3
		}
		go func() {
			defer close(done)
			w.Run(ctx, time.Minute)
		}()
		<-time.After(10*time.Minute + time.Second)
		cancel()
		<-done
		if seen != 3 {
			t.Errorf("everything was seen %d times, want 3", seen)
		}
	})
}
