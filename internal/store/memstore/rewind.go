package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Rewind implements store.Queue.
func (s *Store) Rewind(ctx context.Context, after store.DuePlace, limit int, now time.Time) (store.Rewound, error) {
	if err := s.enter(ctx); err != nil {
		return store.Rewound{}, err
	}
	defer s.mu.Unlock()
	now = kept(now)
	var done store.Rewound
	if after == (store.DuePlace{}) {
		for id, webhook := range s.webhooks {
			rewound, moved := s.rewindWebhook(webhook, now)
			s.webhooks[id] = rewound
			done.Moved += moved
		}
	}
	next := s.pendingAfter(after)
	if len(next) >= limit {
		next = next[:limit]
		done.Next = placeOf(next[limit-1])
	}
	for _, d := range next {
		if d.UpdatedAt.After(now) {
			d.DueAt, d.UpdatedAt = d.DueAt.Add(now.Sub(d.UpdatedAt)), now
			done.Moved++
		}
	}
	return done, nil
}

// pendingAfter returns the pending deliveries behind a place, in order.
func (s *Store) pendingAfter(after store.DuePlace) []*delivery {
	var found []*delivery
	for _, ofWebhook := range s.pending {
		for _, d := range ofWebhook {
			if comparePlaces(placeOf(d), after) > 0 {
				found = append(found, d)
			}
		}
	}
	slices.SortFunc(found, func(a, b *delivery) int { return comparePlaces(placeOf(a), placeOf(b)) })
	return found
}

func placeOf(d *delivery) store.DuePlace {
	return store.DuePlace{WebhookID: d.WebhookID, DueAt: d.DueAt, DeliveryID: d.ID}
}

func comparePlaces(a, b store.DuePlace) int {
	return cmp.Or(compareIDs(a.WebhookID, b.WebhookID), a.DueAt.Compare(b.DueAt), compareIDs(a.DeliveryID, b.DeliveryID))
}

// rewindWebhook counts the hold, the breaker and the stats, those that were after now.
func (s *Store) rewindWebhook(webhook posthorn.Webhook, now time.Time) (posthorn.Webhook, int) {
	stats, moved := s.stats[webhook.ID], 0
	if ahead := stats.LastAttemptAt.Sub(now); ahead > 0 && webhook.HoldUntil.After(now) {
		webhook.HoldUntil = webhook.HoldUntil.Add(-ahead)
		moved++
	}
	if ahead := webhook.Breaker.ChangedAt.Sub(now); ahead > 0 {
		if webhook.Breaker.IsOpen() {
			webhook.Breaker.OpenedAt = webhook.Breaker.OpenedAt.Add(-ahead)
			webhook.Breaker.NextProbeAt = webhook.Breaker.NextProbeAt.Add(-ahead)
		}
		webhook.Breaker.ChangedAt = now
		moved++
	}
	if stats.LastAttemptAt.After(now) {
		stats.LastAttemptAt = now
		stats.LastSuccessAt, stats.LastFailureAt = earlier(stats.LastSuccessAt, now), earlier(stats.LastFailureAt, now)
		s.stats[webhook.ID] = stats
		moved++
	}
	return webhook, moved
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
