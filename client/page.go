package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// HasMore reports that the list goes on behind this page, at NextCursor.
	HasMore    bool
	NextCursor string
}

// ListQuery says which part of a list is wanted. Fields that are zero are left
// to the server.
type ListQuery struct {
	// EnvironmentID is needed where the key reaches several environments.
	EnvironmentID string
	// WorkspaceID and ProjectID narrow the lists of projects, environments and keys.
	WorkspaceID string
	ProjectID   string
	// Limit is how many items a page has, 1 to 250.
	Limit int
	// Cursor is the NextCursor of the page before.
	Cursor string
}

func (q ListQuery) values() url.Values {
	values := url.Values{}
	setText(values, "environmentId", q.EnvironmentID)
	setText(values, "workspaceId", q.WorkspaceID)
	setText(values, "projectId", q.ProjectID)
	setText(values, "cursor", q.Cursor)
	if q.Limit > 0 {
		values.Set("limit", strconv.Itoa(q.Limit))
	}
	return values
}

func setText(values url.Values, name, text string) {
	if text != "" {
		values.Set(name, text)
	}
}

func setTime(values url.Values, name string, moment time.Time) {
	if !moment.IsZero() {
		values.Set(name, moment.UTC().Format(time.RFC3339Nano))
	}
}

// listPage gets one page below the path's parts.
func listPage[T any, P document[T]](ctx context.Context, c *Client, query url.Values, parts ...string) (Page[T], error) {
	path, err := apiPath(parts...)
	if err != nil {
		return Page[T]{}, err
	}
	body, err := c.perform(ctx, call{method: http.MethodGet, path: path, query: query, repeatable: true})
	if err != nil {
		return Page[T]{}, err
	}
	answer, err := openEnvelope(body)
	if err != nil {
		return Page[T]{}, err
	}
	items, err := readMany[T, P](answer.Data)
	if err != nil {
		return Page[T]{}, err
	}
	page := Page[T]{Items: items, HasMore: answer.Pagination.HasMore}
	if answer.Pagination.NextCursor != nil {
		page.NextCursor = *answer.Pagination.NextCursor
	}
	return page, nil
}

// walk yields the items of all pages from the cursor on, one page in memory at a
// time. After an error it ends.
func walk[T any](cursor string, get func(cursor string) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := get(cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			// A cursor that repeats itself would go round for ever.
			if !page.HasMore || page.NextCursor == "" || page.NextCursor == cursor {
				return
			}
			cursor = page.NextCursor
		}
	}
}
