package memstore

import (
	"context"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Record implements store.Queue.
func (s *Store) Record(ctx context.Context, recordings []store.Recording) ([]error, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	results := make([]error, len(recordings))
	for i, r := range recordings {
		results[i] = s.record(r)
	}
	return results, nil
}

func (s *Store) record(r store.Recording) error {
	attempt := copyAttempt(r.Attempt)
	d := s.held(r.Lease)
	if d == nil || d.WebhookID != r.WebhookID {
		s.keepLateAttempt(attempt)
		return store.ErrLeaseLost
	}
	s.keepAttempt(attempt)
	s.moveAfter(d, attempt, r)
	s.countAttempt(d.WebhookID, attempt)
	s.follow(d.WebhookID, attempt, r)
	return nil
}

// keepAttempt keeps an attempt under its number, or under the next one if a late
// attempt has taken it.
func (s *Store) keepAttempt(attempt posthorn.Attempt) {
	there := s.attempts[attempt.DeliveryID]
	if s.hasAttempt(attempt) {
		attempt.Number = there[len(there)-1].Number + 1
	}
	s.insertAttempt(attempt)
}

// keepLost keeps that the delivery may have been sent.
func (s *Store) keepLost(d *delivery, random posthorn.Randomness) {
	attempt := store.LostAttempt(d.Delivery, s.webhooks[d.WebhookID].URL, random)
	s.keepAttempt(attempt)
	s.countAttempt(d.WebhookID, attempt)
	d.Attempts++
	d.Uncounted++
	d.LastReason, d.LastStatusCode = attempt.Outcome.Reason, 0
}

func (s *Store) keepLateAttempt(attempt posthorn.Attempt) {
	s.attempts[attempt.DeliveryID] = slices.DeleteFunc(s.attempts[attempt.DeliveryID], func(other posthorn.Attempt) bool {
		return other.Number == attempt.Number && other.Outcome.Reason == posthorn.ReasonOutcomeUnknown
	})
	if s.deliveries[attempt.DeliveryID] == nil || s.hasAttempt(attempt) {
		return
	}
	s.insertAttempt(attempt)
}

func (s *Store) hasAttempt(attempt posthorn.Attempt) bool {
	return slices.ContainsFunc(s.attempts[attempt.DeliveryID], func(other posthorn.Attempt) bool { return other.Number == attempt.Number })
}

func (s *Store) insertAttempt(attempt posthorn.Attempt) {
	attempts := append(s.attempts[attempt.DeliveryID], attempt)
	slices.SortFunc(attempts, func(a, b posthorn.Attempt) int { return a.Number - b.Number })
	s.attempts[attempt.DeliveryID] = attempts
}

func (s *Store) moveAfter(d *delivery, attempt posthorn.Attempt, r store.Recording) {
	d.Attempts++
	d.Crashes = 0
	if r.Next.Uncounted {
		d.Uncounted++
	}
	d.Format = r.Format
	d.LastReason, d.LastStatusCode = attempt.Outcome.Reason, attempt.Outcome.StatusCode
	if r.Next.Status == posthorn.DeliveryPending {
		s.moveToPending(d, r.Next.DueAt, r.Now)
		return
	}
	s.move(d, r.Next.Status, r.Now)
}

func (s *Store) countAttempt(webhook posthorn.WebhookID, attempt posthorn.Attempt) {
	stats := s.stats[webhook]
	stats.Attempts++
	stats.LastAttemptAt = later(stats.LastAttemptAt, attempt.StartedAt)
	switch {
	case attempt.Outcome.Succeeded():
		stats.LastSuccessAt = later(stats.LastSuccessAt, attempt.StartedAt)
	case attempt.Outcome.Reason != posthorn.ReasonOutcomeUnknown:
		stats.LastFailureAt = later(stats.LastFailureAt, attempt.StartedAt)
	}
	s.stats[webhook] = stats
}

// follow does to the webhook what the attempt asks for.
func (s *Store) follow(id posthorn.WebhookID, attempt posthorn.Attempt, r store.Recording) {
	webhook, exists := s.webhooks[id]
	if !exists {
		return
	}
	webhook.HoldUntil = later(webhook.HoldUntil, kept(r.Next.HoldUntil))
	if r.Breaker != nil && !webhook.Breaker.ChangedAt.After(kept(r.Breaker.ChangedAt)) {
		webhook.Breaker = copyBreaker(*r.Breaker)
	}
	if r.Next.DisableWebhook && webhook.Status == posthorn.WebhookActive {
		webhook.Status = posthorn.WebhookDisabled
		webhook.StatusReason = attempt.Outcome.Detail
		webhook.UpdatedAt = kept(r.Now)
		s.versions[webhook.EnvironmentID]++
	}
	s.webhooks[id] = webhook
}
