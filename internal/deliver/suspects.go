package deliver

import (
	"context"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/suspect"
)

// trySuspect claims one suspect, which marks it durably as being tried, and waits
// until it is held no longer. It reports whether there was one.
func (e *Engine) trySuspect(ctx context.Context, s store.SuspectWebhook) bool {
	_, webhook, err := e.receiver(ctx, s.EnvironmentID, s.WebhookID)
	if err != nil || !e.wantsSuspect(webhook) {
		return false
	}
	claimed, err := e.Queue.Claim(ctx, store.Claim{WebhookID: s.WebhookID, NodeID: e.node, Now: e.Now(), Limit: 1, MaxBytes: 1, Crashes: s.Crashes})
	if err != nil && ctx.Err() == nil {
		e.Logger.Error("claiming a suspect failed, trying again", "webhook", s.WebhookID, "error", err)
	}
	if len(claimed.Jobs) == 0 {
		return false
	}
	suspect.Announce(e.Logger, claimed.Jobs[0].Delivery)
	select {
	case <-e.holdSuspect(webhook, &claimed.Jobs[0]):
	case <-ctx.Done():
	}
	return true
}

// wantsSuspect reports whether the webhook's receiver wants a request now. A
// suspect needs no room in the window: there is but one of each webhook.
func (e *Engine) wantsSuspect(webhook *posthorn.Webhook) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(webhook.EnvironmentID, webhook.ID)
	e.learn(l, webhook)
	return !l.sendFrom().After(e.Now()) && (l.held == 0 || !l.pace.IsOpen())
}

func (e *Engine) holdSuspect(webhook *posthorn.Webhook, job *store.Job) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.lane(webhook.EnvironmentID, webhook.ID)
	e.learn(l, webhook)
	l.tried = make(chan struct{}, 1)
	e.hold(l, len(job.Event.Data))
	e.enqueue(l, job)
	return l.tried
}

// over gives back the room of a delivery that is held no longer, and tells who
// waits for it if it is a suspect.
func (e *Engine) over(l *lane, job *store.Job) {
	if job.Delivery.IsSuspect() {
		signal(l.tried)
	}
	e.letGo(l, len(job.Event.Data))
}
