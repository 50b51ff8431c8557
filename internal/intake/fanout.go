package intake

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/filter"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// MaxBatchDeliveries is how many deliveries the events of one publication may
// make together, and MaxBatchFilterCost what its filters may cost in units, so
// that nobody's batch keeps everybody else waiting. A single event is exempt.
const (
	MaxBatchDeliveries = 5000
	MaxBatchFilterCost = 25 * filter.MaxEventCost
)

// match finds the webhooks that want each event, and how many events and
// deliveries are to be written.
func (i *Intake) match(ctx context.Context, directory *snapshot.Environment, events []posthorn.Event) ([]filter.Matches, int, error) {
	if directory.HasFilters() {
		endTurn, err := i.filtering.take(ctx, directory.WorkspaceID, 1)
		if err != nil {
			return nil, 0, err
		}
		defer endTurn()
	}
	matches := make([]filter.Matches, len(events))
	deliveries, cost := 0, uint64(0)
	for n := range events {
		matches[n] = directory.Match(&events[n])
		deliveries += len(matches[n].Webhooks)
		cost += matches[n].Cost
		if len(events) == 1 {
			continue
		}
		if deliveries > MaxBatchDeliveries {
			return nil, 0, tooMuch(fmt.Sprintf("The batch makes more than %d deliveries: its events are many, and so are the webhooks that want them.", MaxBatchDeliveries))
		}
		if cost > MaxBatchFilterCost {
			return nil, 0, tooMuch(fmt.Sprintf("The filters of the webhooks cost more than %d units for this batch.", MaxBatchFilterCost))
		}
	}
	return matches, len(events) + deliveries, nil
}

func tooMuch(message string) error {
	return &posthorn.Error{Code: posthorn.CodeTooLarge, Message: message, Hint: "Nothing was kept. Send fewer events at a time."}
}

// fanOut makes a delivery for each webhook that wants each event. Those for
// which the engine has room are leased to this node at once.
func (i *Intake) fanOut(events []posthorn.Event, matches []filter.Matches) []store.Entry {
	entries := make([]store.Entry, len(events))
	for n, event := range events {
		wanting := matches[n].Webhooks
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
