package memstore

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
)

// Rewind implements store.Queue.
func (s *Store) Rewind(ctx context.Context, limit int, now time.Time) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	now = kept(now)
	for id, webhook := range s.webhooks {
		s.webhooks[id] = s.rewindWebhook(webhook, now)
	}
	count := 0
	for _, d := range s.deliveries {
		if d.Status != posthorn.DeliveryPending || !d.UpdatedAt.After(now) || count == limit {
			continue
		}
		d.DueAt, d.UpdatedAt = d.DueAt.Add(now.Sub(d.UpdatedAt)), now
		count++
	}
	return count, nil
}

func (s *Store) rewindWebhook(webhook posthorn.Webhook, now time.Time) posthorn.Webhook {
	stats := s.stats[webhook.ID]
	if ahead := stats.LastAttemptAt.Sub(now); ahead > 0 && webhook.HoldUntil.After(now) {
		webhook.HoldUntil = webhook.HoldUntil.Add(-ahead)
	}
	if ahead := webhook.Breaker.ChangedAt.Sub(now); ahead > 0 {
		if webhook.Breaker.IsOpen() {
			webhook.Breaker.OpenedAt = webhook.Breaker.OpenedAt.Add(-ahead)
			webhook.Breaker.NextProbeAt = webhook.Breaker.NextProbeAt.Add(-ahead)
		}
		webhook.Breaker.ChangedAt = now
	}
	if stats.LastAttemptAt.After(now) {
		stats.LastAttemptAt = now
		stats.LastSuccessAt, stats.LastFailureAt = earlier(stats.LastSuccessAt, now), earlier(stats.LastFailureAt, now)
		s.stats[webhook.ID] = stats
	}
	return webhook
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
