package manage

import (
	"context"
	"errors"
	"strings"

	"github.com/posthorn/posthorn"
)

// Founded is a new workspace with what comes with it.
type Founded struct {
	Workspace   posthorn.Workspace
	Project     posthorn.Project
	Environment posthorn.Environment
}

// WorkspaceChange is what may be said of a workspace.
type WorkspaceChange struct {
	Name       Setting[string]
	ExternalID Setting[string]
}

func (c WorkspaceChange) apply(w posthorn.Workspace) posthorn.Workspace {
	w.Name = strings.TrimSpace(c.Name.take(w.Name, ""))
	w.ExternalID = c.ExternalID.take(w.ExternalID, "")
	return w
}

// CreateWorkspace makes a workspace with one project and one environment.
func (m *Manager) CreateWorkspace(ctx context.Context, p Principal, change WorkspaceChange) (Founded, error) {
	if !p.IsPlatform() {
		return Founded{}, forbidden("create workspaces")
	}
	return m.found(ctx, change)
}

func (m *Manager) found(ctx context.Context, change WorkspaceChange) (Founded, error) {
	now := m.now()
	workspace := change.apply(posthorn.Workspace{ID: posthorn.NewID[posthorn.WorkspaceID](now, m.random), CreatedAt: now, UpdatedAt: now})
	if err := workspace.Validate(); err != nil {
		return Founded{}, err
	}
	project := m.newProject(workspace.ID, "Default")
	environment := m.newEnvironment(project)
	if err := m.store.CreateWorkspace(ctx, workspace, project, environment); err != nil {
		return Founded{}, passOn("creating the workspace", externalIDTaken(err))
	}
	return Founded{Workspace: workspace, Project: project, Environment: environment}, nil
}

func (m *Manager) newProject(workspace posthorn.WorkspaceID, name string) posthorn.Project {
	now := m.now()
	return posthorn.Project{
		ID: posthorn.NewID[posthorn.ProjectID](now, m.random), WorkspaceID: workspace,
		Name: strings.TrimSpace(name), CreatedAt: now, UpdatedAt: now,
	}
}

// newEnvironment makes the environment that a new project begins with.
func (m *Manager) newEnvironment(project posthorn.Project) posthorn.Environment {
	now := m.now()
	name := "Production"
	if m.defaultKind == posthorn.Development {
		name = "Development"
	}
	return posthorn.Environment{
		ID: posthorn.NewID[posthorn.EnvironmentID](now, m.random), WorkspaceID: project.WorkspaceID, ProjectID: project.ID,
		Name: name, Kind: m.defaultKind, DefaultFormat: m.defaultFormat, DefaultRetries: posthorn.DefaultRetries,
		DefaultValidation: posthorn.ValidationOff,
		CreatedAt:         now, UpdatedAt: now,
	}
}

// Workspace returns a workspace in reach.
func (m *Manager) Workspace(ctx context.Context, p Principal, id posthorn.WorkspaceID) (posthorn.Workspace, error) {
	if !p.Reaches(id) {
		return posthorn.Workspace{}, posthorn.ErrNotFound
	}
	workspace, err := m.store.Workspace(ctx, id)
	if err != nil {
		return posthorn.Workspace{}, passOn("reading the workspace", err)
	}
	return workspace, nil
}

// Workspaces lists the workspaces in reach.
func (m *Manager) Workspaces(ctx context.Context, p Principal, page posthorn.Page) ([]posthorn.Workspace, error) {
	if p.IsPlatform() {
		workspaces, err := m.store.Workspaces(ctx, page)
		if err != nil {
			return nil, passOn("listing workspaces", err)
		}
		return workspaces, nil
	}
	if page.After != ([16]byte{}) {
		return nil, nil
	}
	workspace, err := m.Workspace(ctx, p, p.WorkspaceID)
	if err != nil {
		return nil, err
	}
	return []posthorn.Workspace{workspace}, nil
}

// UpdateWorkspace changes a workspace in reach.
func (m *Manager) UpdateWorkspace(ctx context.Context, p Principal, id posthorn.WorkspaceID, change WorkspaceChange) (posthorn.Workspace, error) {
	if !p.Reaches(id) {
		return posthorn.Workspace{}, posthorn.ErrNotFound
	}
	now := m.now()
	workspace, err := m.store.UpdateWorkspace(ctx, id, func(w posthorn.Workspace) (posthorn.Workspace, error) {
		changed := change.apply(w)
		changed.UpdatedAt = now
		return changed, changed.Validate()
	})
	if err != nil {
		return posthorn.Workspace{}, passOn("changing the workspace", externalIDTaken(err))
	}
	return workspace, nil
}

func externalIDTaken(err error) error {
	if errors.Is(err, posthorn.ErrConflict) {
		return &posthorn.Error{Code: posthorn.CodeConflict, Pointer: "/externalId", Message: "Another workspace has this externalId.", Hint: "Find it in the list of workspaces, or choose another externalId."}
	}
	return err
}

// workspaceFor finds the workspace that a request means: the named one, the
// key's own, or the oldest.
func (m *Manager) workspaceFor(ctx context.Context, p Principal, named posthorn.WorkspaceID) (posthorn.WorkspaceID, error) {
	if !named.IsZero() {
		workspace, err := m.Workspace(ctx, p, named)
		return workspace.ID, err
	}
	environment, err := m.environment(ctx, p, posthorn.EnvironmentID{})
	return environment.WorkspaceID, err
}
