package suspect_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/suspect"
)

// trial is a suspect that was tried, and when.
type trial struct {
	store.SuspectWebhook
	from, until time.Duration
}

// suspects is a queue of so many suspects of each webhook, each of which takes a
// while to try.
type suspects struct {
	begun time.Time
	takes func(store.SuspectWebhook) time.Duration

	mu     sync.Mutex
	left   map[store.SuspectWebhook]int
	trials []trial
}

// Suspects implements suspect.Queue.
func (q *suspects) Suspects(_ context.Context, _ time.Time, limit int) ([]store.SuspectWebhook, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var found []store.SuspectWebhook
	for s, count := range q.left {
		if count > 0 {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b store.SuspectWebhook) int {
		return (a.Crashes-b.Crashes)*1000 + int(a.WebhookID[0]) - int(b.WebhookID[0])
	})
	return found[:min(limit, len(found))], nil
}

func (q *suspects) try(ctx context.Context, s store.SuspectWebhook) bool {
	q.mu.Lock()
	q.left[s]--
	isThere := q.left[s] >= 0
	q.mu.Unlock()
	if !isThere {
		return false
	}
	begun := time.Since(q.begun)
	select {
	case <-time.After(q.takes(s)):
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.trials = append(q.trials, trial{s, begun, time.Since(q.begun)})
	return true
}

// run tries suspects for so long and returns the trials.
func run(t *testing.T, left map[store.SuspectWebhook]int, takes func(store.SuspectWebhook) time.Duration, long time.Duration) []trial {
	t.Helper()
	q := &suspects{begun: time.Now(), takes: takes, left: left}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	suspect.Trials{Queue: q, Logger: slog.New(slog.DiscardHandler), Now: time.Now, LookEvery: 30 * time.Second, Try: q.try}.Run(ctx)
	return q.trials
}

func of(webhook byte, crashes int) store.SuspectWebhook {
	return store.SuspectWebhook{WebhookID: posthorn.WebhookID{webhook}, Crashes: crashes}
}

// Invariants: nothing is tried before the process has lived for a while, the
// longer the more suspicious; of a webhook one at a time, of several webhooks
// side by side but not without bound; the more suspicious while no other is.
func TestTrialsAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		left := map[store.SuspectWebhook]int{}
		count := 0
		for webhook := range byte(100) {
			left[of(webhook, posthorn.SuspectAfter)] = 5
			count += 5
		}
		for webhook := range byte(4) {
			left[of(webhook, posthorn.AloneAfter)], left[of(webhook, posthorn.AloneAfter+1)] = 2, 1
			count += 3
		}
		trials := run(t, left, func(store.SuspectWebhook) time.Duration { return 100 * time.Millisecond }, time.Hour)
		if len(trials) != count {
			t.Fatalf("%d trials of %d suspects", len(trials), count)
		}
		most := 0
		for i, a := range trials {
			if calm := 5 * time.Second << (a.Crashes - posthorn.SuspectAfter); a.from < calm {
				t.Errorf("one with %d crashes was tried after %v", a.Crashes, a.from)
			}
			beside := 1
			for j, b := range trials {
				if i == j || b.from > a.from || b.until <= a.from {
					continue
				}
				beside++
				if a.WebhookID == b.WebhookID || a.Crashes >= posthorn.AloneAfter || b.Crashes >= posthorn.AloneAfter {
					t.Fatalf("tried together: %+v and %+v", a, b)
				}
			}
			most = max(most, beside)
		}
		if most < 2 || most > 32 {
			t.Errorf("up to %d at once", most)
		}
	})
}

// Invariant: one webhook with many slow suspects keeps neither other webhooks nor
// the more suspicious from their turn.
func TestTrialsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, quick, alone := of(1, posthorn.SuspectAfter), of(2, posthorn.SuspectAfter), of(3, posthorn.AloneAfter)
		left := map[store.SuspectWebhook]int{slow: 1000, quick: 100, alone: 1}
		trials := run(t, left, func(s store.SuspectWebhook) time.Duration {
			if s == slow {
				return 9 * time.Second
			}
			return 50 * time.Millisecond
		}, time.Minute)
		tried := map[store.SuspectWebhook]int{}
		for _, one := range trials {
			tried[one.SuspectWebhook]++
			for _, other := range trials {
				isAlone := one.SuspectWebhook == alone && other.SuspectWebhook != alone
				if isAlone && other.from < one.until && one.from < other.until {
					t.Errorf("not alone: %+v and %+v", one, other)
				}
			}
		}
		if tried[quick] != 100 || tried[alone] != 1 || tried[slow] < 2 {
			t.Errorf("in the first minute: %d quick ones, %d alone, %d slow ones", tried[quick], tried[alone], tried[slow])
		}
	})
}

// Invariant: where nobody wants to be tried now, the queue is asked again, but not
// all the time.
func TestTrialsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &suspects{left: map[store.SuspectWebhook]int{of(1, posthorn.SuspectAfter): 1}}
		asked := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		suspect.Trials{Queue: q, Logger: slog.New(slog.DiscardHandler), Now: time.Now, LookEvery: 30 * time.Second, Try: func(context.Context, store.SuspectWebhook) bool {
			asked++
			return false
		}}.Run(ctx)
		if asked < 10 || asked > 60 {
			t.Errorf("asked %d times in a minute", asked)
		}
	})
}
