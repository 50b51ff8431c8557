package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Invariant: however often the server is asked whether it is ready, and whether those
// who ask stay, the database is asked once in a second at most.
func TestReadinessIsAskedOnceASecond(t *testing.T) {
	t.Parallel()
	now, asked := time.Unix(1e9, 0), 0
	failure := errors.New("full")
	r := newReadiness(func() time.Time { return now })
	ctx, leave := context.WithCancel(t.Context())
	ping := func(asking context.Context) error {
		asked++
		leave()
		if asking.Err() != nil {
			return asking.Err()
		}
		return failure
	}
	if err := r.ask(ctx, ping); !errors.Is(err, failure) || asked != 1 {
		t.Errorf("who left meanwhile was told %v", err)
	}
	for _, step := range []struct {
		later time.Duration
		asked int
	}{{0, 1}, {readyFor - 1, 1}, {1, 2}, {-time.Hour, 3}, {readyFor, 4}} {
		now = now.Add(step.later)
		if err := r.ask(t.Context(), ping); !errors.Is(err, failure) || asked != step.asked {
			t.Errorf("%v later: %v, asked %d times, want %d", step.later, err, asked, step.asked)
		}
	}
}

// Invariant: who waits while the database doesn't answer can leave.
func TestReadinessIsNotWaitedForInVain(t *testing.T) {
	t.Parallel()
	r := newReadiness(time.Now)
	r.turn <- struct{}{}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.ask(ended, func(context.Context) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
