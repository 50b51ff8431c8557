package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

const selectEvent = `SELECT id, environment_id, given_id, type, timestamp, accepted_at, deliveries, data FROM events`

func scanEvent(scan func(targets ...any) error) (posthorn.Event, error) {
	var e posthorn.Event
	err := scan(intoID(&e.ID), intoID(&e.EnvironmentID), intoText(&e.GivenID), &e.Type, intoTime(&e.Timestamp), intoTime(&e.AcceptedAt), &e.Deliveries, &e.Data)
	if err != nil {
		return posthorn.Event{}, fmt.Errorf("reading an event: %w", err)
	}
	return e, nil
}

func (t *tx) eventByGivenID(environment posthorn.EnvironmentID, givenID string) (posthorn.Event, error) {
	return scanEvent(func(targets ...any) error {
		return t.get(selectEvent+` WHERE environment_id = ? AND given_id = ?`, []any{environment[:], givenID}, targets...)
	})
}

// Event implements store.Ledger.
func (s *Store) Event(ctx context.Context, within store.Reach, id posthorn.EventID) (posthorn.Event, error) {
	query, args := eventWithin(within, id)
	return scanEvent(func(targets ...any) error { return s.one(ctx, query, args, targets...) })
}

// eventWithin looks into each environment of the reach: an index of ids alone, for this
// one question, would cost every event a fifteenth of what writing it does.
func eventWithin(r store.Reach, id posthorn.EventID) (string, []any) {
	switch {
	case !r.EnvironmentID.IsZero():
		return selectEvent + ` WHERE environment_id = ? AND id = ?`, []any{r.EnvironmentID[:], id[:]}
	case !r.WorkspaceID.IsZero():
		return selectEvent + ` WHERE environment_id IN (SELECT id FROM environments WHERE workspace_id = ?) AND id = ?`, []any{r.WorkspaceID[:], id[:]}
	default:
		return selectEvent + ` WHERE environment_id IN (SELECT id FROM environments) AND id = ?`, []any{id[:]}
	}
}

// EventByGivenID implements store.Ledger.
func (s *Store) EventByGivenID(ctx context.Context, environment posthorn.EnvironmentID, givenID string) (posthorn.Event, error) {
	return scanEvent(func(targets ...any) error {
		return s.one(ctx, selectEvent+` WHERE environment_id = ? AND given_id = ?`, []any{environment[:], orNull(givenID)}, targets...)
	})
}

// Events implements store.Ledger.
func (s *Store) Events(ctx context.Context, q store.EventQuery) ([]posthorn.Event, error) {
	query, args := listEvents(q)
	return listed(ctx, s, query, args, scanEvent)
}

func listEvents(q store.EventQuery) (string, []any) {
	var c conditions
	c.add(!q.EnvironmentID.IsZero(), "environment_id = ?", q.EnvironmentID[:])
	c.add(q.Type != "", "type = ?", q.Type)
	c.addSpan("accepted_at", q.Accepted)
	c.addIDs("id", q.Page)
	from := "events"
	if q.Type != "" && !q.EnvironmentID.IsZero() {
		from += " INDEXED BY events_by_type"
	}
	return `SELECT id, environment_id, given_id, type, timestamp, accepted_at, deliveries, NULL FROM ` + from + c.where("id DESC", q.Page.Limit), c.args
}

const deliveryColumns = `d.id, d.event_id, d.webhook_id, d.environment_id, d.status, d.attempts, d.uncounted, d.due_at, d.last_reason, d.last_status_code, d.crashes, d.format, d.format_version, d.created_at, d.updated_at`

const selectDelivery = selectDeliveryFrom + `deliveries d` + withEvent

// A delivery is read together with its event.
const (
	selectDeliveryFrom = `SELECT ` + deliveryColumns + `, e.given_id, e.type FROM `
	withEvent          = ` CROSS JOIN events e ON e.environment_id = d.environment_id AND e.id = d.event_id`
)

func deliveryTargets(d *posthorn.Delivery) []any {
	return []any{
		intoID(&d.ID), intoID(&d.EventID), intoID(&d.WebhookID), intoID(&d.EnvironmentID), intoStatus(&d.Status), &d.Attempts, &d.Uncounted,
		intoTime(&d.DueAt), &d.LastReason, &d.LastStatusCode, &d.Crashes, intoText(&d.Format.Name), &d.Format.Version, intoTime(&d.CreatedAt), intoTime(&d.UpdatedAt),
	}
}

func scanDelivery(scan func(targets ...any) error) (posthorn.Delivery, error) {
	var d posthorn.Delivery
	var givenID string
	if err := scan(append(deliveryTargets(&d), intoText(&givenID), &d.EventType)...); err != nil {
		return posthorn.Delivery{}, fmt.Errorf("reading a delivery: %w", err)
	}
	d.EventPublicID = posthorn.Event{ID: d.EventID, GivenID: givenID}.PublicID()
	return d, nil
}

// Delivery implements store.Ledger.
func (s *Store) Delivery(ctx context.Context, id posthorn.DeliveryID) (posthorn.Delivery, error) {
	if d, ok := s.writer.book.Has(id); ok {
		s.settle(ctx, []unwritten.Delivery{d})
	}
	return scanDelivery(func(targets ...any) error {
		return s.one(ctx, selectDelivery+` WHERE d.id = ?`, []any{id[:]}, targets...)
	})
}

// selectAttempts reads the first attempt out of its delivery's row if it lies there.
const selectAttempts = `SELECT 1 AS number, first_attempt AS attempt FROM deliveries WHERE id = ?1 AND ?2 < 1 AND length(first_attempt) > 0
	UNION ALL SELECT number, attempt FROM attempts WHERE delivery_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3`

// Attempts implements store.Ledger.
func (s *Store) Attempts(ctx context.Context, delivery posthorn.DeliveryID, after, limit int) ([]posthorn.Attempt, error) {
	return listed(ctx, s, selectAttempts, []any{delivery[:], after, limit}, func(scan func(...any) error) (posthorn.Attempt, error) {
		a := posthorn.Attempt{DeliveryID: delivery}
		err := scan(&a.Number, intoAttempt(&a))
		return a, err
	})
}
