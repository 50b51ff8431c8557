package deliver

import (
	"context"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
	"github.com/posthorn/posthorn/internal/store"
)

// Reserve asks for room for a fresh delivery of so many bytes. After a yes,
// exactly one of Dispatch and Unreserve must follow. The answer is no when the
// engine or the webhook's window is full, when older deliveries of the webhook
// wait in the database and are not all about to be claimed, or when the receiver asked to wait.
func (e *Engine) Reserve(webhook *posthorn.Webhook, bytes int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping || e.background == nil {
		return false
	}
	now := e.Now()
	l := e.lane(webhook.EnvironmentID, webhook.ID)
	e.learn(l, webhook)
	if l.hasBacklog(now) || l.sendFrom().After(now) || l.pace.IsOpen() || !e.hasRoom(l, bytes) {
		l.backlog.Miss(bytes)
		e.hurry(l, now)
		return false
	}
	e.courtesy.Fresh(now)
	e.hold(l, bytes)
	return true
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
	e.enqueue(l, &job)
}

func (e *Engine) enqueue(l *lane, job *store.Job) {
	if l.waiting = append(l.waiting, job); job.Delivery.IsSuspect() {
		l.waiting = slices.Insert(l.waiting[:len(l.waiting)-1], 0, job) // it is marked as being tried: it must not wait for others
	}
	if e.stopping {
		signal(e.settled)
		return
	}
	e.lineUp(l)
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

// Reconsider says that a person changed the webhook: it was resumed, its URL or
// its rate limit is another. What is said of it now holds at once, and nothing
// that was learned before; call it after the directory was forgotten.
func (e *Engine) Reconsider(webhook *posthorn.Webhook) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(webhook.EnvironmentID, webhook.ID)
	l.holdUntil, l.pace = time.Time{}, pace.Pace{}
	l.backlog.Doubt() // while it was paused nothing was missed here, and all of it waits
	if webhook.Status != posthorn.WebhookDeleted {
		e.learn(l, webhook)
	}
	e.claimFrom(l, e.Now())
	e.arrange(l)
	e.lineUp(l)
	e.dispatch()
}

// Withdraw takes a cancelled delivery out of memory if it has not been sent yet.
func (e *Engine) Withdraw(webhook posthorn.WebhookID, id posthorn.DeliveryID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lanes[webhook]
	if !ok {
		return
	}
	place := slices.IndexFunc(l.waiting, func(job *store.Job) bool { return job.Delivery.ID == id })
	if place < 0 {
		return
	}
	job := l.waiting[place]
	l.waiting = slices.Delete(l.waiting, place, place+1)
	e.over(l, job)
}

// lineUp has the lane take turns with the others, if it has something to send.
func (e *Engine) lineUp(l *lane) {
	if len(l.waiting) > 0 && !l.hasTurn {
		l.hasTurn = true
		e.turns.Add(l.workspace, l)
	}
}

// dispatch starts as many requests as may be under way, one lane after the
// other.
func (e *Engine) dispatch() {
	now := e.Now()
	for e.sending < e.places(now) && !e.stopping && e.background != nil {
		l, ok := e.turns.Next()
		if !ok {
			return
		}
		l.hasTurn = false
		if l.sendFrom().After(now) {
			e.sendBack(l)
		}
		if len(l.waiting) == 0 || l.sending >= l.pace.Allowed(l.concurrency) {
			continue
		}
		if from := l.rate.From(); from.After(now) {
			e.rest(l, from)
			continue
		}
		l.rate.Take(now)
		job := l.waiting[0]
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		l.sending++
		e.sending++
		e.lineUp(l)
		e.background(func(ctx context.Context) { e.try(ctx, l, job) })
	}
}

// goneHold keeps a webhook whose receiver is gone from being sent to while that is
// being recorded; after it the directory says that it is disabled.
const goneHold = 10 * time.Second

// sent frees the place of a request that is over, after learning from its
// outcome how fast, and from when on, the receiver wants more. It returns the
// webhook's breaker if that has changed, else nil.
func (e *Engine) sent(l *lane, attempt posthorn.Attempt, next posthorn.Next) *posthorn.Breaker {
	e.mu.Lock()
	defer e.mu.Unlock()
	var changed *posthorn.Breaker
	if l.pace.Learn(attempt.Outcome, l.concurrency, attempt.StartedAt, e.Now()) {
		breaker := l.pace.Breaker()
		changed = &breaker
	}
	hold := next.HoldUntil
	if next.DisableWebhook {
		hold = e.Now().Add(goneHold)
	}
	if hold.After(l.holdUntil) {
		l.holdUntil = hold
	}
	e.free(l)
	return changed
}

// free frees the place of a request that is over or was not made.
func (e *Engine) free(l *lane) {
	l.sending--
	e.sending--
	e.lineUp(l)
	e.dispatch()
}
