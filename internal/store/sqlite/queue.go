package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
)

// The numbers of the statuses in the table deliveries.
const (
	pending = iota
	leased
	succeeded
	exhausted
	cancelled
	expired
	quarantined
)

// Join implements store.Queue. That what is leased has not succeeded is said for
// SQLite's sake, which else doesn't see that it can use the index of that.
func (s *Store) Join(ctx context.Context, node posthorn.NodeID, now time.Time, random posthorn.Randomness) ([]posthorn.Delivery, error) {
	var found []posthorn.Delivery
	failpoint.Start()
	err := s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(`INSERT OR REPLACE INTO nodes (id, joined_at) VALUES (?, ?)`, node[:], micros(now)); err != nil || failpoint.Is(failpoint.TakeoverForgotten) {
			return err
		}
		if err := tx.writeEach(tx.unwritten.Find(posthorn.EnvironmentID{}, anyDelivery)); err != nil {
			return err
		}
		if failpoint.Is(failpoint.TakeoverOfEverything) {
			_, _ = tx.exec(`UPDATE deliveries SET status = 0, due_at = ? WHERE status = 2`, micros(now))
		}
		err := tx.keepLost(node, random)
		if err != nil {
			return err
		}
		if found, err = tx.quarantine(node, now); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE deliveries SET status = 0, node_id = NULL, epoch = epoch + 1, crashes = crashes + 1, due_at = ?, updated_at = ?
			WHERE status = 1 AND status <> 2 AND node_id <> ?`, micros(now), micros(now), node[:])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("joining: %w", err)
	}
	return found, nil
}

// Due implements store.Queue. It jumps from webhook to webhook through the index
// of pending deliveries, so its cost grows with the webhooks and not with the
// backlog.
func (s *Store) Due(ctx context.Context, after posthorn.WebhookID, limit int) ([]store.DueWebhook, error) {
	const query = `WITH RECURSIVE found (id) AS (
			SELECT (SELECT webhook_id FROM deliveries WHERE status = 0 AND webhook_id > ? ORDER BY webhook_id LIMIT 1)
			UNION ALL
			SELECT (SELECT webhook_id FROM deliveries WHERE status = 0 AND webhook_id > found.id ORDER BY webhook_id LIMIT 1)
			FROM found WHERE found.id IS NOT NULL LIMIT ?)
		SELECT found.id, w.environment_id,
			(SELECT due_at FROM deliveries WHERE status = 0 AND webhook_id = found.id ORDER BY due_at LIMIT 1)
		FROM found JOIN webhooks w ON w.id = found.id WHERE found.id IS NOT NULL ORDER BY found.id`
	return listed(ctx, s, query, []any{after[:], limit}, func(scan func(...any) error) (store.DueWebhook, error) {
		var d store.DueWebhook
		err := scan(intoID(&d.WebhookID), intoID(&d.EnvironmentID), intoTime(&d.DueAt))
		return d, err
	})
}

// Release implements store.Queue.
func (s *Store) Release(ctx context.Context, leases []store.Lease, now time.Time) error {
	err := s.writeRows(ctx, len(leases), func(tx *tx) error {
		for _, lease := range leases {
			if err := tx.writeOne(lease.DeliveryID); err != nil {
				return err
			}
			_, err := tx.exec(`UPDATE deliveries SET status = 0, node_id = NULL, epoch = epoch + 1, due_at = ?, updated_at = ?
				WHERE id = ? AND status = 1 AND node_id = ? AND epoch = ?`,
				micros(now), micros(now), lease.DeliveryID[:], lease.NodeID[:], lease.Epoch)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("releasing deliveries: %w", err)
	}
	return nil
}

// startOver makes a delivery that nobody holds due now, with all its retries before it.
const startOver = `UPDATE deliveries SET status = ?, uncounted = attempts, crashes = 0, format = NULL, format_version = 0, due_at = ?2, updated_at = ?2 WHERE id = ?3`

// Retry implements store.Queue.
func (s *Store) Retry(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error) {
	if _, isLeased := s.writer.book.Has(id); isLeased {
		return posthorn.Delivery{}, fmt.Errorf("moving a delivery: %w", posthorn.ErrConflict)
	}
	return s.move(ctx, id, func(tx *tx, status int) error {
		if status == leased {
			return posthorn.ErrConflict
		}
		return tx.end(id, status, pending, now, startOver)
	})
}

// Cancel implements store.Queue.
func (s *Store) Cancel(ctx context.Context, id posthorn.DeliveryID, now time.Time) (posthorn.Delivery, error) {
	return s.move(ctx, id, func(tx *tx, status int) error {
		if status != pending && status != leased && status != quarantined {
			return posthorn.ErrConflict
		}
		return tx.end(id, status, cancelled, now, `UPDATE deliveries SET status = ?, node_id = NULL, epoch = epoch + 1, updated_at = ?2 WHERE id = ?3`)
	})
}

func (s *Store) move(ctx context.Context, id posthorn.DeliveryID, change func(tx *tx, status int) error) (posthorn.Delivery, error) {
	var moved posthorn.Delivery
	err := s.write(ctx, func(tx *tx) error {
		var status int
		if err := tx.writeOne(id); err != nil {
			return err
		}
		if err := tx.get(`SELECT status FROM deliveries WHERE id = ?`, []any{id[:]}, &status); err != nil {
			return err
		}
		if err := change(tx, status); err != nil {
			return err
		}
		var err error
		moved, err = scanDelivery(func(targets ...any) error { return tx.get(selectDelivery+` WHERE d.id = ?`, []any{id[:]}, targets...) })
		return err
	})
	if err != nil {
		return posthorn.Delivery{}, fmt.Errorf("moving a delivery: %w", err)
	}
	return moved, nil
}

// end puts one delivery into another status.
func (t *tx) end(id posthorn.DeliveryID, from, to int, now time.Time, update string) error {
	var webhook posthorn.WebhookID
	if err := t.get(`SELECT webhook_id FROM deliveries WHERE id = ?`, []any{id[:]}, intoID(&webhook)); err != nil {
		return err
	}
	if _, err := t.exec(update, to, micros(now), id[:]); err != nil {
		return err
	}
	t.countMove(webhook, from, to, 1)
	return nil
}

// CancelPending implements store.Queue.
func (s *Store) CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error) {
	return s.endPending(ctx, webhook, cancelled, time.Unix(1<<40, 0), limit, now)
}

// Expire implements store.Queue.
func (s *Store) Expire(ctx context.Context, webhook posthorn.WebhookID, dueBefore time.Time, limit int, now time.Time) (int, error) {
	return s.endPending(ctx, webhook, expired, dueBefore, limit, now)
}

func (s *Store) endPending(ctx context.Context, webhook posthorn.WebhookID, status int, dueBefore time.Time, limit int, now time.Time) (int, error) {
	var ended int64
	err := s.writeRows(ctx, limit, func(tx *tx) error {
		var err error
		ended, err = tx.exec(`UPDATE deliveries SET status = ?, updated_at = ? WHERE id IN (
			SELECT id FROM deliveries WHERE status = 0 AND webhook_id = ? AND due_at < ? ORDER BY due_at, id LIMIT ?)`,
			status, micros(now), webhook[:], micros(dueBefore), limit)
		if err == nil && ended > 0 {
			tx.countMove(webhook, pending, status, int(ended))
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ending pending deliveries: %w", err)
	}
	return int(ended), nil
}

// Record implements store.Queue.
func (s *Store) Record(ctx context.Context, recordings []store.Recording) ([]error, error) {
	if err := failpoint.Hit(failpoint.AfterSendBeforeRecord); err != nil {
		return nil, fmt.Errorf("recording attempts: %w", err)
	}
	results := make([]error, len(recordings))
	err := s.writeRows(ctx, len(recordings), func(tx *tx) error {
		for i := range recordings {
			results[i] = tx.record(&recordings[i])
			if results[i] != nil && !errors.Is(results[i], store.ErrLeaseLost) { // of a lost lease the attempt is kept all the same
				return results[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recording attempts: %w", err)
	}
	return results, nil
}
