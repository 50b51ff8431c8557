package client

import (
	"context"
	"iter"
	"time"
)

// Workspace is a tenant: who owns webhooks and keys.
type Workspace struct {
	Document
	ID   string `json:"id"`
	Name string `json:"name"`
	// ExternalID is the tenant's id in the operator's own system.
	ExternalID *string   `json:"externalId"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
	// Project and Environment are the first of a new workspace; only
	// CreateWorkspace returns them.
	Project     *Project     `json:"project"`
	Environment *Environment `json:"environment"`
}

// WorkspaceInput is what a new workspace is made of. Name is needed.
type WorkspaceInput struct {
	Name       string `json:"name"`
	ExternalID string `json:"externalId,omitempty"`
}

// WorkspaceChanges says what becomes different; what is left out stays.
type WorkspaceChanges struct {
	Name       Optional[string] `json:"name,omitzero"`
	ExternalID Optional[string] `json:"externalId,omitzero"`
}

// CreateWorkspace makes a workspace with a project and an environment. Only a
// platform key may.
func (c *Client) CreateWorkspace(ctx context.Context, input WorkspaceInput) (Workspace, error) {
	return postOne[Workspace](ctx, c, input, "workspaces")
}

// ListWorkspaces returns one page of workspaces.
func (c *Client) ListWorkspaces(ctx context.Context, query ListQuery) (Page[Workspace], error) {
	return listPage[Workspace](ctx, c, query.values(), "workspaces")
}

// Workspaces yields all workspaces from the query's cursor on.
func (c *Client) Workspaces(ctx context.Context, query ListQuery) iter.Seq2[Workspace, error] {
	return walk(query.Cursor, func(cursor string) (Page[Workspace], error) {
		query.Cursor = cursor
		return c.ListWorkspaces(ctx, query)
	})
}

// GetWorkspace returns one workspace.
func (c *Client) GetWorkspace(ctx context.Context, id string) (Workspace, error) {
	return getOne[Workspace](ctx, c, "workspaces", id)
}

// UpdateWorkspace changes a workspace and returns it.
func (c *Client) UpdateWorkspace(ctx context.Context, id string, changes WorkspaceChanges) (Workspace, error) {
	return patchOne[Workspace](ctx, c, changes, "workspaces", id)
}
