package memstore

import (
	"context"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// CreateWorkspace implements store.Directory.
func (s *Store) CreateWorkspace(ctx context.Context, w posthorn.Workspace, p posthorn.Project, e posthorn.Environment) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.externalIDTaken(w) {
		return posthorn.ErrConflict
	}
	s.workspaces[w.ID] = copyWorkspace(w)
	s.projects[p.ID] = copyProject(p)
	s.keepEnvironment(e)
	return nil
}

func (s *Store) externalIDTaken(w posthorn.Workspace) bool {
	for id, other := range s.workspaces {
		if w.ExternalID != "" && other.ExternalID == w.ExternalID && id != w.ID {
			return true
		}
	}
	return false
}

func (s *Store) keepEnvironment(e posthorn.Environment) {
	s.environments[e.ID] = copyEnvironment(e)
	s.versions[e.ID] = 1
}

// Workspace implements store.Directory.
func (s *Store) Workspace(ctx context.Context, id posthorn.WorkspaceID) (posthorn.Workspace, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Workspace{}, err
	}
	defer s.mu.Unlock()
	return find(s.workspaces, id)
}

// Workspaces implements store.Directory.
func (s *Store) Workspaces(ctx context.Context, page posthorn.Page) ([]posthorn.Workspace, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return pageOf(s.workspaces, func(posthorn.Workspace) bool { return true }, page), nil
}

// UpdateWorkspace implements store.Directory.
func (s *Store) UpdateWorkspace(ctx context.Context, id posthorn.WorkspaceID, change func(posthorn.Workspace) (posthorn.Workspace, error)) (posthorn.Workspace, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Workspace{}, err
	}
	defer s.mu.Unlock()
	before, err := find(s.workspaces, id)
	if err != nil {
		return posthorn.Workspace{}, err
	}
	after, err := change(before)
	if err != nil {
		return posthorn.Workspace{}, err
	}
	after.ID, after.CreatedAt = before.ID, before.CreatedAt
	if s.externalIDTaken(after) {
		return posthorn.Workspace{}, posthorn.ErrConflict
	}
	s.workspaces[id] = copyWorkspace(after)
	return s.workspaces[id], nil
}

// CreateProject implements store.Directory.
func (s *Store) CreateProject(ctx context.Context, p posthorn.Project, e posthorn.Environment, limit, environments int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := find(s.workspaces, p.WorkspaceID); err != nil {
		return err
	}
	isBeside := func(other posthorn.Project) bool { return other.WorkspaceID == p.WorkspaceID }
	if isFull(s.projects, limit, isBeside) || s.hasEnvironments(p.WorkspaceID, environments) {
		return posthorn.ErrLimit
	}
	s.projects[p.ID] = copyProject(p)
	s.keepEnvironment(e)
	return nil
}

// Project implements store.Directory.
func (s *Store) Project(ctx context.Context, id posthorn.ProjectID) (posthorn.Project, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Project{}, err
	}
	defer s.mu.Unlock()
	return find(s.projects, id)
}

// Projects implements store.Directory.
func (s *Store) Projects(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Project, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return pageOf(s.projects, func(p posthorn.Project) bool { return matches(workspace, p.WorkspaceID) }, page), nil
}

// UpdateProject implements store.Directory.
func (s *Store) UpdateProject(ctx context.Context, id posthorn.ProjectID, change func(posthorn.Project) (posthorn.Project, error)) (posthorn.Project, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Project{}, err
	}
	defer s.mu.Unlock()
	before, err := find(s.projects, id)
	if err != nil {
		return posthorn.Project{}, err
	}
	after, err := change(before)
	if err != nil {
		return posthorn.Project{}, err
	}
	after.ID, after.WorkspaceID, after.CreatedAt = before.ID, before.WorkspaceID, before.CreatedAt
	s.projects[id] = copyProject(after)
	return s.projects[id], nil
}

// CreateEnvironment implements store.Directory.
func (s *Store) CreateEnvironment(ctx context.Context, e posthorn.Environment, limit int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := find(s.projects, e.ProjectID); err != nil {
		return err
	}
	if s.hasEnvironments(e.WorkspaceID, limit) {
		return posthorn.ErrLimit
	}
	s.keepEnvironment(e)
	return nil
}

// hasEnvironments reports whether a workspace has as many as it may.
func (s *Store) hasEnvironments(workspace posthorn.WorkspaceID, limit int) bool {
	return isFull(s.environments, limit, func(e posthorn.Environment) bool { return e.WorkspaceID == workspace })
}

// isFull reports whether as many of the things are wanted ones as there may be.
func isFull[ID comparable, T any](things map[ID]T, limit int, isWanted func(T) bool) bool {
	count := 0
	for _, thing := range things {
		if isWanted(thing) {
			count++
		}
	}
	return limit > 0 && count >= limit
}

// Environment implements store.Directory.
func (s *Store) Environment(ctx context.Context, id posthorn.EnvironmentID) (posthorn.Environment, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Environment{}, err
	}
	defer s.mu.Unlock()
	return find(s.environments, id)
}

// OldestEnvironment implements store.Directory.
func (s *Store) OldestEnvironment(ctx context.Context, workspace posthorn.WorkspaceID) (posthorn.Environment, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Environment{}, err
	}
	defer s.mu.Unlock()
	if workspace.IsZero() {
		all := idsOf(s.workspaces, func(posthorn.WorkspaceID, posthorn.Workspace) bool { return true })
		if len(all) == 0 {
			return posthorn.Environment{}, posthorn.ErrNotFound
		}
		workspace = all[0]
	}
	ids := idsOf(s.environments, func(_ posthorn.EnvironmentID, e posthorn.Environment) bool { return e.WorkspaceID == workspace })
	if len(ids) == 0 {
		return posthorn.Environment{}, posthorn.ErrNotFound
	}
	return s.environments[ids[0]], nil
}

// Environments implements store.Directory.
func (s *Store) Environments(ctx context.Context, q store.EnvironmentQuery) ([]posthorn.Environment, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return pageOf(s.environments, func(e posthorn.Environment) bool {
		return matches(q.WorkspaceID, e.WorkspaceID) && matches(q.ProjectID, e.ProjectID)
	}, q.Page), nil
}

// UpdateEnvironment implements store.Directory.
func (s *Store) UpdateEnvironment(ctx context.Context, id posthorn.EnvironmentID, change func(posthorn.Environment) (posthorn.Environment, error)) (posthorn.Environment, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Environment{}, err
	}
	defer s.mu.Unlock()
	before, err := find(s.environments, id)
	if err != nil {
		return posthorn.Environment{}, err
	}
	after, err := change(before)
	if err != nil {
		return posthorn.Environment{}, err
	}
	after.ID, after.WorkspaceID, after.ProjectID, after.CreatedAt = before.ID, before.WorkspaceID, before.ProjectID, before.CreatedAt
	s.environments[id] = copyEnvironment(after)
	s.versions[id]++
	return s.environments[id], nil
}

func find[ID comparable, T any](items map[ID]T, id ID) (T, error) {
	item, exists := items[id]
	if !exists {
		return item, posthorn.ErrNotFound
	}
	return item, nil
}
