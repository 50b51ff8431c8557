package manage

import (
	"context"
	"strings"

	"github.com/posthorn/posthorn"
)

// FoundedProject is a new project with its first environment.
type FoundedProject struct {
	Project     posthorn.Project
	Environment posthorn.Environment
}

// CreateProject makes a project with one environment, in the named workspace or
// else in the oldest in reach.
func (m *Manager) CreateProject(ctx context.Context, p Principal, workspace posthorn.WorkspaceID, name string) (FoundedProject, error) {
	owner, err := m.workspaceFor(ctx, p, workspace)
	if err != nil {
		return FoundedProject{}, err
	}
	project := m.newProject(owner, name)
	if err := project.Validate(); err != nil {
		return FoundedProject{}, err
	}
	environment := m.newEnvironment(project)
	if err := m.store.CreateProject(ctx, project, environment, m.limits.Projects, m.limits.Environments); err != nil {
		return FoundedProject{}, passOn("creating the project", m.projectLimited(err))
	}
	return FoundedProject{Project: project, Environment: environment}, nil
}

// Project returns a project in reach.
func (m *Manager) Project(ctx context.Context, p Principal, id posthorn.ProjectID) (posthorn.Project, error) {
	project, err := m.store.Project(ctx, id)
	if err != nil {
		return posthorn.Project{}, passOn("reading the project", err)
	}
	if !p.Reaches(project.WorkspaceID) {
		return posthorn.Project{}, posthorn.ErrNotFound
	}
	return project, nil
}

// Projects lists the projects of the named workspace, or of all in reach.
func (m *Manager) Projects(ctx context.Context, p Principal, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Project, error) {
	owner, err := m.narrow(ctx, p, workspace)
	if err != nil {
		return nil, err
	}
	projects, err := m.store.Projects(ctx, owner, page)
	if err != nil {
		return nil, passOn("listing projects", err)
	}
	return projects, nil
}

// narrow finds the workspace that a list is limited to; zero means all.
func (m *Manager) narrow(ctx context.Context, p Principal, named posthorn.WorkspaceID) (posthorn.WorkspaceID, error) {
	if named.IsZero() {
		return p.WorkspaceID, nil
	}
	workspace, err := m.Workspace(ctx, p, named)
	return workspace.ID, err
}

// UpdateProject renames a project in reach.
func (m *Manager) UpdateProject(ctx context.Context, p Principal, id posthorn.ProjectID, name Setting[string]) (posthorn.Project, error) {
	if _, err := m.Project(ctx, p, id); err != nil {
		return posthorn.Project{}, err
	}
	now := m.now()
	project, err := m.store.UpdateProject(ctx, id, func(project posthorn.Project) (posthorn.Project, error) {
		project.Name = strings.TrimSpace(name.take(project.Name, ""))
		project.UpdatedAt = now
		return project, project.Validate()
	})
	if err != nil {
		return posthorn.Project{}, passOn("changing the project", err)
	}
	return project, nil
}
