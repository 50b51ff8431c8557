package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Join implements store.Queue. Only one node can use this store, so the leases
// of all others are given back.
func (s *Store) Join(ctx context.Context, node posthorn.NodeID, now time.Time, random posthorn.Randomness) ([]posthorn.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var quarantined []posthorn.Delivery
	for _, id := range idsOf(s.deliveries, func(_ posthorn.DeliveryID, d *delivery) bool {
		return d.Status == posthorn.DeliveryLeased && d.node != node
	}) {
		d := s.deliveries[id]
		s.keepLost(d, random)
		d.Crashes++
		if d.Crashes < posthorn.QuarantineAfter {
			s.moveToPending(d, now, now)
			continue
		}
		s.move(d, posthorn.DeliveryQuarantined, now)
		quarantined = append(quarantined, d.Delivery)
	}
	return quarantined, nil
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
		earliest, _ := earliestDue(s.pending[id], func(*delivery) bool { return true })
		due = append(due, store.DueWebhook{WebhookID: id, EnvironmentID: s.webhooks[id].EnvironmentID, DueAt: earliest})
	}
	return due, nil
}

// Suspects implements store.Queue.
func (s *Store) Suspects(ctx context.Context, now time.Time, limit int) ([]store.SuspectWebhook, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := map[store.SuspectWebhook]bool{}
	for id, pending := range s.pending {
		webhook := s.webhooks[id]
		if webhook.Status != posthorn.WebhookActive || webhook.HoldUntil.After(kept(now)) {
			continue
		}
		for _, d := range pending {
			if d.IsSuspect() && !d.DueAt.After(kept(now)) {
				found[store.SuspectWebhook{WebhookID: id, EnvironmentID: webhook.EnvironmentID, Crashes: d.Crashes}] = true
			}
		}
	}
	suspects := slices.SortedFunc(maps.Keys(found), func(a, b store.SuspectWebhook) int {
		if a.Crashes != b.Crashes {
			return a.Crashes - b.Crashes
		}
		return compareIDs(a.WebhookID, b.WebhookID)
	})
	return suspects[:min(limit, len(suspects))], nil
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
	if due, isThere := earliestDue(s.pending[c.WebhookID], func(d *delivery) bool { return isFor(c, d) }); isThere {
		claimed.NextAt = later(due, webhook.HoldUntil)
	}
	return claimed, nil
}

// isFor reports whether a claim may have the delivery, once it is due.
func isFor(c store.Claim, d *delivery) bool {
	if c.Crashes == 0 {
		return !d.IsSuspect()
	}
	return d.Crashes == c.Crashes
}

// lease takes what a claim may have, in the order of due times.
func (s *Store) lease(c store.Claim) []store.Job {
	var due []*delivery
	for _, d := range s.pending[c.WebhookID] {
		if isFor(c, d) && !d.DueAt.After(kept(c.Now)) {
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
	s.startOver(d, now)
	return d.Delivery, nil
}

// startOver makes a delivery that nobody holds due now, with all its retries before it.
func (s *Store) startOver(d *delivery, now time.Time) {
	d.Uncounted, d.Crashes, d.Format = d.Attempts, 0, posthorn.FormatVersion{}
	s.moveToPending(d, now, now)
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
	if !d.Status.MayMoveTo(posthorn.DeliveryCancelled) {
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
