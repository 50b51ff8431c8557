package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Deliveries implements store.Ledger.
func (s *Store) Deliveries(ctx context.Context, q store.DeliveryQuery) ([]posthorn.Delivery, error) {
	s.settle(ctx, s.unwrittenOf(q))
	index, err := s.indexFor(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("listing deliveries: %w", err)
	}
	query, args, err := listDeliveries(q, index)
	if err != nil {
		return nil, err
	}
	return listed(ctx, s, query, args, scanDelivery)
}

func listDeliveries(q store.DeliveryQuery, index string) (string, []any, error) {
	var c conditions
	if err := c.addStatus(q.Status); err != nil {
		return "", nil, err
	}
	c.add(!q.EnvironmentID.IsZero(), "d.environment_id = ?", q.EnvironmentID[:])
	c.add(!q.WebhookID.IsZero(), "d.webhook_id = ?", q.WebhookID[:])
	if !q.EventID.IsZero() {
		c.add(true, "d.event_id = ?", q.EventID[:])
		c.ids = idsBeside(q.EventID)
	}
	c.addSpan("d.created_at", q.Created)
	c.addIDs("d.id", q.Page)
	from := "deliveries d"
	if index != "" {
		from += " INDEXED BY " + index
	}
	return selectDeliveryFrom + from + withEvent + c.where("d.id DESC", q.Page.Limit), c.args, nil
}

// addStatus asks for deliveries of a status, or of any. The number stands in the text
// so that SQLite sees that it can use the indexes of some statuses.
func (c *conditions) addStatus(wanted posthorn.DeliveryStatus) error {
	if wanted == "" {
		return nil
	}
	status, err := statusNumber(wanted)
	if err != nil {
		return err
	}
	c.texts = append(c.texts, fmt.Sprintf("d.status = %d", status))
	switch {
	case status > succeeded:
		c.texts = append(c.texts, "d.status > 2", "d.status <> 2")
	case status < succeeded:
		c.texts = append(c.texts, "d.status <> 2")
	}
	return nil
}

// byID is the index of the table itself.
const byID = "sqlite_autoindex_deliveries_1"

// indexFor returns the index that has what a query asks for side by side, newest
// first: SQLite, which doesn't know how much there is of everything, would take
// one that leads it past millions of others.
func (s *Store) indexFor(ctx context.Context, q store.DeliveryQuery) (string, error) {
	isOne, isAnywhere := !q.WebhookID.IsZero(), q.EnvironmentID.IsZero()
	switch {
	case !q.EventID.IsZero():
		return byID, nil
	case isOne && q.Status == posthorn.DeliveryPending:
		return s.indexForPending(ctx, q.WebhookID)
	case q.Status == "" || q.Status == posthorn.DeliverySucceeded:
	case isOne && q.Status != posthorn.DeliveryLeased:
		return "deliveries_over", nil
	case !isAnywhere:
		return "deliveries_not_succeeded", nil
	}
	switch {
	case isOne:
		return "deliveries_by_webhook", nil
	case isAnywhere:
		return "", nil
	default:
		return "deliveries_by_environment", nil
	}
}

// fewPending is how many rows are quickly sorted.
const fewPending = 5000

// indexForPending: what is pending lies by its due time. Few are sorted; where there
// are many, they aren't far apart among all deliveries of the webhook.
func (s *Store) indexForPending(ctx context.Context, webhook posthorn.WebhookID) (string, error) {
	var count int
	err := s.one(ctx, `SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_due WHERE status = 0 AND webhook_id = ? LIMIT ?)`,
		[]any{webhook[:], fewPending + 1}, &count)
	if err != nil || count > fewPending {
		return "deliveries_by_webhook", err
	}
	return "deliveries_due", nil
}
