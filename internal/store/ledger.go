package store

import (
	"context"

	"github.com/posthorn/posthorn"
)

// Ledger is what showing needs: reads alone. Lists are newest first (by id).
type Ledger interface {
	// Event returns an event within the reach with its data, or posthorn.ErrNotFound. It
	// may cost more the more environments there are within the reach, and no more for
	// those beyond it.
	Event(ctx context.Context, within Reach, id posthorn.EventID) (posthorn.Event, error)

	// EventByGivenID returns the event that a publisher gave this id, with its
	// data, or posthorn.ErrNotFound.
	EventByGivenID(ctx context.Context, environment posthorn.EnvironmentID, givenID string) (posthorn.Event, error)

	// Events lists events without their data.
	Events(ctx context.Context, q EventQuery) ([]posthorn.Event, error)

	// Delivery returns a delivery, or posthorn.ErrNotFound.
	Delivery(ctx context.Context, id posthorn.DeliveryID) (posthorn.Delivery, error)

	// Deliveries lists deliveries.
	Deliveries(ctx context.Context, q DeliveryQuery) ([]posthorn.Delivery, error)

	// Attempts lists up to limit attempts of a delivery after the given number,
	// oldest first.
	Attempts(ctx context.Context, delivery posthorn.DeliveryID, after, limit int) ([]posthorn.Attempt, error)

	// WebhookStats counts the deliveries of each of the webhooks by the status they
	// have now. Pending includes leased. Attempts under void leases are not in the
	// stats. Webhooks that never had any delivery are absent from the map.
	WebhookStats(ctx context.Context, ids []posthorn.WebhookID) (map[posthorn.WebhookID]posthorn.WebhookStats, error)

	// Conservation returns the books of all deliveries at one moment. Its cost grows
	// with the webhooks and not with the deliveries.
	Conservation(ctx context.Context) (posthorn.Conservation, error)
}

// Reach is where something is looked for: in the environment if that is set, else in
// all of the workspace if that is set, else everywhere.
type Reach struct {
	EnvironmentID posthorn.EnvironmentID
	WorkspaceID   posthorn.WorkspaceID
}

// EventQuery picks events. Empty fields pick everything.
type EventQuery struct {
	EnvironmentID posthorn.EnvironmentID
	Type          string
	// Accepted is when the event was accepted.
	Accepted posthorn.Span
	Page     posthorn.Page
}

// DeliveryQuery picks deliveries. Empty fields pick everything.
type DeliveryQuery struct {
	EnvironmentID posthorn.EnvironmentID
	WebhookID     posthorn.WebhookID
	EventID       posthorn.EventID
	Status        posthorn.DeliveryStatus
	// Created is when the delivery was made.
	Created posthorn.Span
	Page    posthorn.Page
}
