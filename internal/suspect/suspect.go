// Package suspect decides when those deliveries are tried that may be what ended
// the process before: apart from the others, the more suspicious the more so, and
// late enough that nothing else is likely to be to blame. It knows neither how a
// delivery is tried nor what is recorded of it.
package suspect

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Queue tells which suspects there are.
type Queue interface {
	// Suspects is described at store.Queue.
	Suspects(ctx context.Context, now time.Time, limit int) ([]store.SuspectWebhook, error)
}

// Trials are what Run needs. All fields are needed.
type Trials struct {
	Queue  Queue
	Logger *slog.Logger
	Now    func() time.Time
	// LookEvery is how often to look for suspects while there are none.
	LookEvery time.Duration
	// Try tries one suspect, waits until it is held no longer, and reports whether
	// there was one that could be tried now. It returns soon after ctx ends.
	Try func(ctx context.Context, s store.SuspectWebhook) bool
}

// Those that only died together with others are tried one of a webhook at a time,
// those of several webhooks side by side, and each webhook for a turn.
const (
	places = 32
	turn   = 10 * time.Second
)

// calm is how long the process must have lived before it tries a suspect of so
// many crashes: what ends it sooner is something else. It doubles, so that a
// process that something else ends at regular intervals blames nobody.
func calm(crashes int) time.Duration {
	const first = 5 * time.Second
	return first << (crashes - posthorn.SuspectAfter)
}

// Run tries suspects until ctx ends. What it has begun may still be held then.
func (t Trials) Run(ctx context.Context) {
	begun := t.Now()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		const most = 1000
		suspects, err := t.Queue.Suspects(ctx, t.Now(), most)
		if err != nil && ctx.Err() == nil {
			t.Logger.Error("looking for suspects failed, trying again later", "error", err)
		}
		switch {
		case len(suspects) == 0:
			next.Reset(t.LookEvery)
		case t.round(ctx, suspects, t.Now().Sub(begun)):
			next.Reset(0)
		default:
			next.Reset(time.Second)
		}
	}
}

// round tries those for which it has been calm for long enough: the least
// suspicious side by side, then one of the others alone. It reports whether any
// was tried.
func (t Trials) round(ctx context.Context, suspects []store.SuspectWebhook, alive time.Duration) bool {
	var isAny atomic.Bool
	var group sync.WaitGroup
	free := make(chan struct{}, places)
	for len(suspects) > 0 && suspects[0].Crashes < posthorn.AloneAfter && alive >= calm(suspects[0].Crashes) {
		s := suspects[0]
		suspects = suspects[1:]
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			for end := t.Now().Add(turn); t.Now().Before(end) && t.Try(ctx, s); {
				isAny.Store(true)
			}
		})
	}
	group.Wait()
	for _, s := range suspects {
		if alive >= calm(s.Crashes) && t.Try(ctx, s) {
			return true
		}
	}
	return isAny.Load()
}
