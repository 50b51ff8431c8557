package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
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
func (s *Store) Event(ctx context.Context, id posthorn.EventID) (posthorn.Event, error) {
	return scanEvent(func(targets ...any) error { return s.one(ctx, selectEvent+` WHERE id = ?`, []any{id[:]}, targets...) })
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
	var events []posthorn.Event
	err := s.each(ctx, query, args, func(scan func(...any) error) error {
		event, err := scanEvent(scan)
		events = append(events, event)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	return events, nil
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
	withEvent          = ` JOIN events e ON e.id = d.event_id`
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
	return scanDelivery(func(targets ...any) error {
		return s.one(ctx, selectDelivery+` WHERE d.id = ?`, []any{id[:]}, targets...)
	})
}

// Attempts implements store.Ledger.
func (s *Store) Attempts(ctx context.Context, delivery posthorn.DeliveryID, after, limit int) ([]posthorn.Attempt, error) {
	const query = `SELECT delivery_id, number, id, started_at, url, reason, detail, status_code, retry_after, response_body, body_truncated, connection_reused, dns, connect, tls, first_byte, total
		FROM attempts WHERE delivery_id = ? AND number > ? ORDER BY number LIMIT ?`
	var attempts []posthorn.Attempt
	err := s.each(ctx, query, []any{delivery[:], after, limit}, func(scan func(...any) error) error {
		attempts = append(attempts, posthorn.Attempt{})
		a := &attempts[len(attempts)-1]
		o := &a.Outcome
		return scan(intoID(&a.DeliveryID), &a.Number, intoID(&a.ID), intoTime(&a.StartedAt), &a.URL, &o.Reason, &o.Detail, &o.StatusCode,
			intoDuration(&o.RetryAfter), &o.ResponseBody, &o.BodyTruncated, &o.ConnectionReused, intoDuration(&o.Timings.DNS),
			intoDuration(&o.Timings.Connect), intoDuration(&o.Timings.TLS), intoDuration(&o.Timings.FirstByte), intoDuration(&o.Timings.Total))
	})
	if err != nil {
		return nil, fmt.Errorf("listing attempts: %w", err)
	}
	return attempts, nil
}
