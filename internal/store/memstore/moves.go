package memstore

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// move takes a delivery to a status. It is the only way a delivery's status
// changes, so that stats and the pending deliveries always agree with it.
func (s *Store) move(d *delivery, status posthorn.DeliveryStatus, now time.Time) {
	s.count(d, -1)
	d.Status = status
	d.UpdatedAt = kept(now)
	s.count(d, +1)
}

// moveToPending makes a delivery due at a moment.
func (s *Store) moveToPending(d *delivery, due, now time.Time) {
	s.move(d, posthorn.DeliveryPending, now)
	d.DueAt = kept(due)
}

// count enters the delivery, under the status it has, in the books (+1) or takes
// it out of them (-1).
func (s *Store) count(d *delivery, change int64) {
	stats := s.stats[d.WebhookID]
	switch d.Status {
	case posthorn.DeliveryPending, posthorn.DeliveryLeased:
		stats.Pending += change
	case posthorn.DeliverySucceeded:
		stats.Succeeded += change
	case posthorn.DeliveryExhausted:
		stats.Exhausted += change
	case posthorn.DeliveryCancelled:
		stats.Cancelled += change
	case posthorn.DeliveryExpired:
		stats.Expired += change
	case posthorn.DeliveryQuarantined:
		stats.Quarantined += change
	}
	s.stats[d.WebhookID] = stats
	if d.Status != posthorn.DeliveryPending {
		return
	}
	if s.pending[d.WebhookID] == nil {
		s.pending[d.WebhookID] = map[posthorn.DeliveryID]*delivery{}
	}
	if change > 0 {
		s.pending[d.WebhookID][d.ID] = d
		return
	}
	delete(s.pending[d.WebhookID], d.ID)
}

// held returns the delivery if it is held under the lease, else nil.
func (s *Store) held(lease store.Lease) *delivery {
	d := s.deliveries[lease.DeliveryID]
	if d == nil || d.Status != posthorn.DeliveryLeased || d.node != lease.NodeID || d.epoch != lease.Epoch {
		return nil
	}
	return d
}

// earliestDue returns when the first of the picked deliveries is due, and whether
// there is one.
func earliestDue(pending map[posthorn.DeliveryID]*delivery, picked func(*delivery) bool) (time.Time, bool) {
	var earliest time.Time
	found := false
	for _, d := range pending {
		if picked(d) && (!found || d.DueAt.Before(earliest)) {
			earliest, found = d.DueAt, true
		}
	}
	return earliest, found
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
