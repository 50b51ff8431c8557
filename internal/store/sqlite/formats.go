package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// SaveFormat implements store.Directory.
func (s *Store) SaveFormat(ctx context.Context, f store.FormatSaving) (posthorn.DeclaredFormat, error) {
	saved, err := changed(ctx, s, func(tx *tx) (posthorn.DeclaredFormat, error) { return tx.saveFormat(f) })
	if err != nil {
		return posthorn.DeclaredFormat{}, fmt.Errorf("saving a format: %w", err)
	}
	return saved, nil
}

// saveFormat refuses before it changes anything, so that a refusal doesn't roll
// back the group.
func (t *tx) saveFormat(f store.FormatSaving) (posthorn.DeclaredFormat, error) {
	var retired int
	if err := t.get(`SELECT retired_format FROM workspaces WHERE id = ?`, []any{f.WorkspaceID[:]}, &retired); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	newest, err := t.format(f.WorkspaceID, f.Name)
	if errors.Is(err, posthorn.ErrNotFound) {
		return t.saveFirst(f, retired+1)
	}
	if err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	next := newest
	if !bytes.Equal(newest.Document, f.Document) {
		next.Document, next.Version, next.UpdatedAt = notNull(f.Document), newest.Version+1, asKept(f.Now)
	}
	if f.AppliesToAll {
		next.Since = next.Version
	}
	if next.Version == newest.Version && next.Since == newest.Since {
		return newest, nil
	}
	if err := t.dropFormatVersions(next, f.Now); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	return next, t.keepFormat(next)
}

func (t *tx) saveFirst(f store.FormatSaving, version int) (posthorn.DeclaredFormat, error) {
	if err := t.checkRoom(countFormats, f.WorkspaceID[:], f.Limit); err != nil {
		return posthorn.DeclaredFormat{}, err
	}
	first := posthorn.DeclaredFormat{
		WorkspaceID: f.WorkspaceID, FormatVersion: posthorn.FormatVersion{Name: f.Name, Version: version}, Document: notNull(f.Document),
		Since: version, CreatedBy: f.CreatedBy, CreatedAt: asKept(f.Now), UpdatedAt: asKept(f.Now),
	}
	return first, t.keepFormat(first)
}

