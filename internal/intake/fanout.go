package intake

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// fanOut makes entries of the events of the results without an error: a delivery for
// each webhook that wants the event. Those for which the engine has room are leased to
// this node at once.
func (i *Intake) fanOut(results []Result, wantedBy [][]*posthorn.Webhook) []store.Entry {
	entries := make([]store.Entry, 0, len(wantedBy))
	for n := range results {
		if results[n].Err != nil {
			continue
		}
		wanting := wantedBy[len(entries)]
		entries = append(entries, store.Entry{Event: results[n].Event, Deliveries: make([]posthorn.Delivery, len(wanting))})
		entry := &entries[len(entries)-1]
		entry.Event.Deliveries = len(wanting)
		publicID := entry.Event.PublicID()
		for k, webhook := range wanting {
			entry.Deliveries[k] = i.newDelivery(&entry.Event, publicID, webhook)
		}
	}
	return entries
}

func (i *Intake) newDelivery(event *posthorn.Event, publicID string, webhook *posthorn.Webhook) posthorn.Delivery {
	status := posthorn.DeliveryPending
	if webhook.Status == posthorn.WebhookActive && i.Dispatcher.Reserve(webhook, len(event.Data)) {
		status = posthorn.DeliveryLeased
	}
	return posthorn.Delivery{
		ID:            posthorn.NewID[posthorn.DeliveryID](event.AcceptedAt, i.Random),
		EventID:       event.ID,
		WebhookID:     webhook.ID,
		EnvironmentID: event.EnvironmentID,
		EventPublicID: publicID,
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
	for n := range entries {
		entry := &entries[n]
		for k := range entry.Deliveries {
			delivery := &entry.Deliveries[k]
			switch {
			case !kept[n].Kept:
				i.unreserveOne(&entry.Event, delivery)
			case delivery.Status == posthorn.DeliveryLeased:
				i.Dispatcher.Dispatch(store.Job{
					Lease:    store.Lease{DeliveryID: delivery.ID, NodeID: i.Dispatcher.NodeID(), Epoch: store.FirstEpoch},
					Delivery: *delivery,
					Event:    entry.Event,
				})
			default:
				i.Dispatcher.Wake(delivery.EnvironmentID, delivery.WebhookID)
			}
		}
	}
}

func (i *Intake) unreserve(entries []store.Entry) {
	for n := range entries {
		for k := range entries[n].Deliveries {
			i.unreserveOne(&entries[n].Event, &entries[n].Deliveries[k])
		}
	}
}

func (i *Intake) unreserveOne(event *posthorn.Event, delivery *posthorn.Delivery) {
	if delivery.Status == posthorn.DeliveryLeased {
		i.Dispatcher.Unreserve(delivery.WebhookID, len(event.Data))
	}
}
