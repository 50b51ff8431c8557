package intake

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// fanOut makes a delivery for each webhook that wants each event. Those for
// which the engine has room are leased to this node at once.
func (i *Intake) fanOut(examined examined) []store.Entry {
	entries := make([]store.Entry, len(examined.events))
	for n, event := range examined.events {
		wanting := examined.matches[n].Webhooks
		event.Deliveries = len(wanting)
		deliveries := make([]posthorn.Delivery, len(wanting))
		for k, webhook := range wanting {
			deliveries[k] = i.newDelivery(event, webhook)
		}
		entries[n] = store.Entry{Event: event, Deliveries: deliveries}
	}
	return entries
}

func (i *Intake) newDelivery(event posthorn.Event, webhook *posthorn.Webhook) posthorn.Delivery {
	status := posthorn.DeliveryPending
	if webhook.Status == posthorn.WebhookActive && i.Dispatcher.Reserve(webhook, len(event.Data)) {
		status = posthorn.DeliveryLeased
	}
	return posthorn.Delivery{
		ID:            posthorn.NewID[posthorn.DeliveryID](event.AcceptedAt, i.Random),
		EventID:       event.ID,
		WebhookID:     webhook.ID,
		EnvironmentID: event.EnvironmentID,
		EventPublicID: event.PublicID(),
		EventType:     event.Type,
		Status:        status,
		DueAt:         event.AcceptedAt,
		CreatedAt:     event.AcceptedAt,
		UpdatedAt:     event.AcceptedAt,
	}
}

// handOver gives the engine what is durable now, and takes back the room of
// what was not kept.
func (i *Intake) handOver(entries []store.Entry, kept []store.Result) {
	for n, entry := range entries {
		for _, delivery := range entry.Deliveries {
			switch {
			case !kept[n].Kept:
				i.unreserveOne(entry.Event, delivery)
			case delivery.Status == posthorn.DeliveryLeased:
				i.Dispatcher.Dispatch(store.Job{
					Lease:    store.Lease{DeliveryID: delivery.ID, NodeID: i.Dispatcher.NodeID(), Epoch: store.FirstEpoch},
					Delivery: delivery,
					Event:    entry.Event,
				})
			default:
				i.Dispatcher.Wake(delivery.EnvironmentID, delivery.WebhookID)
			}
		}
	}
}

func (i *Intake) unreserve(entries []store.Entry) {
	for _, entry := range entries {
		for _, delivery := range entry.Deliveries {
			i.unreserveOne(entry.Event, delivery)
		}
	}
}

func (i *Intake) unreserveOne(event posthorn.Event, delivery posthorn.Delivery) {
	if delivery.Status == posthorn.DeliveryLeased {
		i.Dispatcher.Unreserve(delivery.WebhookID, len(event.Data))
	}
}
