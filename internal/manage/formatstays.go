package manage

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
)

// checkFormatStays finds out, after something was kept that names a format, whether
// the format was deleted while it was being kept. From then on it can't be deleted.
func (m *Manager) checkFormatStays(ctx context.Context, pointer string, workspace posthorn.WorkspaceID, name string) error {
	if _, isBuiltIn := m.formats.BuiltIn(name); isBuiltIn {
		return nil
	}
	_, err := m.store.Format(ctx, workspace, name)
	if errors.Is(err, posthorn.ErrNotFound) {
		return &posthorn.Error{
			Code: posthorn.CodeConflict, Pointer: pointer, Message: fmt.Sprintf("The format %q was deleted at this moment, and nothing was kept.", clip(name)),
			Hint: "Use another format, or save a format of that name first.",
		}
	}
	if err != nil {
		return passOn("reading a format", err)
	}
	return nil
}

// keepFormatOfNew takes a webhook away again whose format was deleted while it was made.
func (m *Manager) keepFormatOfNew(ctx context.Context, fresh posthorn.Webhook) error {
	gone := m.checkFormatStays(ctx, "/format", fresh.WorkspaceID, fresh.Format)
	if !errors.Is(gone, posthorn.ErrConflict) {
		return gone
	}
	now := m.now()
	deleted, err := m.store.UpdateWebhook(ctx, fresh.ID, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		w.Status, w.StatusReason, w.UpdatedAt = posthorn.WebhookDeleted, "Its format was deleted while it was made.", now
		return w, nil
	})
	if err != nil {
		return passOn("deleting the webhook", err)
	}
	m.notifier.WebhookChanged(deleted)
	return gone
}

// keepFormatOf gives a webhook back what it was before a change to a format that was
// deleted while the change was kept.
func (m *Manager) keepFormatOf(ctx context.Context, before, after posthorn.Webhook) error {
	if before.Format == after.Format {
		return nil
	}
	gone := m.checkFormatStays(ctx, "/format", after.WorkspaceID, after.Format)
	if !errors.Is(gone, posthorn.ErrConflict) {
		return gone
	}
	now := m.now()
	restored, err := m.store.UpdateWebhook(ctx, after.ID, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		if w.Format != after.Format { // somebody has mended it
			return w, nil
		}
		former := before
		former.Status, former.StatusReason, former.HoldUntil, former.Breaker = w.Status, w.StatusReason, w.HoldUntil, w.Breaker
		former.UpdatedAt = now
		return former, nil
	})
	if err != nil {
		return passOn("changing the webhook back", err)
	}
	m.notifier.DirectoryChanged(restored.EnvironmentID)
	m.notifier.WebhookChanged(restored)
	return gone
}

// keepDefaultFormat gives an environment back its default format after a change to one
// that was deleted while the change was kept.
func (m *Manager) keepDefaultFormat(ctx context.Context, before, after posthorn.Environment) error {
	if before.DefaultFormat == after.DefaultFormat {
		return nil
	}
	gone := m.checkFormatStays(ctx, "/defaultFormat", after.WorkspaceID, after.DefaultFormat)
	if !errors.Is(gone, posthorn.ErrConflict) {
		return gone
	}
	now := m.now()
	_, err := m.store.UpdateEnvironment(ctx, after.ID, func(e posthorn.Environment) (posthorn.Environment, error) {
		if e.DefaultFormat == after.DefaultFormat {
			e.Name, e.Kind, e.DefaultFormat, e.DefaultRetries, e.DefaultValidation = before.Name, before.Kind, before.DefaultFormat, before.DefaultRetries, before.DefaultValidation
		}
		e.UpdatedAt = now
		return e, nil
	})
	if err != nil {
		return passOn("changing the environment back", err)
	}
	m.notifier.DirectoryChanged(after.ID)
	return gone
}
