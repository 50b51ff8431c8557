package memstore

import (
	"context"

	"github.com/posthorn/posthorn"
)

// CreateWebhook implements store.Directory.
func (s *Store) CreateWebhook(ctx context.Context, w posthorn.Webhook, limit int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := find(s.environments, w.EnvironmentID); err != nil {
		return err
	}
	isBeside := func(other posthorn.Webhook) bool {
		return other.EnvironmentID == w.EnvironmentID && other.Status != posthorn.WebhookDeleted
	}
	if isFull(s.webhooks, limit, isBeside) {
		return posthorn.ErrLimit
	}
	s.webhooks[w.ID] = copyWebhook(w)
	s.versions[w.EnvironmentID]++
	return nil
}

// Webhook implements store.Directory.
func (s *Store) Webhook(ctx context.Context, id posthorn.WebhookID) (posthorn.Webhook, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Webhook{}, err
	}
	defer s.mu.Unlock()
	return s.livingWebhook(id)
}

// livingWebhook returns a copy of a webhook that is not deleted.
func (s *Store) livingWebhook(id posthorn.WebhookID) (posthorn.Webhook, error) {
	w, err := find(s.webhooks, id)
	if err != nil || w.Status == posthorn.WebhookDeleted {
		return posthorn.Webhook{}, posthorn.ErrNotFound
	}
	return copyWebhook(w), nil
}

// Webhooks implements store.Directory.
func (s *Store) Webhooks(ctx context.Context, environment posthorn.EnvironmentID, page posthorn.Page) ([]posthorn.Webhook, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	list := pageOf(s.webhooks, func(w posthorn.Webhook) bool {
		return w.EnvironmentID == environment && w.Status != posthorn.WebhookDeleted
	}, page)
	return copyAll(list, copyWebhook), nil
}

// CountFilters implements store.Directory.
func (s *Store) CountFilters(ctx context.Context, environment posthorn.EnvironmentID) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	count := 0
	for _, w := range s.webhooks {
		if w.EnvironmentID == environment && w.Status != posthorn.WebhookDeleted && w.Filter != "" {
			count++
		}
	}
	return count, nil
}

// UpdateWebhook implements store.Directory.
func (s *Store) UpdateWebhook(ctx context.Context, id posthorn.WebhookID, change func(posthorn.Webhook) (posthorn.Webhook, error)) (posthorn.Webhook, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Webhook{}, err
	}
	defer s.mu.Unlock()
	before, err := s.livingWebhook(id)
	if err != nil {
		return posthorn.Webhook{}, err
	}
	after, err := change(before)
	if err != nil {
		return posthorn.Webhook{}, err
	}
	after.ID, after.CreatedBy, after.CreatedAt = before.ID, before.CreatedBy, before.CreatedAt
	after.WorkspaceID, after.ProjectID, after.EnvironmentID = before.WorkspaceID, before.ProjectID, before.EnvironmentID
	s.webhooks[id] = copyWebhook(after)
	if after.Status == posthorn.WebhookDeleted {
		s.cancelReplayOf(id, after.UpdatedAt)
	}
	s.versions[before.EnvironmentID]++
	return copyWebhook(after), nil
}
