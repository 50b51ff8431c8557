package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// quarantine ends those deliveries that other nodes hold and for which that is one
// crash too many. They are few: such deliveries are tried alone.
func (t *tx) quarantine(node posthorn.NodeID, now time.Time) ([]posthorn.Delivery, error) {
	var found []posthorn.Delivery
	for {
		var id posthorn.DeliveryID
		err := t.get(`SELECT id FROM deliveries INDEXED BY deliveries_not_succeeded WHERE status = 1 AND status <> 2 AND node_id <> ? AND crashes + 1 >= ? ORDER BY id LIMIT 1`,
			[]any{node[:], posthorn.QuarantineAfter}, intoID(&id))
		if errors.Is(err, posthorn.ErrNotFound) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		err = t.end(id, leased, quarantined, now,
			`UPDATE deliveries SET status = ?, node_id = NULL, epoch = epoch + 1, crashes = crashes + 1, updated_at = ?2 WHERE id = ?3`)
		if err != nil {
			return nil, err
		}
		d, err := scanDelivery(func(targets ...any) error { return t.get(selectDelivery+` WHERE d.id = ?`, []any{id[:]}, targets...) })
		if err != nil {
			return nil, err
		}
		found = append(found, d)
	}
}

// Suspects implements store.Queue. Its cost grows with the suspects, of which
// there are none unless a process died again and again.
func (s *Store) Suspects(ctx context.Context, now time.Time, limit int) ([]store.SuspectWebhook, error) {
	const query = `SELECT d.webhook_id, w.environment_id, d.crashes FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id
		WHERE d.status = 0 AND d.crashes >= 3 AND d.due_at <= ?1 AND w.status = 'active' AND w.hold_until <= ?1
		GROUP BY d.crashes, d.webhook_id ORDER BY d.crashes, d.webhook_id LIMIT ?2`
	return listed(ctx, s, query, []any{micros(now), limit}, func(scan func(...any) error) (store.SuspectWebhook, error) {
		var suspect store.SuspectWebhook
		err := scan(intoID(&suspect.WebhookID), intoID(&suspect.EnvironmentID), &suspect.Crashes)
		return suspect, err
	})
}
