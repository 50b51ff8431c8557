package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Webhook is a registered URL, the event types it wants and its settings.
type Webhook struct {
	Document
	ID            string `json:"id"`
	WorkspaceID   string `json:"workspaceId"`
	ProjectID     string `json:"projectId"`
	EnvironmentID string `json:"environmentId"`
	Name          string `json:"name"`
	URL           string `json:"url"`
	// Events are the patterns it wants: a type, a family (user.*) or all (*).
	Events []string `json:"events"`
	// Filter is the CEL expression that decides which events of those types it
	// wants; empty for all.
	Filter      string            `json:"filter"`
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Headers     map[string]string `json:"headers"`
	Metadata    map[string]string `json:"metadata"`
	// Secret is whole when the webhook was just made or its secret rotated, and
	// shortened everywhere else.
	Secret string `json:"secret"`
	// StandardSecret is the same key for Standard Webhooks libraries, where the
	// format is for them.
	StandardSecret string `json:"standardSecret"`
	// RetryAttempts is the number of retries that holds, whoever set it.
	RetryAttempts int `json:"retryAttempts"`
	// RetrySchedule is the seconds before each retry, empty for the default one.
	RetrySchedule []int `json:"retrySchedule"`
	TimeoutMs     int   `json:"timeoutMs"`
	Concurrency   int   `json:"concurrency"`
	// RateLimit is how many requests may go out in a second; nil is no limit.
	RateLimit *int `json:"rateLimit"`
	// UseSigningKeys: the environment's signing keys sign where the format can.
	UseSigningKeys bool `json:"useSigningKeys"`
	// Handshake: the receiver is asked whether it wants requests, and gets none
	// before it has consented. Consent is nil until then.
	Handshake bool            `json:"handshake"`
	Consent   *WebhookConsent `json:"consent"`
	// Status is active, paused or disabled, and StatusReason why.
	Status       string `json:"status"`
	StatusReason string `json:"statusReason"`
	// HoldUntil is until when nothing is sent, because the receiver asked for it
	// (Retry-After); nil when it didn't.
	HoldUntil *time.Time `json:"holdUntil"`
	// Breaker tells whether the webhook is only probed.
	Breaker   WebhookBreaker `json:"breaker"`
	CreatedBy string         `json:"createdBy"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
	Stats     WebhookStats   `json:"stats"`
	// PreviousSecretExpiresAt is until when the secret before still signs; only
	// RotateSecret sets it.
	PreviousSecretExpiresAt *time.Time `json:"previousSecretExpiresAt"`
}

// WebhookConsent is what a receiver answered to the handshake.
type WebhookConsent struct {
	GivenAt time.Time `json:"givenAt"`
	// AllowedPerMinute is how many requests it allows in a minute; nil is no limit.
	AllowedPerMinute *int `json:"allowedPerMinute"`
}

// WebhookBreaker is open after failures in a row: then one request at a time goes
// out as a probe, the rest waits, and the first success closes it.
type WebhookBreaker struct {
	// State is closed or open.
	State string `json:"state"`
	// OpenedAt and NextProbeAt are nil, and Failures is 0, while it is closed.
	OpenedAt    *time.Time `json:"openedAt"`
	Failures    int        `json:"failures"`
	NextProbeAt *time.Time `json:"nextProbeAt"`
}

// WebhookStats counts a webhook's deliveries. Accepted is the sum of all states.
type WebhookStats struct {
	Accepted      int64      `json:"accepted"`
	Pending       int64      `json:"pending"`
	Succeeded     int64      `json:"succeeded"`
	Exhausted     int64      `json:"exhausted"`
	Cancelled     int64      `json:"cancelled"`
	Expired       int64      `json:"expired"`
	Quarantined   int64      `json:"quarantined"`
	Attempts      int64      `json:"attempts"`
	LastAttemptAt *time.Time `json:"lastAttemptAt"`
	LastSuccessAt *time.Time `json:"lastSuccessAt"`
	LastFailureAt *time.Time `json:"lastFailureAt"`
}

// WebhookInput is what a new webhook is made of. URL and Events are needed.
type WebhookInput struct {
	EnvironmentID string   `json:"environmentId,omitempty"`
	Name          string   `json:"name,omitempty"`
	URL           string   `json:"url"`
	Events        []string `json:"events"`
	// Filter is a CEL expression over event.type, event.data and event.timestamp.
	Filter string `json:"filter,omitempty"`
	// ForceFilter keeps a filter although it fails on every recent event.
	ForceFilter   bool              `json:"forceFilter,omitempty"`
	Secret        string            `json:"secret,omitempty"`
	Format        string            `json:"format,omitempty"`
	Description   string            `json:"description,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	RetryAttempts Optional[int]     `json:"retryAttempts,omitzero"`
	// RetrySchedule is the seconds before each retry.
	RetrySchedule []int `json:"retrySchedule,omitempty"`
	TimeoutMs     int   `json:"timeoutMs,omitempty"`
	Concurrency   int   `json:"concurrency,omitempty"`
	// RateLimit is requests in a second.
	RateLimit Optional[int] `json:"rateLimit,omitzero"`
	// UseSigningKeys makes the environment's signing keys sign where the format can.
	UseSigningKeys bool `json:"useSigningKeys,omitempty"`
	// Handshake makes the receiver be asked before anything is sent.
	Handshake bool `json:"handshake,omitempty"`
}

