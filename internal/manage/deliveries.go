package manage

import (
	"context"
	"errors"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Delivery returns a delivery in reach.
func (m *Manager) Delivery(ctx context.Context, p Principal, id posthorn.DeliveryID) (posthorn.Delivery, error) {
	delivery, err := m.store.Delivery(ctx, id)
	if err != nil {
		return posthorn.Delivery{}, passOn("reading the delivery", err)
	}
	if err := m.checkReach(ctx, p, delivery.EnvironmentID); err != nil {
		return posthorn.Delivery{}, err
	}
	return delivery, nil
}

// Attempts lists up to limit attempts of a delivery that Delivery returned, those
// after the given number, oldest first.
func (m *Manager) Attempts(ctx context.Context, delivery posthorn.Delivery, after, limit int) ([]posthorn.Attempt, error) {
	attempts, err := m.store.Attempts(ctx, delivery.ID, after, limit)
	if err != nil {
		return nil, passOn("listing attempts", err)
	}
	return attempts, nil
}

// DeliveryFilter picks deliveries. Empty fields pick everything.
type DeliveryFilter struct {
	EnvironmentID posthorn.EnvironmentID
	WebhookID     posthorn.WebhookID
	// EventID is an event's public id.
	EventID string
	Status  posthorn.DeliveryStatus
	Created posthorn.Span
}

// Deliveries lists deliveries of one environment in reach: the named one, else
// that of the webhook or event that is named, else the oldest.
func (m *Manager) Deliveries(ctx context.Context, p Principal, f DeliveryFilter, page posthorn.Page) ([]posthorn.Delivery, error) {
	q := store.DeliveryQuery{WebhookID: f.WebhookID, Status: f.Status, Created: f.Created, Page: page}
	named := f.EnvironmentID
	if named.IsZero() && !f.WebhookID.IsZero() {
		webhook, err := m.webhook(ctx, p, f.WebhookID)
		if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
			return nil, err
		}
		// A deleted webhook's deliveries are still there, in the default environment
		// at least.
		named = webhook.EnvironmentID
	}
	if f.EventID != "" {
		event, err := m.Event(ctx, p, named, f.EventID)
		if errors.Is(err, posthorn.ErrNotFound) {
			return nil, m.checkNamed(ctx, p, f.EnvironmentID)
		}
		if err != nil {
			return nil, err
		}
		q.EventID = event.ID
		if named.IsZero() {
			named = event.EnvironmentID
		}
	}
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return nil, err
	}
	q.EnvironmentID = environment
	deliveries, err := m.store.Deliveries(ctx, q)
	if err != nil {
		return nil, passOn("listing deliveries", err)
	}
	return deliveries, nil
}

// checkNamed returns posthorn.ErrNotFound if an environment was named that is beyond
// reach.
func (m *Manager) checkNamed(ctx context.Context, p Principal, named posthorn.EnvironmentID) error {
	if named.IsZero() {
		return nil
	}
	return m.checkReach(ctx, p, named)
}

// RetryDelivery makes a delivery due now, with all its retries before it again.
func (m *Manager) RetryDelivery(ctx context.Context, p Principal, id posthorn.DeliveryID) (posthorn.Delivery, error) {
	before, err := m.Delivery(ctx, p, id)
	if err != nil {
		return posthorn.Delivery{}, err
	}
	if _, err := m.store.Webhook(ctx, before.WebhookID); errors.Is(err, posthorn.ErrNotFound) {
		return posthorn.Delivery{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The delivery's webhook is deleted.", Hint: "Publish the event again for another webhook."}
	} else if err != nil {
		return posthorn.Delivery{}, passOn("reading the webhook", err)
	}
	delivery, err := m.store.Retry(ctx, id, m.now())
	if errors.Is(err, posthorn.ErrConflict) {
		return posthorn.Delivery{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The delivery is being sent at this moment.", Hint: "Look at what comes of it, then ask again."}
	}
	if err != nil {
		return posthorn.Delivery{}, passOn("retrying the delivery", err)
	}
	m.notifier.DeliveryDue(delivery.EnvironmentID, delivery.WebhookID)
	return delivery, nil
}

// CancelDelivery ends a delivery that is not over yet.
func (m *Manager) CancelDelivery(ctx context.Context, p Principal, id posthorn.DeliveryID) (posthorn.Delivery, error) {
	if _, err := m.Delivery(ctx, p, id); err != nil {
		return posthorn.Delivery{}, err
	}
	delivery, err := m.store.Cancel(ctx, id, m.now())
	if errors.Is(err, posthorn.ErrConflict) {
		return posthorn.Delivery{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The delivery is over already.", Hint: "Only a delivery that is pending, being sent or quarantined can be cancelled."}
	}
	if err != nil {
		return posthorn.Delivery{}, passOn("cancelling the delivery", err)
	}
	m.notifier.DeliveryCancelled(delivery.WebhookID, delivery.ID)
	return delivery, nil
}
