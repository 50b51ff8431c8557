package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// CreateWorkspace implements store.Directory.
func (s *Store) CreateWorkspace(ctx context.Context, w posthorn.Workspace, p posthorn.Project, e posthorn.Environment) error {
	err := s.write(ctx, func(tx *tx) error {
		if err := tx.externalIDIsFree(w); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO workspaces (id, name, external_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`,
			w.ID[:], w.Name, orNull(w.ExternalID), micros(w.CreatedAt), micros(w.UpdatedAt))
		if err != nil {
			return err
		}
		return tx.insertProject(p, e)
	})
	if err != nil {
		return fmt.Errorf("creating a workspace: %w", err)
	}
	return nil
}

// externalIDIsFree returns posthorn.ErrConflict if another workspace has it.
func (t *tx) externalIDIsFree(w posthorn.Workspace) error {
	if w.ExternalID == "" {
		return nil
	}
	var one int
	err := t.get(`SELECT 1 FROM workspaces WHERE external_id = ? AND id <> ?`, []any{w.ExternalID, w.ID[:]}, &one)
	if errors.Is(err, posthorn.ErrNotFound) {
		return nil
	}
	if err == nil {
		return posthorn.ErrConflict
	}
	return err
}

const selectWorkspace = `SELECT id, name, external_id, created_at, updated_at FROM workspaces`

func scanWorkspace(scan func(targets ...any) error) (posthorn.Workspace, error) {
	var w posthorn.Workspace
	if err := scan(intoID(&w.ID), &w.Name, intoText(&w.ExternalID), intoTime(&w.CreatedAt), intoTime(&w.UpdatedAt)); err != nil {
		return posthorn.Workspace{}, fmt.Errorf("reading a workspace: %w", err)
	}
	return w, nil
}

// Workspace implements store.Directory.
func (s *Store) Workspace(ctx context.Context, id posthorn.WorkspaceID) (posthorn.Workspace, error) {
	return scanWorkspace(func(targets ...any) error {
		return s.one(ctx, selectWorkspace+` WHERE id = ?`, []any{id[:]}, targets...)
	})
}

// Workspaces implements store.Directory.
func (s *Store) Workspaces(ctx context.Context, page posthorn.Page) ([]posthorn.Workspace, error) {
	var c conditions
	c.addIDs("id", page)
	return listed(ctx, s, selectWorkspace+c.where("id DESC", page.Limit), c.args, scanWorkspace)
}

// UpdateWorkspace implements store.Directory.
func (s *Store) UpdateWorkspace(ctx context.Context, id posthorn.WorkspaceID, change func(posthorn.Workspace) (posthorn.Workspace, error)) (posthorn.Workspace, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Workspace, error) {
		old, err := scanWorkspace(func(targets ...any) error { return tx.get(selectWorkspace+` WHERE id = ?`, []any{id[:]}, targets...) })
		if err != nil {
			return old, err
		}
		next, err := change(old)
		if err != nil {
			return old, err
		}
		next.ID, next.CreatedAt, next.UpdatedAt = old.ID, old.CreatedAt, asKept(next.UpdatedAt)
		if err := tx.externalIDIsFree(next); err != nil {
			return old, err
		}
		_, err = tx.exec(`UPDATE workspaces SET name = ?, external_id = ?, updated_at = ? WHERE id = ?`, next.Name, orNull(next.ExternalID), micros(next.UpdatedAt), id[:])
		return next, err
	})
}

// CreateProject implements store.Directory.
func (s *Store) CreateProject(ctx context.Context, p posthorn.Project, e posthorn.Environment, limit, environments int) error {
	err := s.write(ctx, func(tx *tx) error {
		var one int
		if err := tx.get(`SELECT 1 FROM workspaces WHERE id = ?`, []any{p.WorkspaceID[:]}, &one); err != nil {
			return err
		}
		if err := tx.checkRoom(countProjects, p.WorkspaceID[:], limit); err != nil {
			return err
		}
		if err := tx.checkRoom(countEnvironments, p.WorkspaceID[:], environments); err != nil {
			return err
		}
		return tx.insertProject(p, e)
	})
	if err != nil {
		return fmt.Errorf("creating a project: %w", err)
	}
	return nil
}

func (t *tx) insertProject(p posthorn.Project, e posthorn.Environment) error {
	_, err := t.exec(`INSERT INTO projects (id, workspace_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`,
		p.ID[:], p.WorkspaceID[:], p.Name, micros(p.CreatedAt), micros(p.UpdatedAt))
	if err != nil {
		return err
	}
	return t.insertEnvironment(e)
}

const selectProject = `SELECT id, workspace_id, name, created_at, updated_at FROM projects`

func scanProject(scan func(targets ...any) error) (posthorn.Project, error) {
	var p posthorn.Project
	if err := scan(intoID(&p.ID), intoID(&p.WorkspaceID), &p.Name, intoTime(&p.CreatedAt), intoTime(&p.UpdatedAt)); err != nil {
		return posthorn.Project{}, fmt.Errorf("reading a project: %w", err)
	}
	return p, nil
}

// Project implements store.Directory.
func (s *Store) Project(ctx context.Context, id posthorn.ProjectID) (posthorn.Project, error) {
	return scanProject(func(targets ...any) error { return s.one(ctx, selectProject+` WHERE id = ?`, []any{id[:]}, targets...) })
}

// Projects implements store.Directory.
func (s *Store) Projects(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Project, error) {
	var c conditions
	c.add(!workspace.IsZero(), "workspace_id = ?", workspace[:])
	c.addIDs("id", page)
	return listed(ctx, s, selectProject+c.where("id DESC", page.Limit), c.args, scanProject)
}

// UpdateProject implements store.Directory.
func (s *Store) UpdateProject(ctx context.Context, id posthorn.ProjectID, change func(posthorn.Project) (posthorn.Project, error)) (posthorn.Project, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Project, error) {
		old, err := scanProject(func(targets ...any) error { return tx.get(selectProject+` WHERE id = ?`, []any{id[:]}, targets...) })
		if err != nil {
			return old, err
		}
		next, err := change(old)
		if err != nil {
			return old, err
		}
		next.ID, next.WorkspaceID, next.CreatedAt, next.UpdatedAt = old.ID, old.WorkspaceID, old.CreatedAt, asKept(next.UpdatedAt)
		_, err = tx.exec(`UPDATE projects SET name = ?, updated_at = ? WHERE id = ?`, next.Name, micros(next.UpdatedAt), id[:])
		return next, err
	})
}

// changed runs an Update method.
func changed[T any](ctx context.Context, s *Store, update func(tx *tx) (T, error)) (T, error) {
	var result T
	err := s.write(ctx, func(tx *tx) error {
		var err error
		result, err = update(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// listed reads a list.
func listed[T any](ctx context.Context, s *Store, query string, args []any, scanRow func(scan func(targets ...any) error) (T, error)) ([]T, error) {
	var items []T
	err := s.each(ctx, query, args, func(scan func(...any) error) error {
		item, err := scanRow(scan)
		items = append(items, item)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing: %w", err)
	}
	return items, nil
}

var _ store.Directory = (*Store)(nil)
