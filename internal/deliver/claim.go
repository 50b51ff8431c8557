package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// claimLoop fetches what is due whenever there is room for it, until ctx ends.
func (e *Engine) claimLoop(ctx context.Context) {
	sweep := time.NewTimer(0)
	defer sweep.Stop()
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for ctx.Err() == nil {
		alarm.Reset(e.claimDue(ctx))
		select {
		case <-ctx.Done():
		case <-e.kick:
		case <-alarm.C:
		case <-sweep.C:
			e.sweep(ctx)
			sweep.Reset(e.SweepEvery)
		}
	}
}

// claimDue claims for every lane whose time has come, and returns how long to
// wait for the next one.
func (e *Engine) claimDue(ctx context.Context) time.Duration {
	const idle = time.Hour
	for ctx.Err() == nil {
		l, wait := e.nextToClaim()
		if l == nil {
			return wait
		}
		err := e.claim(ctx, l)
		if err != nil && ctx.Err() == nil {
			e.Logger.Error("claiming deliveries failed, trying again", "webhook", l.webhook, "error", err)
		}
		e.claimed(l, err)
	}
	return idle
}

// crowded is how long a webhook waits for its first delivery in memory when the
// engine holds all it may.
const crowded = 100 * time.Millisecond

// nextToClaim takes the lane that claims first out of the timetable, if its time
// has come and there is room; else it tells how long to wait.
func (e *Engine) nextToClaim() (*lane, time.Duration) {
	const idle = time.Hour
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.Now()
	for len(e.timetable) > 0 {
		if wait := e.timetable[0].claimAt.Sub(now); wait > 0 {
			return nil, wait
		}
		l := e.timetable.next()
		if e.hasRoom(l, 0) {
			l.claimAt = time.Time{}
			l.isClaiming = true
			return l, 0
		}
		if l.held == 0 {
			l.claimAt = now.Add(crowded)
			e.timetable.add(l)
		}
		// A lane that holds something is put back when it lets go of it.
	}
	return nil, idle
}

// claim fetches due deliveries of one webhook.
func (e *Engine) claim(ctx context.Context, l *lane) error {
	directory, err := e.Directories.Environment(ctx, l.environment)
	if err != nil {
		return fmt.Errorf("finding the webhook: %w", err)
	}
	webhook, ok := directory.Webhook(l.webhook)
	if !ok {
		return e.cancelRest(ctx, l)
	}
	if webhook.Status != posthorn.WebhookActive {
		return e.expire(ctx, l)
	}
	e.mu.Lock()
	l.concurrency = webhook.Concurrency
	request := store.Claim{
		WebhookID: l.webhook,
		NodeID:    e.node,
		Now:       e.Now(),
		Limit:     max(1, min(l.window-l.held, e.MaxHeldJobs-e.heldJobs)),
		MaxBytes:  max(1, min(maxLaneBytes-l.heldBytes, e.MaxHeldBytes-e.heldBytes)),
	}
	e.mu.Unlock()
	claimed, err := e.Queue.Claim(ctx, request)
	if err != nil {
		return fmt.Errorf("claiming: %w", err)
	}
	e.take(l, claimed)
	return nil
}

// claimed ends a claim; one that failed is tried again.
func (e *Engine) claimed(l *lane, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l.isClaiming = false
	if err != nil {
		e.claimFrom(l, e.Now().Add(time.Second))
	}
	e.drop(l, e.Now())
}

func (e *Engine) take(l *lane, claimed store.Claimed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, job := range claimed.Jobs {
		e.hold(l, len(job.Event.Data))
		e.enqueue(l, job)
	}
	e.claimFrom(l, claimed.NextAt)
}

// chunk bounds how many deliveries one transaction ends.
const chunk = 500

// cancelRest ends what is left of a deleted webhook.
func (e *Engine) cancelRest(ctx context.Context, l *lane) error {
	for {
		n, err := e.Queue.CancelPending(ctx, l.webhook, chunk, e.Now())
		if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
			return fmt.Errorf("cancelling the deliveries of a deleted webhook: %w", err)
		}
		if n < chunk {
			return nil
		}
	}
}

// expire ends deliveries that have waited too long for a webhook that is not
// active.
func (e *Engine) expire(ctx context.Context, l *lane) error {
	for {
		now := e.Now()
		n, err := e.Queue.Expire(ctx, l.webhook, now.Add(-e.MaxWait), chunk, now)
		if err != nil {
			return fmt.Errorf("expiring deliveries: %w", err)
		}
		if n < chunk {
			return nil
		}
	}
}

// sweep asks the database which webhooks have pending deliveries.
func (e *Engine) sweep(ctx context.Context) {
	const page = 1000
	var after posthorn.WebhookID
	for ctx.Err() == nil {
		due, err := e.Queue.Due(ctx, after, page)
		if err != nil {
			e.Logger.Error("looking for due deliveries failed, trying again later", "error", err)
			return
		}
		e.mu.Lock()
		for _, webhook := range due {
			e.claimFrom(e.lane(webhook.EnvironmentID, webhook.WebhookID), webhook.DueAt)
		}
		e.mu.Unlock()
		if len(due) < page {
			return
		}
		after = due[len(due)-1].WebhookID
	}
}