// WebhookChanges says what becomes different; what is left out stays.
type WebhookChanges struct {
	Name   Optional[string]   `json:"name,omitzero"`
	URL    Optional[string]   `json:"url,omitzero"`
	Events Optional[[]string] `json:"events,omitzero"`
	Filter Optional[string]   `json:"filter,omitzero"`
	// ForceFilter keeps a filter although it fails on every recent event.
	ForceFilter   bool                        `json:"forceFilter,omitempty"`
	Secret        Optional[string]            `json:"secret,omitzero"`
	Format        Optional[string]            `json:"format,omitzero"`
	Description   Optional[string]            `json:"description,omitzero"`
	Headers       Optional[map[string]string] `json:"headers,omitzero"`
	Metadata      Optional[map[string]string] `json:"metadata,omitzero"`
	RetryAttempts Optional[int]               `json:"retryAttempts,omitzero"`
	RetrySchedule Optional[[]int]             `json:"retrySchedule,omitzero"`
	TimeoutMs     Optional[int]               `json:"timeoutMs,omitzero"`
	Concurrency   Optional[int]               `json:"concurrency,omitzero"`
	RateLimit     Optional[int]               `json:"rateLimit,omitzero"`
	// UseSigningKeys makes the environment's signing keys sign where the format can.
	UseSigningKeys Optional[bool] `json:"useSigningKeys,omitzero"`
	// Handshake makes the receiver be asked before anything is sent.
	Handshake Optional[bool] `json:"handshake,omitzero"`
}

// CreateWebhook registers a webhook and returns it with its secret.
func (c *Client) CreateWebhook(ctx context.Context, input WebhookInput) (Webhook, error) {
	return postOne[Webhook](ctx, c, input, "webhooks")
}

// ListWebhooks returns one page of webhooks.
func (c *Client) ListWebhooks(ctx context.Context, query ListQuery) (Page[Webhook], error) {
	return listPage[Webhook](ctx, c, query.values(), "webhooks")
}

// Webhooks yields all webhooks from the query's cursor on.
func (c *Client) Webhooks(ctx context.Context, query ListQuery) iter.Seq2[Webhook, error] {
	return walk(query.Cursor, func(cursor string) (Page[Webhook], error) {
		query.Cursor = cursor
		return c.ListWebhooks(ctx, query)
	})
}

// GetWebhook returns one webhook, its secret shortened.
func (c *Client) GetWebhook(ctx context.Context, id string) (Webhook, error) {
	return getOne[Webhook](ctx, c, "webhooks", id)
}

// UpdateWebhook changes a webhook and returns it.
func (c *Client) UpdateWebhook(ctx context.Context, id string, changes WebhookChanges) (Webhook, error) {
	return patchOne[Webhook](ctx, c, changes, "webhooks", id)
}

// DeleteWebhook deletes a webhook; its open deliveries are cancelled.
func (c *Client) DeleteWebhook(ctx context.Context, id string) (Deleted, error) {
	return deleteOne(ctx, c, "webhooks", id)
}

// PauseWebhook stops sending; new deliveries wait.
func (c *Client) PauseWebhook(ctx context.Context, id string) (Webhook, error) {
	return c.actOnWebhook(ctx, id, "pause")
}

// AskForConsent asks the receiver of a webhook with a handshake whether it wants
// requests.
func (c *Client) AskForConsent(ctx context.Context, id string) (Webhook, error) {
	return c.actOnWebhook(ctx, id, "handshake")
}

// ResumeWebhook starts sending again to a webhook that is paused or disabled.
func (c *Client) ResumeWebhook(ctx context.Context, id string) (Webhook, error) {
	return c.actOnWebhook(ctx, id, "resume")
}

// actOnWebhook is repeatable: pausing what is paused changes nothing.
func (c *Client) actOnWebhook(ctx context.Context, id, action string) (Webhook, error) {
	return exchange[Webhook](ctx, c, call{method: http.MethodPost, repeatable: true}, "webhooks", id, action)
}
