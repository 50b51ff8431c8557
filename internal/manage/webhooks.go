package manage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// WebhookDetails is a webhook with what is shown beside it.
type WebhookDetails struct {
	posthorn.Webhook
	// Dialect is the webhook's format; nil when there is none of that name any more.
	Dialect *wire.Dialect
	// EffectiveRetries is the number of retries of an event whose type says nothing.
	EffectiveRetries int
	Stats            posthorn.WebhookStats
	// IsHeld reports that the receiver asked to wait until Webhook.HoldUntil.
	IsHeld bool
}

// CreateWebhook registers a webhook in the named environment, or else in the
// oldest in reach.
func (m *Manager) CreateWebhook(ctx context.Context, p Principal, named posthorn.EnvironmentID, change WebhookChange) (WebhookDetails, error) {
	environment, err := m.environment(ctx, p, named)
	if err != nil {
		return WebhookDetails{}, err
	}
	now := m.now()
	fresh := posthorn.Webhook{
		ID: posthorn.NewID[posthorn.WebhookID](now, m.random), WorkspaceID: environment.WorkspaceID,
		ProjectID: environment.ProjectID, EnvironmentID: environment.ID, Format: environment.DefaultFormat,
		Secrets: []posthorn.SigningSecret{{Value: posthorn.NewSecret(m.random)}},
		Timeout: posthorn.DefaultTimeout, Concurrency: posthorn.DefaultConcurrency,
		Status: posthorn.WebhookActive, CreatedBy: p.KeyID.String(), CreatedAt: now, UpdatedAt: now,
	}
	if change.Secret.Null {
		change.Secret = Setting[string]{}
	}
	if err := m.readFormat(ctx, &change, fresh, environment); err != nil {
		return WebhookDetails{}, err
	}
	webhook, err := m.apply(change, fresh, environment, now)
	if err != nil {
		return WebhookDetails{}, err
	}
	if err := m.tryBeforeSaving(ctx, change, fresh, webhook); err != nil {
		return WebhookDetails{}, err
	}
	if err := m.ensureSigningKeys(ctx, change.fitting.dialect, webhook); err != nil {
		return WebhookDetails{}, err
	}
	if err := m.store.CreateWebhook(ctx, webhook, m.limits.Webhooks); err != nil {
		return WebhookDetails{}, passOn("creating the webhook", limited(err, "webhooks", "environment", m.limits.Webhooks, "delete one that is no longer needed"))
	}
	m.notifier.DirectoryChanged(environment.ID)
	if err := m.keepFormatOfNew(ctx, webhook); err != nil {
		return WebhookDetails{}, err
	}
	// The key may have been revoked before the webhook was there to keep it.
	if err := m.ensureSigningKeys(ctx, change.fitting.dialect, webhook); err != nil {
		return WebhookDetails{}, err
	}
	if webhook.AwaitsConsent() {
		return m.askAtFirst(ctx, webhook)
	}
	return m.details(webhook, environment, change.fitting.dialect, posthorn.WebhookStats{}), nil
}

// Webhook returns a webhook in reach.
func (m *Manager) Webhook(ctx context.Context, p Principal, id posthorn.WebhookID) (WebhookDetails, error) {
	webhook, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	return m.withDetails(ctx, webhook)
}

func (m *Manager) webhook(ctx context.Context, p Principal, id posthorn.WebhookID) (posthorn.Webhook, error) {
	webhook, err := m.store.Webhook(ctx, id)
	if err != nil {
		return posthorn.Webhook{}, passOn("reading the webhook", err)
	}
	if !p.Reaches(webhook.WorkspaceID) {
		return posthorn.Webhook{}, posthorn.ErrNotFound
	}
	return webhook, nil
}

// Webhooks lists the webhooks of an environment in reach.
func (m *Manager) Webhooks(ctx context.Context, p Principal, named posthorn.EnvironmentID, page posthorn.Page) ([]WebhookDetails, error) {
	environment, err := m.environment(ctx, p, named)
	if err != nil {
		return nil, err
	}
	webhooks, err := m.store.Webhooks(ctx, environment.ID, page)
	if err != nil {
		return nil, passOn("listing webhooks", err)
	}
	ids := make([]posthorn.WebhookID, len(webhooks))
	for i, w := range webhooks {
		ids[i] = w.ID
	}
	stats, err := m.store.WebhookStats(ctx, ids)
	if err != nil {
		return nil, passOn("counting deliveries", err)
	}
	all, found := make([]WebhookDetails, len(webhooks)), map[string]*wire.Dialect{}
	for i, w := range webhooks {
		dialect, isFound := found[w.Format]
		if !isFound {
			if dialect, err = m.dialectOf(ctx, w); err != nil {
				return nil, err
			}
			found[w.Format] = dialect
		}
		all[i] = m.details(w, environment, dialect, stats[w.ID])
	}
	return all, nil
}

// UpdateWebhook changes a webhook in reach.
func (m *Manager) UpdateWebhook(ctx context.Context, p Principal, id posthorn.WebhookID, change WebhookChange) (WebhookDetails, error) {
	before, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	environment, err := m.store.Environment(ctx, before.EnvironmentID)
	if err != nil {
		return WebhookDetails{}, passOn("reading the environment", err)
	}
	now := m.now()
	if err := m.readFormat(ctx, &change, before, environment); err != nil {
		return WebhookDetails{}, err
	}
	after, err := m.apply(change, before, environment, now)
	if err != nil {
		return WebhookDetails{}, err
	}
	if err := m.tryBeforeSaving(ctx, change, before, after); err != nil {
		return WebhookDetails{}, err
	}
	if err := m.ensureSigningKeys(ctx, change.fitting.dialect, after); err != nil {
		return WebhookDetails{}, err
	}
	change.isFilterRead = true
	details, err := m.changeWebhook(ctx, before, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		return m.apply(change, w, environment, now)
	})
	if err == nil {
		err = m.keepFormatOf(ctx, before, details.Webhook)
	}
	if err == nil { // the key may have been revoked before the webhook used it
		err = m.ensureSigningKeys(ctx, change.fitting.dialect, details.Webhook)
	}
	if err == nil && details.AwaitsConsent() && (before.URL != details.URL || !before.Handshake) {
		return m.askAtFirst(ctx, details.Webhook)
	}
	return details, err
}

