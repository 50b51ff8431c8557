package sqlite

import (
	"context"
	"fmt"
	"time"
)

// Rewind implements store.Queue.
func (s *Store) Rewind(ctx context.Context, limit int, now time.Time) (int, error) {
	var moved int64
	err := s.writeRows(ctx, limit, func(tx *tx) error {
		if err := tx.flushStats(); err != nil {
			return err
		}
		for _, statement := range []string{
			`UPDATE webhooks SET hold_until = hold_until - (SELECT last_attempt_at FROM webhook_stats WHERE webhook_id = id) + ?1
				WHERE hold_until > ?1 AND id IN (SELECT webhook_id FROM webhook_stats WHERE last_attempt_at > ?1)`,
			`UPDATE webhooks SET breaker_opened_at = breaker_opened_at - breaker_changed_at + ?1, breaker_probe_at = breaker_probe_at - breaker_changed_at + ?1
				WHERE breaker_changed_at > ?1 AND breaker_opened_at > 0`,
			`UPDATE webhooks SET breaker_changed_at = ?1 WHERE breaker_changed_at > ?1`,
			`UPDATE webhook_stats SET last_attempt_at = ?1, last_success_at = min(last_success_at, ?1), last_failure_at = min(last_failure_at, ?1)
				WHERE last_attempt_at > ?1`,
		} {
			if _, err := tx.exec(statement, micros(now)); err != nil {
				return err
			}
		}
		var err error
		moved, err = tx.exec(`UPDATE deliveries SET due_at = due_at - updated_at + ?1, updated_at = ?1
			WHERE id IN (SELECT id FROM deliveries WHERE status = 0 AND updated_at > ?1 LIMIT ?2)`, micros(now), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("following a clock that was put back: %w", err)
	}
	return int(moved), nil
}
