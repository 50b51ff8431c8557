package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// MaxMatching is how far a dry run counts.
const MaxMatching = 100_000

// Replay sends deliveries of a webhook again that are over, little by little.
type Replay struct {
	Document
	// ID is empty in the answer to a dry run, which has nothing but what was asked for
	// and Matching.
	ID            string     `json:"id"`
	WebhookID     string     `json:"webhookId"`
	EnvironmentID string     `json:"environmentId"`
	Statuses      []string   `json:"statuses"`
	After         *time.Time `json:"after"`
	Before        *time.Time `json:"before"`
	// Status is running, done or cancelled.
	Status string `json:"status"`
	// WaitingFor says why a running replay doesn't go on; empty when it does.
	WaitingFor string `json:"waitingFor"`
	// Examined is how many deliveries it has looked at, Replayed how many of them were
	// made due again.
	Examined  int64     `json:"examined"`
	Replayed  int64     `json:"replayed"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Matching is how many deliveries a dry run would send again; MaxMatching means that
	// many or more.
	Matching *int `json:"matching"`
}

// ReplayInput says which deliveries are to be sent again. The zero value means all
// that are exhausted or expired.
type ReplayInput struct {
	// Statuses are exhausted, expired, cancelled, quarantined or succeeded.
	Statuses []string `json:"statuses,omitempty"`
	// After and Before bound when the deliveries were made, After included.
	After  time.Time `json:"after,omitzero"`
	Before time.Time `json:"before,omitzero"`
	// DryRun counts them and does nothing.
	DryRun bool `json:"dryRun,omitempty"`
}

// CreateReplay has deliveries of a webhook sent again, or counts them.
func (c *Client) CreateReplay(ctx context.Context, webhookID string, input ReplayInput) (Replay, error) {
	return postOne[Replay](ctx, c, input, "webhooks", webhookID, "replays")
}

// ListReplays returns one page of a webhook's replays, newest first.
func (c *Client) ListReplays(ctx context.Context, webhookID string, query ListQuery) (Page[Replay], error) {
	return listPage[Replay](ctx, c, query.values(), "webhooks", webhookID, "replays")
}

// Replays yields a webhook's replays from the query's cursor on.
func (c *Client) Replays(ctx context.Context, webhookID string, query ListQuery) iter.Seq2[Replay, error] {
	return walk(query.Cursor, func(cursor string) (Page[Replay], error) {
		query.Cursor = cursor
		return c.ListReplays(ctx, webhookID, query)
	})
}

// GetReplay returns one replay.
func (c *Client) GetReplay(ctx context.Context, id string) (Replay, error) {
	return getOne[Replay](ctx, c, "replays", id)
}

// CancelReplay stops a running replay. What it has made due is sent all the same.
func (c *Client) CancelReplay(ctx context.Context, id string) (Replay, error) {
	return exchange[Replay](ctx, c, call{method: http.MethodPost}, "replays", id, "cancel")
}
