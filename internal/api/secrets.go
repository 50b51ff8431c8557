package api

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// secretBody is a webhook's secret, whole.
type secretBody struct {
	Secret         string           `json:"secret"`
	StandardSecret string           `json:"standardSecret,omitempty"`
	Previous       []previousSecret `json:"previous" doc:"Secrets that were rotated out and still sign."`
}

type previousSecret struct {
	Secret    string `json:"secret" doc:"Shortened."`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

func revealSecret(ctx context.Context, c *call) (secretBody, error) {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return secretBody{}, err
	}
	details, err := c.Manager.RevealSecrets(ctx, c.principal, id)
	if err != nil {
		return secretBody{}, err
	}
	body := secretBody{Secret: currentSecret(details.Webhook).Reveal(), StandardSecret: standardSecret(details), Previous: []previousSecret{}}
	for _, s := range details.Secrets[min(1, len(details.Secrets)):] {
		body.Previous = append(body.Previous, previousSecret{Secret: s.Value.Shortened(), ExpiresAt: showTime(s.ExpiresAt)})
	}
	return body, nil
}

// rotationInput says how to rotate a secret.
type rotationInput struct {
	Secret         optional[string] `json:"secret,omitzero" doc:"The new secret; a random one when left out."`
	OverlapSeconds optional[int64]  `json:"overlapSeconds,omitzero" doc:"How long earlier secrets sign too, 0 to 604800; 86400 when left out."`
}

// rotatedBody is a webhook with its new secret.
type rotatedBody struct {
	WebhookBody
	PreviousSecretExpiresAt *string `json:"previousSecretExpiresAt" format:"date-time"`
}

func rotateSecret(ctx context.Context, c *call, in *rotationInput) (rotatedBody, error) {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return rotatedBody{}, err
	}
	details, err := c.Manager.RotateSecret(ctx, c.principal, id, manage.Rotation{
		Secret: in.Secret.Setting, Overlap: mapped(in.OverlapSeconds, inUnits(time.Second)),
	})
	if err != nil {
		return rotatedBody{}, err
	}
	body := rotatedBody{WebhookBody: showWebhook(details, secretWhole)}
	if len(details.Secrets) > 1 {
		body.PreviousSecretExpiresAt = showTimeOrNull(details.Secrets[1].ExpiresAt)
	}
	return body, nil
}
