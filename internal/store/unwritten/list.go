package unwritten

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
)

// Divide tells the deliveries of an event that its list promises, because they are leased at once to
// the node, from those that become rows now. Of times it keeps microseconds.
func Divide(node posthorn.NodeID, entry *store.Entry) ([]Delivery, []*posthorn.Delivery) {
	var promised []Delivery
	var rows []*posthorn.Delivery
	at := entry.Event.AcceptedAt.UTC().Truncate(time.Microsecond)
	for i := range entry.Deliveries {
		d := &entry.Deliveries[i]
		if !isUsual(d, at) || failpoint.Is(failpoint.FanoutOutsideTransaction) {
			rows = append(rows, d)
			continue
		}
		if promised == nil {
			promised = make([]Delivery, 0, len(entry.Deliveries)-i)
		}
		promised = append(promised, Delivery{ID: d.ID, EventID: d.EventID, WebhookID: d.WebhookID, EnvironmentID: d.EnvironmentID, NodeID: node, At: at})
	}
	return promised, rows
}

// isUsual reports whether all that there is to know of a delivery is in a list, or in the event.
func isUsual(d *posthorn.Delivery, at time.Time) bool {
	for _, moment := range []time.Time{d.DueAt, d.CreatedAt, d.UpdatedAt} {
		if !moment.Truncate(time.Microsecond).Equal(at) {
			return false
		}
	}
	return d.Status == posthorn.DeliveryLeased
}

// List is how an event's row lists what is promised: the node, and of each delivery the id and
// the webhook's. It is nil when nothing is.
func List(promised []Delivery) []byte {
	if len(promised) == 0 {
		return nil
	}
	const width = len(posthorn.DeliveryID{}) + len(posthorn.WebhookID{})
	list := make([]byte, 0, len(posthorn.NodeID{})+len(promised)*width)
	list = append(list, promised[0].NodeID[:]...)
	for i := range promised {
		list = append(append(list, promised[i].ID[:]...), promised[i].WebhookID[:]...)
	}
	return list
}
