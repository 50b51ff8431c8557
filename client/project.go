package client

import (
	"context"
	"iter"
	"time"
)

// Project groups the environments of one product within a workspace.
type Project struct {
	Document
	ID          string    `json:"id"`
	WorkspaceID string    `json:"workspaceId"`
	Name        string    `json:"name"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
	// Environment is the first of a new project; only CreateProject returns it.
	Environment *Environment `json:"environment"`
}

// ProjectInput is what a new project is made of. Name is needed.
type ProjectInput struct {
	WorkspaceID string `json:"workspaceId,omitempty"`
	Name        string `json:"name"`
}

// ProjectChanges says what becomes different; what is left out stays.
type ProjectChanges struct {
	Name Optional[string] `json:"name,omitzero"`
}

// CreateProject makes a project with an environment.
func (c *Client) CreateProject(ctx context.Context, input ProjectInput) (Project, error) {
	return postOne[Project](ctx, c, input, "projects")
}

// ListProjects returns one page of projects.
func (c *Client) ListProjects(ctx context.Context, query ListQuery) (Page[Project], error) {
	return listPage[Project](ctx, c, query.values(), "projects")
}

// Projects yields all projects from the query's cursor on.
func (c *Client) Projects(ctx context.Context, query ListQuery) iter.Seq2[Project, error] {
	return walk(query.Cursor, func(cursor string) (Page[Project], error) {
		query.Cursor = cursor
		return c.ListProjects(ctx, query)
	})
}

// GetProject returns one project.
func (c *Client) GetProject(ctx context.Context, id string) (Project, error) {
	return getOne[Project](ctx, c, "projects", id)
}

// UpdateProject changes a project and returns it.
func (c *Client) UpdateProject(ctx context.Context, id string, changes ProjectChanges) (Project, error) {
	return patchOne[Project](ctx, c, changes, "projects", id)
}
