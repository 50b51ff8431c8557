package client

import (
	"context"
	"time"
)

// WebhookSecret is what signs a webhook's requests. Its text is shown whole.
type WebhookSecret struct {
	Document
	Secret         string           `json:"secret"`
	StandardSecret string           `json:"standardSecret"`
	Previous       []PreviousSecret `json:"previous"`
}

// PreviousSecret is a secret that was rotated out and still signs for a while.
type PreviousSecret struct {
	// Secret is shortened.
	Secret    string    `json:"secret"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Rotation says how a secret is replaced. The zero value asks for a random new
// secret and an overlap of a day.
type Rotation struct {
	Secret string `json:"secret,omitempty"`
	// OverlapSeconds is how long the old secret signs too, 0 to 604800.
	OverlapSeconds Optional[int] `json:"overlapSeconds,omitzero"`
}

// RevealSecret returns the webhook's secret.
func (c *Client) RevealSecret(ctx context.Context, webhookID string) (WebhookSecret, error) {
	return getOne[WebhookSecret](ctx, c, "webhooks", webhookID, "secret")
}

// RotateSecret gives the webhook another secret and returns the webhook with it.
func (c *Client) RotateSecret(ctx context.Context, webhookID string, rotation Rotation) (Webhook, error) {
	return postOne[Webhook](ctx, c, rotation, "webhooks", webhookID, "rotate-secret")
}
