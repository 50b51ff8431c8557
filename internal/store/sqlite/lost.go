package sqlite

import (
	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// keepLost keeps of each delivery that another node holds that it may have been
// sent. Nodes hold a bounded number, so that their ids fit in memory.
func (t *tx) keepLost(node posthorn.NodeID, random posthorn.Randomness) error {
	var ids []posthorn.DeliveryID
	err := t.each(`SELECT id FROM deliveries INDEXED BY deliveries_not_succeeded WHERE status = 1 AND status <> 2 AND node_id <> ? ORDER BY id`, []any{node[:]}, func(scan func(...any) error) (bool, error) {
		var id posthorn.DeliveryID
		err := scan(intoID(&id))
		ids = append(ids, id)
		return true, err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := t.keepLostAttempt(id, random); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) keepLostAttempt(id posthorn.DeliveryID, random posthorn.Randomness) error {
	d := posthorn.Delivery{ID: id}
	var url string
	err := t.get(`SELECT d.webhook_id, d.attempts, d.updated_at, w.url FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?`,
		[]any{id[:]}, intoID(&d.WebhookID), &d.Attempts, intoTime(&d.UpdatedAt), &url)
	if err != nil {
		return err
	}
	attempt := store.LostAttempt(d, url, random)
	if err := t.keepAttempt(attempt); err != nil {
		return err
	}
	t.countAttempt(d.WebhookID, &attempt)
	_, err = t.exec(`UPDATE deliveries SET attempts = attempts + 1, uncounted = uncounted + 1, last_reason = ?, last_status_code = 0 WHERE id = ?`,
		string(attempt.Outcome.Reason), id[:])
	return err
}
