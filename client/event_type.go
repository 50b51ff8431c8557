package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// EventType is an entry of an environment's catalogue.
type EventType struct {
	Document
	Name        string `json:"name"`
	Description string `json:"description"`
	// Since is the version that brought it, Status for example GA or Beta.
	Since  string `json:"since"`
	Status string `json:"status"`
	// Retries is nil when the event type leaves it to others.
	Retries *int            `json:"retries"`
	Example json.RawMessage `json:"example"`
	Schema  json.RawMessage `json:"schema"`
	// Validation is off, warn or reject, or empty when it is left to the environment.
	Validation    string    `json:"validation"`
	EnvironmentID string    `json:"environmentId"`
	CreatedAt     time.Time `json:"createdAt"`
	UpdatedAt     time.Time `json:"updatedAt"`
}

// EventTypeInput is an entry to add. Name is needed.
type EventTypeInput struct {
	EnvironmentID string
	Name          string
	Description   string
	Since         string
	Status        string
	Retries       *int
	// Example and Schema are JSON values that are sent as they are.
	Example json.RawMessage
	Schema  json.RawMessage
	// Validation is off, warn or reject; empty leaves it to the environment.
	Validation string
}

// EventTypeChanges says what becomes different; what is left out stays.
type EventTypeChanges struct {
	// EnvironmentID is needed where the key reaches several environments.
	EnvironmentID string                    `json:"environmentId,omitempty"`
	Description   Optional[string]          `json:"description,omitzero"`
	Since         Optional[string]          `json:"since,omitzero"`
	Status        Optional[string]          `json:"status,omitzero"`
	Retries       Optional[int]             `json:"retries,omitzero"`
	Example       Optional[json.RawMessage] `json:"example,omitzero"`
	Schema        Optional[json.RawMessage] `json:"schema,omitzero"`
	Validation    Optional[string]          `json:"validation,omitzero"`
}

// Import says what came of adding many event types.
type Import struct {
	Document
	Created int `json:"created"`
	Updated int `json:"updated"`
	// Skipped is how many were there already and were left as they are.
	Skipped int `json:"skipped"`
	// Refused is how many parts of a document no event type can be made of.
	Refused int `json:"refused"`
	// DryRun reports that nothing was kept.
	DryRun     bool         `json:"dryRun"`
	EventTypes []string     `json:"eventTypes"`
	Items      []ImportItem `json:"items"`
}

// ImportItem says what came of one event type: created, updated, same, left or
// refused. Place is where it stands in a document, and Reason why nothing was done.
type ImportItem struct {
	Name   string `json:"name"`
	Action string `json:"action"`
	Place  string `json:"place"`
	Reason string `json:"reason"`
}

func (e EventTypeInput) body() ([]byte, error) {
	var text object
	text.string("name", e.Name)
	text.string("description", e.Description)
	text.string("since", e.Since)
	text.string("status", e.Status)
	if e.Retries != nil {
		text.raw("retries", []byte(strconv.Itoa(*e.Retries)))
	}
	for _, member := range []struct {
		name  string
		value json.RawMessage
	}{{"example", e.Example}, {"schema", e.Schema}} {
		if len(member.value) == 0 {
			continue
		}
		if err := checkJSON("/"+member.name, member.value); err != nil {
			return nil, err
		}
		text.raw(member.name, member.value)
	}
	text.string("validation", e.Validation)
	text.string("environmentId", e.EnvironmentID)
	return text.close(), nil
}

// CreateEventType adds an entry to the catalogue.
func (c *Client) CreateEventType(ctx context.Context, input EventTypeInput) (EventType, error) {
	body, err := input.body()
	if err != nil {
		return EventType{}, err
	}
	return exchange[EventType](ctx, c, call{method: http.MethodPost, body: body, contentType: jsonType}, "event-types")
}

// ListEventTypes returns one page of the catalogue.
func (c *Client) ListEventTypes(ctx context.Context, query ListQuery) (Page[EventType], error) {
	return listPage[EventType](ctx, c, query.values(), "event-types")
}

// EventTypes yields the whole catalogue from the query's cursor on.
func (c *Client) EventTypes(ctx context.Context, query ListQuery) iter.Seq2[EventType, error] {
	return walk(query.Cursor, func(cursor string) (Page[EventType], error) {
		query.Cursor = cursor
		return c.ListEventTypes(ctx, query)
	})
}

// GetEventType returns one entry. environmentID may be empty.
func (c *Client) GetEventType(ctx context.Context, environmentID, name string) (EventType, error) {
	return exchange[EventType](ctx, c, call{method: http.MethodGet, query: within(environmentID), repeatable: true}, "event-types", name)
}

// UpdateEventType changes an entry and returns it.
func (c *Client) UpdateEventType(ctx context.Context, name string, changes EventTypeChanges) (EventType, error) {
	return patchOne[EventType](ctx, c, changes, "event-types", name)
}

// DeleteEventType removes an entry. environmentID may be empty.
func (c *Client) DeleteEventType(ctx context.Context, environmentID, name string) (Deleted, error) {
	return exchange[Deleted](ctx, c, call{method: http.MethodDelete, query: within(environmentID)}, "event-types", name)
}

// EventTypeExample is an example of the data of an event type. Generated reports that
// the event type has none and this one was made of its schema, Matches whether it
// matches it.
type EventTypeExample struct {
	Document
	Data      json.RawMessage `json:"data"`
	Generated bool            `json:"generated"`
	Matches   bool            `json:"matches"`
}

// ExampleOf returns the example of an entry, or one made of its schema. environmentID
// may be empty.
func (c *Client) ExampleOf(ctx context.Context, environmentID, name string) (EventTypeExample, error) {
	return exchange[EventTypeExample](ctx, c, call{method: http.MethodGet, query: within(environmentID), repeatable: true}, "event-types", name, "example")
}
