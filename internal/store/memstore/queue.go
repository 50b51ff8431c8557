package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Join implements store.Queue. Only one node can use this store, so the leases
// of all others are given back.
func (s *Store) Join(ctx context.Context, node posthorn.NodeID, now time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, d := range s.deliveries {
		if d.Status == posthorn.DeliveryLeased && d.node != node {
			s.moveToPending(d, now, now)
		}
	}
	return nil
}

// Due implements store.Queue.
func (s *Store) Due(ctx context.Context, after posthorn.WebhookID, limit int) ([]store.DueWebhook, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	ids := idsOf(s.pending, func(id posthorn.WebhookID, pending map[posthorn.DeliveryID]*delivery) bool {
		return len(pending) > 0 && compareIDs(id, after) > 0
	})
	var due []store.DueWebhook
	for _, id := range ids[:min(limit, len(ids))] {
		due = append(due, store.DueWebhook{
			WebhookID:     id,
			EnvironmentID: s.webhooks[id].EnvironmentID,
			DueAt:         earliestDue(s.pending[id]),
		})
	}
	return due, nil
}

// Claim implements store.Queue.
func (s *Store) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	if err := s.enter(ctx); err != nil {
		return store.Claimed{}, err
	}
	defer s.mu.Unlock()
	webhook := s.webhooks[c.WebhookID]
	if webhook.Status != posthorn.WebhookActive {
		return store.Claimed{}, nil
	}
	var claimed store.Claimed
	if !webhook.HoldUntil.After(kept(c.Now)) {
		claimed.Jobs = s.lease(c)
	}
	if left := s.pending[c.WebhookID]; len(left) > 0 {
		claimed.NextAt = later(earliestDue(left), webhook.HoldUntil)
	}
	return claimed, nil
}

// lease takes what a claim may have, in the order of due times.
func (s *Store) lease(c store.Claim) []store.Job {
	var due []*delivery
	for _, d := range s.pending[c.WebhookID] {
		if !d.DueAt.After(kept(c.Now)) {
			due = append(due, d)
		}
	}
	slices.SortFunc(due, func(a, b *delivery) int {
		if order := a.DueAt.Compare(b.DueAt); order != 0 {
			return order
		}
		return compareIDs(a.ID, b.ID)
	})
	var jobs []store.Job
	bytes := 0
	for _, d := range due[:min(c.Limit, len(due))] {
		event := s.events[d.EventID]
		bytes += len(event.Data)
		if len(jobs) > 0 && bytes > c.MaxBytes {
			break
		}
		s.move(d, posthorn.DeliveryLeased, c.Now)
		d.node = c.NodeID
		d.epoch++
		jobs = append(jobs, store.Job{
			Lease:    store.Lease{DeliveryID: d.ID, NodeID: d.node, Epoch: d.epoch},
			Delivery: d.Delivery,
			Event:    event,
		})
	}
	return jobs
}

// Release implements store.Queue.
func (s *Store) Release(ctx context.Context, leases []store.Lease, now time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, lease := range leases {
		if d := s.held(lease); d != nil {
			s.moveToPending(d, now, now)
		}
	}
	return nil
}

// Retry implements store.Queue.
func (s *Store) Retry(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Delivery{}, err
	}
	defer s.mu.Unlock()
	d := s.deliveries[id]
	if d == nil {
		return posthorn.Delivery{}, posthorn.ErrNotFound
	}
	if d.Status == posthorn.DeliveryLeased {
		return posthorn.Delivery{}, posthorn.ErrConflict
	}
	d.Uncounted = d.Attempts
	s.moveToPending(d, now, now)
	return d.Delivery, nil
}

// Cancel implements store.Queue.
func (s *Store) Cancel(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Delivery{}, err
	}
	defer s.mu.Unlock()
	d := s.deliveries[id]
	if d == nil {
		return posthorn.Delivery{}, posthorn.ErrNotFound
	}
	if d.Status.IsTerminal() {
		return posthorn.Delivery{}, posthorn.ErrConflict
	}
	s.move(d, posthorn.DeliveryCancelled, now)
	return d.Delivery, nil
}

// CancelPending implements store.Queue.
func (s *Store) CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error) {
	all := func(*delivery) bool { return true }
	return s.endPending(ctx, webhook, all, posthorn.DeliveryCancelled, limit, now)
}

// Expire implements store.Queue.
func (s *Store) Expire(ctx context.Context, webhook posthorn.WebhookID, dueBefore time.Time, limit int, now time.Time) (int, error) {
	tooOld := func(d *delivery) bool { return d.DueAt.Before(kept(dueBefore)) }
	return s.endPending(ctx, webhook, tooOld, posthorn.DeliveryExpired, limit, now)
}

func (s *Store) endPending(ctx context.Context, webhook posthorn.WebhookID, picked func(*delivery) bool, end posthorn.DeliveryStatus, limit int, now time.Time) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	ids := idsOf(s.pending[webhook], func(_ posthorn.DeliveryID, d *delivery) bool { return picked(d) })
	ids = ids[:min(limit, len(ids))]
	for _, id := range ids {
		s.move(s.deliveries[id], end, now)
	}
	return len(ids), nil
}
