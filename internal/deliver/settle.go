package deliver

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/insist"
	"github.com/posthorn/posthorn/internal/store"
)

// finish updates what is known of the webhook after an attempt.
func (e *Engine) finish(l *lane, job *store.Job, next posthorn.Next, err error) {
	if next.DisableWebhook {
		// Whatever the error: the write may have happened all the same.
		e.Directories.Forget(l.environment)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if next.Status == posthorn.DeliverySucceeded {
		l.window = min(l.window+1, l.widest())
	} else {
		l.window = minWindow
	}
	if next.Status == posthorn.DeliveryPending && err == nil {
		e.claimFrom(l, next.DueAt)
	}
	e.over(l, job)
}

// sendBack puts what waits in memory for a webhook whose receiver asked to wait
// back into the database.
func (e *Engine) sendBack(l *lane) {
	jobs := l.waiting
	l.waiting = nil
	if len(jobs) == 0 {
		return
	}
	e.background(func(ctx context.Context) {
		e.release(ctx, jobs)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.claimAgain(l, 0)
		for _, job := range jobs {
			e.over(l, job)
		}
	})
}

// giveBack ends a lease without an attempt: the engine is stopping, the webhook
// is not active, or it is gone (then there is a cause).
func (e *Engine) giveBack(ctx context.Context, l *lane, job *store.Job, cause error) {
	e.mu.Lock()
	e.free(l)
	e.mu.Unlock()
	e.release(ctx, []*store.Job{job})
	e.mu.Lock()
	defer e.mu.Unlock()
	pause := time.Duration(0)
	if cause != nil {
		pause = time.Second
	}
	e.claimAgain(l, pause)
	e.over(l, job)
}

// claimAgain has the lane look at what was given back as soon as it may send,
// but not before a pause. A claim that was made meanwhile has not seen it.
func (e *Engine) claimAgain(l *lane, pause time.Duration) {
	l.backlog.Doubt()
	at := e.Now().Add(pause)
	if l.sendFrom().After(at) {
		at = l.sendFrom()
	}
	e.claimFrom(l, at)
}

// release makes jobs pending again, uncounted. Should that fail until the
// engine's grace is over, the next start takes them over.
func (e *Engine) release(ctx context.Context, jobs []*store.Job) {
	leases := make([]store.Lease, len(jobs))
	for i, job := range jobs {
		leases[i] = job.Lease
	}
	err := insist.On(ctx, e.Logger, "giving back deliveries", func(ctx context.Context) error { return e.Queue.Release(ctx, leases, e.Now()) })
	if err != nil {
		e.Logger.Error("deliveries stay leased until the next start", "count", len(leases), "error", err)
	}
}
