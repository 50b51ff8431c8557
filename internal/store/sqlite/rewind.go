package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Rewind implements store.Queue.
func (s *Store) Rewind(ctx context.Context, after store.DuePlace, limit int, now time.Time) (store.Rewound, error) {
	var done store.Rewound
	err := s.writeRows(ctx, limit, func(tx *tx) error {
		moved, err := 0, error(nil)
		if after == (store.DuePlace{}) {
			if moved, err = tx.rewindWebhooks(now); err != nil {
				return err
			}
		}
		done, err = tx.rewindDeliveries(after, limit, now)
		done.Moved += moved
		return err
	})
	if err != nil {
		return store.Rewound{}, fmt.Errorf("following a clock that was put back: %w", err)
	}
	return done, nil
}

func (t *tx) rewindWebhooks(now time.Time) (int, error) {
	if err := t.flushStats(); err != nil {
		return 0, err
	}
	moved := 0
	for _, statement := range []string{
		`UPDATE webhooks SET hold_until = hold_until - (SELECT last_attempt_at FROM webhook_stats WHERE webhook_id = id) + ?1
			WHERE hold_until > ?1 AND id IN (SELECT webhook_id FROM webhook_stats WHERE last_attempt_at > ?1)`,
		`UPDATE webhooks SET breaker_opened_at = iif(breaker_opened_at > 0, breaker_opened_at - breaker_changed_at + ?1, breaker_opened_at),
			breaker_probe_at = iif(breaker_opened_at > 0, breaker_probe_at - breaker_changed_at + ?1, breaker_probe_at), breaker_changed_at = ?1
			WHERE breaker_changed_at > ?1`,
		`UPDATE webhook_stats SET last_attempt_at = ?1, last_success_at = min(last_success_at, ?1), last_failure_at = min(last_failure_at, ?1)
			WHERE last_attempt_at > ?1`,
	} {
		changed, err := t.exec(statement, micros(now))
		if err != nil {
			return 0, err
		}
		moved += int(changed)
	}
	return moved, nil
}

const nextPending = `SELECT webhook_id, due_at, id, updated_at FROM deliveries INDEXED BY deliveries_due
	WHERE status = 0 AND (webhook_id, due_at, id) > (?, ?, ?) ORDER BY webhook_id, due_at, id LIMIT ?`

// rewindDeliveries reads before it moves: what is moved changes its place in the index
// that is read.
func (t *tx) rewindDeliveries(after store.DuePlace, limit int, now time.Time) (store.Rewound, error) {
	var last store.DuePlace
	var ahead []posthorn.DeliveryID
	count := 0
	args := []any{after.WebhookID[:], micros(after.DueAt), after.DeliveryID[:], limit}
	err := t.each(nextPending, args, func(scan func(targets ...any) error) (bool, error) {
		var updatedAt time.Time
		if err := scan(intoID(&last.WebhookID), intoTime(&last.DueAt), intoID(&last.DeliveryID), intoTime(&updatedAt)); err != nil {
			return false, err
		}
		count++
		if updatedAt.After(asKept(now)) {
			ahead = append(ahead, last.DeliveryID)
		}
		return true, nil
	})
	if err != nil {
		return store.Rewound{}, err
	}
	for _, id := range ahead {
		if _, err := t.exec(`UPDATE deliveries SET due_at = due_at - updated_at + ?1, updated_at = ?1 WHERE id = ?2`, micros(now), id[:]); err != nil {
			return store.Rewound{}, err
		}
	}
	if count < limit {
		last = store.DuePlace{}
	}
	return store.Rewound{Next: last, Moved: len(ahead)}, nil
}
