package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Invariant: however often the server is asked whether it is ready, the database is
// asked once in a second at most; what was cut off doesn't count as an answer.
func TestReadinessIsAskedOnceASecond(t *testing.T) {
	t.Parallel()
	now, asked := time.Unix(1e9, 0), 0
	failure := errors.New("full")
	r := readiness{now: func() time.Time { return now }}
	ping := func(ctx context.Context) error {
		asked++
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return failure
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.ask(ended, ping); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	for _, step := range []struct {
		later time.Duration
		asked int
	}{{0, 2}, {0, 2}, {readyFor - 1, 2}, {1, 3}, {-time.Hour, 4}, {readyFor, 5}} {
		now = now.Add(step.later)
		if err := r.ask(t.Context(), ping); !errors.Is(err, failure) || asked != step.asked {
			t.Errorf("%v later: %v, asked %d times, want %d", step.later, err, asked, step.asked)
		}
	}
}
