package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// readiness is whether requests should be sent here.
type readiness struct {
	value atomic.Bool
	now   func() time.Time

	mu       sync.Mutex
	askedAt  time.Time
	answered error
}

func (r *readiness) set(value bool) { r.value.Store(value) }

// readyFor is how long an answer of the database holds. Each costs a commit, and
// whoever reaches the server may ask.
const readyFor = time.Second

// ask asks the database whether it can be written to, at most once in a second.
func (r *readiness) ask(ctx context.Context, ping func(context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := r.now().Sub(r.askedAt); since >= 0 && since < readyFor {
		return r.answered
	}
	answered := ping(ctx)
	if ctx.Err() == nil { // else it says nothing of the database
		r.askedAt, r.answered = r.now(), answered
	}
	return answered
}
