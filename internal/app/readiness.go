package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// readiness is whether requests should be sent here.
type readiness struct {
	value atomic.Bool
	now   func() time.Time

	turn chan struct{} // holds one while somebody asks the database

	askedAt  time.Time
	answered error
}

func newReadiness(now func() time.Time) readiness {
	return readiness{now: now, turn: make(chan struct{}, 1)}
}

func (r *readiness) set(value bool) { r.value.Store(value) }

// readyFor is how long an answer of the database holds. Each costs a commit, and
// whoever reaches the server may ask.
const readyFor = time.Second

// longestAsking bounds a question that the database doesn't answer.
const longestAsking = 10 * time.Second

// ask asks the database whether it can be written to, at most once in a second. The
// question outlives whoever asked it first, so that asking and leaving doesn't cost a
// commit each time.
func (r *readiness) ask(ctx context.Context, ping func(context.Context) error) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for the database: %w", ctx.Err())
	}
	if since := r.now().Sub(r.askedAt); !r.askedAt.IsZero() && since >= 0 && since < readyFor {
		return r.answered
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestAsking)
	defer cancel()
	r.answered = ping(asking)
	r.askedAt = r.now()
	return r.answered
}
