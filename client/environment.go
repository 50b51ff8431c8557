package client

import (
	"context"
	"iter"
	"time"
)

// Environment is where webhooks and events live.
type Environment struct {
	Document
	ID          string `json:"id"`
	WorkspaceID string `json:"workspaceId"`
	ProjectID   string `json:"projectId"`
	Name        string `json:"name"`
	// Kind is production or development.
	Kind string `json:"kind"`
	// DefaultFormat and DefaultRetries hold where a webhook names none.
	DefaultFormat  string `json:"defaultFormat"`
	DefaultRetries int    `json:"defaultRetries"`
	// DefaultValidation holds for event types that have a schema and say nothing:
	// off, warn or reject.
	DefaultValidation string    `json:"defaultValidation"`
	CreatedAt         time.Time `json:"createdAt"`
	UpdatedAt         time.Time `json:"updatedAt"`
}

// EnvironmentInput is what a new environment is made of. Name and Kind are needed.
type EnvironmentInput struct {
	ProjectID         string        `json:"projectId,omitempty"`
	Name              string        `json:"name"`
	Kind              string        `json:"kind"`
	DefaultFormat     string        `json:"defaultFormat,omitempty"`
	DefaultRetries    Optional[int] `json:"defaultRetries,omitzero"`
	DefaultValidation string        `json:"defaultValidation,omitempty"`
}

// EnvironmentChanges says what becomes different; what is left out stays.
type EnvironmentChanges struct {
	Name              Optional[string] `json:"name,omitzero"`
	Kind              Optional[string] `json:"kind,omitzero"`
	DefaultFormat     Optional[string] `json:"defaultFormat,omitzero"`
	DefaultRetries    Optional[int]    `json:"defaultRetries,omitzero"`
	DefaultValidation Optional[string] `json:"defaultValidation,omitzero"`
}

// CreateEnvironment makes an environment.
func (c *Client) CreateEnvironment(ctx context.Context, input EnvironmentInput) (Environment, error) {
	return postOne[Environment](ctx, c, input, "environments")
}

// ListEnvironments returns one page of environments.
func (c *Client) ListEnvironments(ctx context.Context, query ListQuery) (Page[Environment], error) {
	return listPage[Environment](ctx, c, query.values(), "environments")
}

// Environments yields all environments from the query's cursor on.
func (c *Client) Environments(ctx context.Context, query ListQuery) iter.Seq2[Environment, error] {
	return walk(query.Cursor, func(cursor string) (Page[Environment], error) {
		query.Cursor = cursor
		return c.ListEnvironments(ctx, query)
	})
}

// GetEnvironment returns one environment.
func (c *Client) GetEnvironment(ctx context.Context, id string) (Environment, error) {
	return getOne[Environment](ctx, c, "environments", id)
}

// UpdateEnvironment changes an environment and returns it.
func (c *Client) UpdateEnvironment(ctx context.Context, id string, changes EnvironmentChanges) (Environment, error) {
	return patchOne[Environment](ctx, c, changes, "environments", id)
}
