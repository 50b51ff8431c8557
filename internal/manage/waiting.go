package manage

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
)

const onlyProbed = "the receiver fails, and is only probed until it answers again"

// Waiting tells what pending deliveries wait for besides their due time.
type Waiting struct {
	now      time.Time
	webhooks map[posthorn.WebhookID]posthorn.Webhook
}

// Waiting finds out what the pending ones among deliveries in reach wait for.
func (m *Manager) Waiting(ctx context.Context, deliveries ...posthorn.Delivery) (Waiting, error) {
	w := Waiting{now: m.now(), webhooks: map[posthorn.WebhookID]posthorn.Webhook{}}
	for _, d := range deliveries {
		if _, known := w.webhooks[d.WebhookID]; known || d.Status != posthorn.DeliveryPending {
			continue
		}
		webhook, err := m.store.Webhook(ctx, d.WebhookID)
		if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
			return Waiting{}, passOn("reading the webhook", err)
		}
		w.webhooks[d.WebhookID] = webhook
	}
	return w, nil
}

// For says in words what a delivery waits for; it is empty when nothing but the
// due time keeps it.
func (w Waiting) For(d posthorn.Delivery) string {
	webhook := w.webhooks[d.WebhookID]
	switch {
	case d.Status != posthorn.DeliveryPending:
		return ""
	case webhook.Status == posthorn.WebhookPaused:
		return "the webhook is paused"
	case webhook.Status == posthorn.WebhookDisabled:
		return "the webhook is disabled"
	case webhook.HoldUntil.After(w.now) && webhook.HoldUntil.After(d.DueAt):
		return "the receiver asked to wait until " + webhook.HoldUntil.Format(time.RFC3339)
	case webhook.Breaker.NextProbeAt.After(w.now) && webhook.Breaker.NextProbeAt.After(d.DueAt):
		return onlyProbed + "; the next one goes out at " + webhook.Breaker.NextProbeAt.Format(time.RFC3339)
	case webhook.Breaker.IsOpen():
		return onlyProbed
	case d.IsSuspect():
		return "its turn to be tried apart from others, because the server died " + times(d.Crashes) + " in a row while it had it under way"
	default:
		return ""
	}
}

// ReplayWaitsFor says in words why a replay doesn't go on; it is empty when it does, or
// is over.
func (m *Manager) ReplayWaitsFor(ctx context.Context, r posthorn.Replay) (string, error) {
	if r.Status != posthorn.ReplayRunning {
		return "", nil
	}
	webhook, err := m.store.Webhook(ctx, r.WebhookID)
	switch {
	case errors.Is(err, posthorn.ErrNotFound): // it was deleted just now
		return "", nil
	case err != nil:
		return "", passOn("reading the webhook", err)
	case webhook.Status != posthorn.WebhookActive:
		return "the webhook is " + string(webhook.Status), nil
	case webhook.HoldUntil.After(m.now()):
		return "the receiver asked to wait until " + webhook.HoldUntil.Format(time.RFC3339), nil
	case webhook.Breaker.IsOpen():
		return onlyProbed, nil
	default:
		return "", nil
	}
}

// StatusReason says why a delivery is in its status, where that needs a reason.
func StatusReason(d posthorn.Delivery) string {
	if d.Status != posthorn.DeliveryQuarantined {
		return ""
	}
	return "The server died " + times(d.Crashes) + " in a row while it had this delivery under way, at last while it tried it alone. " +
		"It is not tried any more: find out what about the event or its webhook is fatal, then retry the delivery, or cancel it."
}

func times(n int) string { return strconv.Itoa(n) + " times" }
