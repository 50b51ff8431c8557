package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
)

// keptSecret is how a secret stands in the database.
type keptSecret struct {
	Value     string    `json:"value"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// CreateWebhook implements store.Directory.
func (s *Store) CreateWebhook(ctx context.Context, w posthorn.Webhook, limit int) error {
	err := s.write(ctx, func(tx *tx) error {
		// A limit is looked at before anything is changed, so that a refusal doesn't
		// roll back the group.
		if err := tx.checkRoom(countWebhooks, w.EnvironmentID[:], limit); err != nil {
			return err
		}
		if err := tx.directoryChanged(w.EnvironmentID); err != nil {
			return err
		}
		return tx.putWebhook(w)
	})
	if err != nil {
		return fmt.Errorf("creating a webhook: %w", err)
	}
	return nil
}

func (t *tx) putWebhook(w posthorn.Webhook) error {
	secrets := make([]keptSecret, len(w.Secrets))
	for i, secret := range w.Secrets {
		secrets[i] = keptSecret{Value: secret.Value.Reveal(), ExpiresAt: asKept(secret.ExpiresAt)}
	}
	events, errEvents := list(w.Events)
	headers, errHeaders := list(w.Headers)
	metadata, errMetadata := list(w.Metadata)
	kept, errSecrets := list(secrets)
	schedule, errSchedule := list(w.RetrySchedule)
	if err := errors.Join(errEvents, errHeaders, errMetadata, errSecrets, errSchedule); err != nil {
		return err
	}
	_, err := t.exec(`INSERT OR REPLACE INTO webhooks
		(id, workspace_id, project_id, environment_id, name, url, events, filter, format, description, headers, metadata, secrets, uses_signing_keys, handshake, consented_at, consented_per_minute, retries, retry_schedule, timeout, concurrency, rate_limit, status, status_reason, hold_until,
		 breaker_opened_at, breaker_failures, breaker_probe_at, breaker_changed_at, created_by, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.ID[:], w.WorkspaceID[:], w.ProjectID[:], w.EnvironmentID[:], w.Name, w.URL, events, w.Filter, w.Format, w.Description, headers, metadata, kept, w.UsesSigningKeys, w.Handshake, micros(w.Consent.GivenAt), w.Consent.PerMinute,
		w.Retries, schedule, w.Timeout.Microseconds(), w.Concurrency, w.RateLimit, string(w.Status), w.StatusReason, micros(w.HoldUntil),
		micros(w.Breaker.OpenedAt), w.Breaker.Failures, micros(w.Breaker.NextProbeAt), micros(w.Breaker.ChangedAt), w.CreatedBy,
		micros(w.CreatedAt), micros(w.UpdatedAt))
	return err
}

const selectWebhook = `SELECT id, workspace_id, project_id, environment_id, name, url, events, filter, format, description, headers, metadata, secrets, uses_signing_keys, handshake, consented_at, consented_per_minute, retries, retry_schedule, timeout, concurrency, rate_limit, status, status_reason, hold_until,
	breaker_opened_at, breaker_failures, breaker_probe_at, breaker_changed_at, created_by, created_at, updated_at FROM webhooks`

func scanWebhook(scan func(targets ...any) error) (posthorn.Webhook, error) {
	var w posthorn.Webhook
	var secrets []keptSecret
	err := scan(intoID(&w.ID), intoID(&w.WorkspaceID), intoID(&w.ProjectID), intoID(&w.EnvironmentID), &w.Name, &w.URL, intoList(&w.Events), &w.Filter, &w.Format,
		&w.Description, intoList(&w.Headers), intoList(&w.Metadata), intoList(&secrets), intoFlag(&w.UsesSigningKeys), intoFlag(&w.Handshake), intoTime(&w.Consent.GivenAt), &w.Consent.PerMinute, intoCount(&w.Retries), intoList(&w.RetrySchedule),
		intoDuration(&w.Timeout), &w.Concurrency, intoCount(&w.RateLimit), &w.Status, &w.StatusReason, intoTime(&w.HoldUntil),
		intoTime(&w.Breaker.OpenedAt), &w.Breaker.Failures, intoTime(&w.Breaker.NextProbeAt), intoTime(&w.Breaker.ChangedAt), &w.CreatedBy, intoTime(&w.CreatedAt), intoTime(&w.UpdatedAt))
	if err != nil {
		return posthorn.Webhook{}, fmt.Errorf("reading a webhook: %w", err)
	}
	for _, secret := range secrets {
		w.Secrets = append(w.Secrets, posthorn.SigningSecret{Value: posthorn.Secret(secret.Value), ExpiresAt: secret.ExpiresAt})
	}
	return w, nil
}

const whereWebhook = ` WHERE id = ? AND status <> 'deleted'`

// Webhook implements store.Directory.
func (s *Store) Webhook(ctx context.Context, id posthorn.WebhookID) (posthorn.Webhook, error) {
	return scanWebhook(func(targets ...any) error { return s.one(ctx, selectWebhook+whereWebhook, []any{id[:]}, targets...) })
}

// Webhooks implements store.Directory.
func (s *Store) Webhooks(ctx context.Context, environment posthorn.EnvironmentID, page posthorn.Page) ([]posthorn.Webhook, error) {
	c := conditions{texts: []string{"status <> 'deleted'"}}
	c.add(true, "environment_id = ?", environment[:])
	c.addIDs("id", page)
	return listed(ctx, s, selectWebhook+c.where("id DESC", page.Limit), c.args, scanWebhook)
}

// CountFilters implements store.Directory.
func (s *Store) CountFilters(ctx context.Context, environment posthorn.EnvironmentID) (int, error) {
	const query = `SELECT COUNT(*) FROM webhooks WHERE environment_id = ? AND status <> 'deleted' AND filter <> ''`
	var count int
	if err := s.one(ctx, query, []any{environment[:]}, &count); err != nil {
		return 0, fmt.Errorf("counting filters: %w", err)
	}
	return count, nil
}

// UpdateWebhook implements store.Directory.
func (s *Store) UpdateWebhook(ctx context.Context, id posthorn.WebhookID, change func(posthorn.Webhook) (posthorn.Webhook, error)) (posthorn.Webhook, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Webhook, error) {
		old, err := scanWebhook(func(targets ...any) error { return tx.get(selectWebhook+whereWebhook, []any{id[:]}, targets...) })
		if err != nil {
			return old, err
		}
		owner := old
		next, err := change(old)
		if err != nil {
			return old, err
		}
		next.ID, next.WorkspaceID, next.ProjectID, next.EnvironmentID = owner.ID, owner.WorkspaceID, owner.ProjectID, owner.EnvironmentID
		next.CreatedBy, next.CreatedAt = owner.CreatedBy, owner.CreatedAt
		if err := tx.putWebhook(next); err != nil {
			return old, err
		}
		if next.Status == posthorn.WebhookDeleted {
			if err := tx.cancelReplayOf(id, next.UpdatedAt); err != nil {
				return old, err
			}
		}
		if err := tx.directoryChanged(owner.EnvironmentID); err != nil {
			return old, err
		}
		// Read it back, so that the answer is what is kept.
		return scanWebhook(func(targets ...any) error { return tx.get(selectWebhook+` WHERE id = ?`, []any{id[:]}, targets...) })
	})
}
