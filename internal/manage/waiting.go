package manage

import (
	"context"
	"errors"
	"time"

	"github.com/posthorn/posthorn"
)

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
	default:
		return ""
	}
}
