package manage

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
)

// Limits of a rotation.
const (
	// DefaultOverlap is how long the previous secret goes on signing.
	DefaultOverlap = 24 * time.Hour
	// MaxOverlap is the longest such time.
	MaxOverlap = 7 * 24 * time.Hour
	// MaxValidSecrets is how many secrets may sign at once.
	MaxValidSecrets = 5
)

// RevealSecrets returns a webhook whose secrets may be shown, expired ones left
// out.
func (m *Manager) RevealSecrets(ctx context.Context, p Principal, id posthorn.WebhookID) (WebhookDetails, error) {
	webhook, err := m.Webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	current := webhook.Secrets[:min(1, len(webhook.Secrets))]
	webhook.Secrets = append(current[:len(current):len(current)], rotatedOut(webhook.Secrets, m.now())...)
	return webhook, nil
}

// Rotation says how a secret is replaced.
type Rotation struct {
	// Secret is the new one; a random one is made when it is left out.
	Secret Setting[string]
	// Overlap is how long earlier secrets go on signing, at most.
	Overlap Setting[time.Duration]
}

// RotateSecret gives a webhook a new secret. Those before sign on for the
// overlap, beside the new one, so that a receiver can change over; an overlap of
// zero ends them at once. It returns a conflict when too many would be valid.
func (m *Manager) RotateSecret(ctx context.Context, p Principal, id posthorn.WebhookID, r Rotation) (WebhookDetails, error) {
	before, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	overlap := r.Overlap.take(DefaultOverlap, DefaultOverlap)
	if overlap < 0 || overlap > MaxOverlap {
		return WebhookDetails{}, posthorn.Invalid("/overlapSeconds", fmt.Sprintf("overlapSeconds is outside 0 to %d.", int(MaxOverlap.Seconds())), "86400, a day, is the default.")
	}
	secret := posthorn.NewSecret(m.random)
	if r.Secret.present() {
		secret = posthorn.Secret(r.Secret.Value)
	}
	if err := posthorn.ValidateSecret("/secret", secret); err != nil {
		return WebhookDetails{}, err
	}
	dialect, err := m.dialectOf(ctx, before)
	if err != nil {
		return WebhookDetails{}, err
	}
	own, err := m.fitting(ctx, dialect, before.EnvironmentID)
	if err != nil {
		return WebhookDetails{}, err
	}
	now := m.now()
	return m.changeWebhook(ctx, before, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		secrets, err := rotate(w.Secrets, secret, now, overlap)
		if err != nil {
			return w, err
		}
		rotated := w
		rotated.Secrets, rotated.UpdatedAt = secrets, now
		return rotated, m.checkRotated(own, w, rotated)
	})
}

func rotate(secrets []posthorn.SigningSecret, fresh posthorn.Secret, now time.Time, overlap time.Duration) ([]posthorn.SigningSecret, error) {
	rotated := []posthorn.SigningSecret{{Value: fresh}}
	end := now.Add(overlap)
	for i, s := range secrets {
		if s.Value == fresh && i == 0 {
			return nil, posthorn.Invalid("/secret", "This is the current secret already.", "Leave it out and a random one is made.")
		}
		if s.ExpiresAt.IsZero() || s.ExpiresAt.After(end) {
			s.ExpiresAt = end
		}
		if now.Before(s.ExpiresAt) && s.Value != fresh {
			rotated = append(rotated, s)
		}
	}
	if len(rotated) > MaxValidSecrets {
		return nil, &posthorn.Error{
			Code:    posthorn.CodeConflict,
			Message: fmt.Sprintf("%d secrets are valid already, as many as there may be.", MaxValidSecrets),
			Hint:    "Wait until one expires, or rotate with \"overlapSeconds\": 0 to end all earlier ones.",
		}
	}
	return rotated, nil
}

// checkRotated says why a webhook's format can do nothing with its new secrets,
// if it could with those before.
func (m *Manager) checkRotated(own fitting, before, after posthorn.Webhook) error {
	if own.dialect == nil || own.dialect.Format().Name != after.Format || m.unfit(own, before) != nil {
		return nil
	}
	problem := m.unfit(own, after)
	if problem == nil {
		return nil
	}
	return posthorn.Invalid("/secret", fmt.Sprintf("Nothing could be sent in the format %s: %s", after.Format, problem.Message), problem.Hint)
}
