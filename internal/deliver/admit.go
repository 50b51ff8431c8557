package deliver

import (
	"context"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Reserve asks for room for a fresh delivery of so many bytes. After a yes,
// exactly one of Dispatch and Unreserve must follow. The answer is no when the
// engine or the webhook's window is full, when older deliveries of the webhook
// are waiting in the database, or when the receiver asked to wait.
func (e *Engine) Reserve(webhook *posthorn.Webhook, bytes int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping || e.background == nil {
		return false
	}
	now := e.Now()
	l := e.lane(webhook.EnvironmentID, webhook.ID)
	e.learn(l, webhook)
	hasBacklog := l.isClaiming || !l.claimAt.IsZero() && !l.claimAt.After(now)
	if hasBacklog || l.sendFrom().After(now) || l.pace.isOpen() || !e.hasRoom(l, bytes) {
		return false
	}
	e.hold(l, bytes)
	return true
}

// learn takes over what the directory says of the webhook.
func (e *Engine) learn(l *lane, webhook *posthorn.Webhook) {
	l.concurrency = webhook.Concurrency
	if webhook.HoldUntil.After(l.holdUntil) {
		l.holdUntil = webhook.HoldUntil
	}
}

// Unreserve gives back the room of a delivery that was not kept.
func (e *Engine) Unreserve(webhook posthorn.WebhookID, bytes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l, ok := e.lanes[webhook]; ok {
		e.letGo(l, bytes)
	}
}

// Dispatch takes over a delivery that has a reservation, is durable, and is
// leased to the engine's node.
func (e *Engine) Dispatch(job store.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(job.Delivery.EnvironmentID, job.Delivery.WebhookID)
	e.enqueue(l, job)
}

func (e *Engine) enqueue(l *lane, job store.Job) {
	l.waiting = append(l.waiting, job)
	if e.stopping {
		signal(e.settled)
		return
	}
	e.turns.add(l)
	e.dispatch()
}

// Wake says that deliveries of the webhook are pending: they were just made, or a
// person asked for another try.
func (e *Engine) Wake(environment posthorn.EnvironmentID, webhook posthorn.WebhookID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(environment, webhook)
	now := e.Now()
	if l.sendFrom().After(now) {
		now = l.sendFrom()
	}
	e.claimFrom(l, now)
}

// Reconsider says that a person changed the webhook: it was resumed, its URL is
// another. What the directory says now holds; call it after the directory was
// forgotten.
func (e *Engine) Reconsider(environment posthorn.EnvironmentID, webhook posthorn.WebhookID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(environment, webhook)
	l.holdUntil, l.pace = time.Time{}, pace{}
	e.claimFrom(l, e.Now())
}

// Withdraw takes a cancelled delivery out of memory if it has not been sent yet.
func (e *Engine) Withdraw(webhook posthorn.WebhookID, id posthorn.DeliveryID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lanes[webhook]
	if !ok {
		return
	}
	place := slices.IndexFunc(l.waiting, func(job store.Job) bool { return job.Delivery.ID == id })
	if place < 0 {
		return
	}
	bytes := len(l.waiting[place].Event.Data)
	l.waiting = slices.Delete(l.waiting, place, place+1)
	e.letGo(l, bytes)
}

// dispatch starts as many requests as may be under way, one lane after the
// other.
func (e *Engine) dispatch() {
	for e.sending < e.MaxSending && !e.stopping && e.background != nil {
		l, ok := e.turns.next()
		if !ok {
			return
		}
		if l.sendFrom().After(e.Now()) {
			e.sendBack(l)
		}
		if len(l.waiting) == 0 || l.sending >= l.pace.allowed(l.concurrency) {
			continue
		}
		job := l.waiting[0]
		l.waiting[0] = store.Job{}
		l.waiting = l.waiting[1:]
		l.sending++
		e.sending++
		if len(l.waiting) > 0 && l.sending < l.pace.allowed(l.concurrency) {
			e.turns.add(l)
		}
		e.background(func(ctx context.Context) { e.try(ctx, l, job) })
	}
}

// goneHold keeps a webhook whose receiver is gone from being sent to while that is
// being recorded; after it the directory says that it is disabled.
const goneHold = 10 * time.Second

// sent frees the place of a request that is over, after learning from its
// outcome how fast, and from when on, the receiver wants more.
func (e *Engine) sent(l *lane, attempt posthorn.Attempt, next posthorn.Next) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l.pace.learn(attempt.Outcome, l.concurrency, attempt.StartedAt, e.Now())
	hold := next.HoldUntil
	if next.DisableWebhook {
		hold = e.Now().Add(goneHold)
	}
	if hold.After(l.holdUntil) {
		l.holdUntil = hold
	}
	e.free(l)
}

// free frees the place of a request that is over or was not made.
func (e *Engine) free(l *lane) {
	l.sending--
	e.sending--
	if len(l.waiting) > 0 {
		e.turns.add(l)
	}
	e.dispatch()
}
