package client

import "context"

// Limits are the limits in force on a server. A nil number is no limit.
type Limits struct {
	Document
	// WorkspaceID is whose they are; nil for a platform key.
	WorkspaceID *string           `json:"workspaceId"`
	Workspace   WorkspaceLimits   `json:"workspace"`
	Environment EnvironmentLimits `json:"environment"`
	Publishing  PublishingLimits  `json:"publishing"`
	Webhook     WebhookLimits     `json:"webhook"`
}

// WorkspaceLimits are how many of each a workspace may have.
type WorkspaceLimits struct {
	Projects     *int `json:"projects"`
	Environments *int `json:"environments"`
	Keys         *int `json:"keys"`
	// Formats is how many it may declare, FormatBytes how long the text of each may
	// be, FormatVersions how many versions of each are kept at once.
	Formats        *int `json:"formats"`
	FormatBytes    int  `json:"formatBytes"`
	FormatVersions int  `json:"formatVersions"`
	// RequestsInProgress is how many requests may be in progress at once.
	RequestsInProgress *int `json:"requestsInProgress"`
}

// EnvironmentLimits are how many of each an environment may have.
type EnvironmentLimits struct {
	Webhooks   *int `json:"webhooks"`
	EventTypes *int `json:"eventTypes"`
}

// PublishingLimits are how fast a workspace may publish, and how much at once.
type PublishingLimits struct {
	EventsPerSecond *int `json:"eventsPerSecond"`
	Burst           *int `json:"burst"`
	// Left is how many events may be published at this moment; nil for a platform
	// key, too.
	Left               *int  `json:"left"`
	BodyBytes          int64 `json:"bodyBytes"`
	BatchEvents        int   `json:"batchEvents"`
	BatchDeliveries    int   `json:"batchDeliveries"`
	IdempotencySeconds int   `json:"idempotencySeconds"`
}

// WebhookLimits are the defaults and bounds of a webhook's settings.
type WebhookLimits struct {
	DefaultTimeoutMs   int64 `json:"defaultTimeoutMs"`
	MaxTimeoutMs       int64 `json:"maxTimeoutMs"`
	DefaultConcurrency int   `json:"defaultConcurrency"`
	MaxConcurrency     int   `json:"maxConcurrency"`
	MaxRetries         int   `json:"maxRetries"`
	// RetryDelaysSeconds are the waits before each retry of a webhook without a
	// schedule of its own; the last one holds for all further retries.
	RetryDelaysSeconds    []int `json:"retryDelaysSeconds"`
	MaxRetryAfterSeconds  int   `json:"maxRetryAfterSeconds"`
	DefaultOverlapSeconds int   `json:"defaultOverlapSeconds"`
	MaxOverlapSeconds     int   `json:"maxOverlapSeconds"`
}

// GetLimits returns the limits in force for the client's key.
func (c *Client) GetLimits(ctx context.Context) (Limits, error) {
	return getOne[Limits](ctx, c, "limits")
}