func (t *tx) keepFormat(f posthorn.DeclaredFormat) error {
	_, err := t.exec(`INSERT OR REPLACE INTO formats (workspace_id, name, version, since, document, created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		f.WorkspaceID[:], f.Name, f.Version, f.Since, f.Document, f.CreatedBy, micros(f.CreatedAt), micros(f.UpdatedAt))
	if err != nil {
		return err
	}
	return t.formatsChanged(f.WorkspaceID)
}

// dropFormatVersions drops the versions that nobody needs once next is there. It
// returns posthorn.ErrConflict, having dropped none, if too many would stay.
func (t *tx) dropFormatVersions(next posthorn.DeclaredFormat, now time.Time) error {
	type version struct {
		number  int
		savedAt time.Time
	}
	var versions []version
	err := t.each(`SELECT version, updated_at FROM formats WHERE workspace_id = ? AND name = ? AND version < ? ORDER BY version`,
		[]any{next.WorkspaceID[:], next.Name, next.Version}, func(scan func(...any) error) (bool, error) {
			var v version
			err := scan(&v.number, intoTime(&v.savedAt))
			versions = append(versions, v)
			return true, err
		})
	if err != nil {
		return err
	}
	replaced := append(versions[:len(versions):len(versions)], version{next.Version, next.UpdatedAt})
	cutoff := asKept(now.Add(-posthorn.FormatVersionKept))
	var useless []int
	for i, v := range versions {
		isUseless := v.number < next.Since
		if !isUseless && replaced[i+1].savedAt.Before(cutoff) {
			isRemembered, err := t.isRemembered(next, v.number)
			if err != nil {
				return err
			}
			isUseless = !isRemembered
		}
		if isUseless {
			useless = append(useless, v.number)
		}
	}
	if len(versions)-len(useless)+1 > posthorn.MaxFormatVersions {
		return posthorn.ErrConflict
	}
	for _, number := range useless {
		if _, err := t.exec(`DELETE FROM formats WHERE workspace_id = ? AND name = ? AND version = ?`, next.WorkspaceID[:], next.Name, number); err != nil {
			return err
		}
	}
	return nil
}

// isRemembered reports whether a delivery is going to be rendered with a version.
func (t *tx) isRemembered(f posthorn.DeclaredFormat, version int) (bool, error) {
	var one int
	err := t.get(`SELECT 1 FROM environments e WHERE e.workspace_id = ? AND EXISTS (SELECT 1 FROM deliveries
		WHERE environment_id = e.id AND format = ? AND format_version = ? AND format IS NOT NULL AND status < 2) LIMIT 1`,
		[]any{f.WorkspaceID[:], f.Name, version}, &one)
	if errors.Is(err, posthorn.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// formatsChanged counts a change of the directories of a workspace's environments.
func (t *tx) formatsChanged(workspace posthorn.WorkspaceID) error {
	clear(t.versions)
	_, err := t.exec(`UPDATE environments SET version = version + 1 WHERE workspace_id = ?`, workspace[:])
	return err
}

const (
	selectFormat      = `SELECT workspace_id, name, version, since, document, created_by, created_at, updated_at FROM formats f`
	whereNewestFormat = ` WHERE workspace_id = ? AND name = ? ORDER BY version DESC LIMIT 1`
)

func scanFormat(scan func(targets ...any) error) (posthorn.DeclaredFormat, error) {
	var f posthorn.DeclaredFormat
	err := scan(intoID(&f.WorkspaceID), &f.Name, &f.Version, &f.Since, &f.Document, &f.CreatedBy, intoTime(&f.CreatedAt), intoTime(&f.UpdatedAt))
	if err != nil {
		return posthorn.DeclaredFormat{}, fmt.Errorf("reading a format: %w", err)
	}
	return f, nil
}

func (t *tx) format(workspace posthorn.WorkspaceID, name string) (posthorn.DeclaredFormat, error) {
	return scanFormat(func(targets ...any) error {
		return t.get(selectFormat+whereNewestFormat, []any{workspace[:], name}, targets...)
	})
}

// Format implements store.Directory.
func (s *Store) Format(ctx context.Context, workspace posthorn.WorkspaceID, name string) (posthorn.DeclaredFormat, error) {
	return scanFormat(func(targets ...any) error {
		return s.one(ctx, selectFormat+whereNewestFormat, []any{workspace[:], name}, targets...)
	})
}

// FormatVersion implements store.Directory.
func (s *Store) FormatVersion(ctx context.Context, workspace posthorn.WorkspaceID, version posthorn.FormatVersion) (posthorn.DeclaredFormat, error) {
	return scanFormat(func(targets ...any) error {
		return s.one(ctx, selectFormat+` WHERE workspace_id = ? AND name = ? AND version = ?`, []any{workspace[:], version.Name, version.Version}, targets...)
	})
}

const isNewestFormat = ` AND version = (SELECT max(version) FROM formats WHERE workspace_id = f.workspace_id AND name = f.name)`

// Formats implements store.Directory.
func (s *Store) Formats(ctx context.Context, workspace posthorn.WorkspaceID, after string, limit int) ([]posthorn.DeclaredFormat, error) {
	return listed(ctx, s, selectFormat+` WHERE workspace_id = ? AND name > ?`+isNewestFormat+` ORDER BY name LIMIT ?`, []any{workspace[:], after, limit}, scanFormat)
}

// FormatUsers implements store.Directory.
func (s *Store) FormatUsers(ctx context.Context, workspace posthorn.WorkspaceID, name string, limit int) (store.FormatUsers, error) {
	var users store.FormatUsers
	var err error
	users.Environments, err = listed(ctx, s, `SELECT id FROM environments WHERE workspace_id = ? AND default_format = ? ORDER BY id LIMIT ?`,
		[]any{workspace[:], name, limit}, func(scan func(...any) error) (posthorn.EnvironmentID, error) {
			var id posthorn.EnvironmentID
			err := scan(intoID(&id))
			return id, err
		})
	if err != nil {
		return store.FormatUsers{}, err
	}
	users.Webhooks, err = listed(ctx, s, selectWebhook+whereFormatUsed+` ORDER BY id LIMIT ?`, []any{workspace[:], name, limit}, scanWebhook)
	return users, err
}

const whereFormatUsed = ` WHERE environment_id IN (SELECT id FROM environments WHERE workspace_id = ?) AND format = ? AND status <> 'deleted'`

// DeleteFormat implements store.Directory.
func (s *Store) DeleteFormat(ctx context.Context, workspace posthorn.WorkspaceID, name string) error {
	err := s.write(ctx, func(tx *tx) error {
		newest, err := tx.format(workspace, name)
		if err != nil {
			return err
		}
		var users int
		err = tx.get(`SELECT EXISTS (SELECT 1 FROM webhooks`+whereFormatUsed+`) OR EXISTS (SELECT 1 FROM environments WHERE workspace_id = ? AND default_format = ?)`,
			[]any{workspace[:], name, workspace[:], name}, &users)
		if err != nil {
			return err
		}
		if users > 0 {
			return posthorn.ErrConflict
		}
		if _, err := tx.exec(`UPDATE workspaces SET retired_format = max(retired_format, ?) WHERE id = ?`, newest.Version, workspace[:]); err != nil {
			return err
		}
		if _, err := tx.exec(`DELETE FROM formats WHERE workspace_id = ? AND name = ?`, workspace[:], name); err != nil {
			return err
		}
		return tx.formatsChanged(workspace)
	})
	if err != nil {
		return fmt.Errorf("deleting a format: %w", err)
	}
	return nil
}