// changeWebhook keeps a change and tells who needs to know.
func (m *Manager) changeWebhook(ctx context.Context, before posthorn.Webhook, change func(posthorn.Webhook) (posthorn.Webhook, error)) (WebhookDetails, error) {
	webhook, err := m.store.UpdateWebhook(ctx, before.ID, change)
	if err != nil {
		return WebhookDetails{}, passOn("changing the webhook", err)
	}
	m.notifier.DirectoryChanged(webhook.EnvironmentID)
	m.notifier.WebhookChanged(webhook)
	return m.withDetails(ctx, webhook)
}

// cancelAtOnce is how many deliveries are cancelled before a deletion is
// answered; the engine cancels what is left, in turn with its other work.
const cancelAtOnce = 500

// DeleteWebhook deletes a webhook in reach; what waits for it is cancelled.
func (m *Manager) DeleteWebhook(ctx context.Context, p Principal, id posthorn.WebhookID) error {
	before, err := m.webhook(ctx, p, id)
	if err != nil {
		return err
	}
	now := m.now()
	deleted, err := m.store.UpdateWebhook(ctx, id, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		w.Status, w.StatusReason, w.UpdatedAt = posthorn.WebhookDeleted, "Deleted by a person.", now
		return w, nil
	})
	if err != nil {
		return passOn("deleting the webhook", err)
	}
	m.notifier.DirectoryChanged(before.EnvironmentID)
	if _, err := m.store.CancelPending(ctx, id, cancelAtOnce, now); err != nil {
		return passOn("cancelling the webhook's deliveries", err)
	}
	m.notifier.WebhookChanged(deleted)
	return nil
}

const pausedByPerson = "Paused by a person."

// PauseWebhook makes a webhook's deliveries wait. A disabled webhook can't be
// paused.
func (m *Manager) PauseWebhook(ctx context.Context, p Principal, id posthorn.WebhookID) (WebhookDetails, error) {
	before, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	now := m.now()
	return m.changeWebhook(ctx, before, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		switch w.Status {
		case posthorn.WebhookPaused:
			if w.AwaitsConsent() { // then it stays paused when the receiver has consented
				w.StatusReason, w.UpdatedAt = pausedByPerson, now
			}
			return w, nil
		case posthorn.WebhookActive:
			w.Status, w.StatusReason, w.UpdatedAt = posthorn.WebhookPaused, pausedByPerson, now
			return w, nil
		default:
			return w, &posthorn.Error{Code: posthorn.CodeConflict, Message: fmt.Sprintf("The webhook is %s: nothing is sent to it already.", w.Status), Hint: "Resume it when its receiver is ready again."}
		}
	})
}

// ResumeWebhook makes a paused or disabled webhook active again, and ends a wait
// that its receiver asked for and closes its breaker.
func (m *Manager) ResumeWebhook(ctx context.Context, p Principal, id posthorn.WebhookID) (WebhookDetails, error) {
	before, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	now := m.now()
	return m.changeWebhook(ctx, before, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		if w.Status == posthorn.WebhookActive && w.HoldUntil.IsZero() && !w.Breaker.IsOpen() {
			return w, nil
		}
		if w.AwaitsConsent() {
			return w, awaitsConsent()
		}
		w.Breaker = posthorn.Breaker{ChangedAt: now}
		w.Status, w.StatusReason, w.HoldUntil, w.UpdatedAt = posthorn.WebhookActive, "", time.Time{}, now
		return w, nil
	})
}

func (m *Manager) withDetails(ctx context.Context, w posthorn.Webhook) (WebhookDetails, error) {
	environment, err := m.store.Environment(ctx, w.EnvironmentID)
	if err != nil {
		return WebhookDetails{}, passOn("reading the environment", err)
	}
	stats, err := m.store.WebhookStats(ctx, []posthorn.WebhookID{w.ID})
	if err != nil {
		return WebhookDetails{}, passOn("counting deliveries", err)
	}
	dialect, err := m.dialectOf(ctx, w)
	if err != nil {
		return WebhookDetails{}, err
	}
	return m.details(w, environment, dialect, stats[w.ID]), nil
}

// dialectOf finds the dialect of a webhook; nil if there is none any more.
func (m *Manager) dialectOf(ctx context.Context, w posthorn.Webhook) (*wire.Dialect, error) {
	dialect, err := m.dialect(ctx, w.WorkspaceID, w.Format)
	if errors.Is(err, posthorn.ErrNotFound) {
		return nil, nil //nolint:nilnil // the webhook is shown all the same
	}
	return dialect, err
}

func (m *Manager) details(w posthorn.Webhook, e posthorn.Environment, dialect *wire.Dialect, stats posthorn.WebhookStats) WebhookDetails {
	details := WebhookDetails{Webhook: w, Dialect: dialect, Stats: stats, IsHeld: w.HoldUntil.After(m.now())}
	var byFormat *int
	if dialect != nil {
		byFormat = dialect.Format().Retries
	}
	details.EffectiveRetries = posthorn.EffectiveRetries(w.Retries, nil, byFormat, e.DefaultRetries)
	return details
}
