package client

import (
	"context"
	"iter"
	"time"
)

// Key is an API key.
type Key struct {
	Document
	ID string `json:"id"`
	// Kind is platform or workspace.
	Kind        string  `json:"kind"`
	WorkspaceID *string `json:"workspaceId"`
	Name        string  `json:"name"`
	// Start is the first characters of the key, to recognise it.
	Start     string     `json:"start"`
	CreatedAt time.Time  `json:"createdAt"`
	RevokedAt *time.Time `json:"revokedAt"`
	// Key is the key itself; only CreateKey returns it.
	Key string `json:"key"`
}

// KeyInput is what a new key is made of. Name is needed.
type KeyInput struct {
	WorkspaceID string `json:"workspaceId,omitempty"`
	Name        string `json:"name"`
	// Kind is platform or workspace; empty is workspace.
	Kind string `json:"kind,omitempty"`
}

// CreateKey makes a key and returns it with its text, which is never shown again.
func (c *Client) CreateKey(ctx context.Context, input KeyInput) (Key, error) {
	return postOne[Key](ctx, c, input, "keys")
}

// ListKeys returns one page of keys.
func (c *Client) ListKeys(ctx context.Context, query ListQuery) (Page[Key], error) {
	return listPage[Key](ctx, c, query.values(), "keys")
}

// Keys yields all keys from the query's cursor on.
func (c *Client) Keys(ctx context.Context, query ListQuery) iter.Seq2[Key, error] {
	return walk(query.Cursor, func(cursor string) (Page[Key], error) {
		query.Cursor = cursor
		return c.ListKeys(ctx, query)
	})
}

// RevokeKey makes a key useless from now on.
func (c *Client) RevokeKey(ctx context.Context, id string) (Deleted, error) {
	return deleteOne(ctx, c, "keys", id)
}
