package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// EventInput is an event to publish. Type and Data are needed.
type EventInput struct {
	// EnvironmentID is needed where the key reaches several environments.
	EnvironmentID string
	Type          string
	// Data is any JSON value. It arrives at the receivers byte for byte.
	Data json.RawMessage
	// ID is the publisher's own id; without it the server makes one.
	ID string
	// Timestamp is when it happened; zero means now.
	Timestamp time.Time
}

// body writes the request by hand, so that Data keeps its bytes.
func (e EventInput) body() ([]byte, error) {
	if err := checkJSON("/data", e.Data); err != nil {
		return nil, err
	}
	var text object
	text.string("type", e.Type)
	text.raw("data", e.Data)
	text.string("id", e.ID)
	if !e.Timestamp.IsZero() {
		text.string("timestamp", e.Timestamp.UTC().Format(time.RFC3339Nano))
	}
	text.string("environmentId", e.EnvironmentID)
	return text.close(), nil
}

// Event is something that happened, as the server keeps it.
type Event struct {
	Document
	ID            string    `json:"id"`
	Type          string    `json:"type"`
	Timestamp     time.Time `json:"timestamp"`
	EnvironmentID string    `json:"environmentId"`
	AcceptedAt    time.Time `json:"acceptedAt"`
	// Deliveries is how many webhooks wanted it.
	Deliveries int `json:"deliveries"`
	// Note says what is worth knowing, for example that nobody wants the event.
	Note string `json:"note"`
	// Duplicate reports that the event was there already.
	Duplicate bool `json:"duplicate"`
	// Warnings say where data doesn't match the schema of its event type.
	Warnings []ErrorAtPlace `json:"warnings"`
	// Data is the publisher's bytes; only GetEvent returns them.
	Data json.RawMessage `json:"data"`
}

// EventQuery narrows a list of events. Fields that are zero don't.
type EventQuery struct {
	EnvironmentID string
	Type          string
	After, Before time.Time
	Limit         int
	Cursor        string
}

// Publish hands over one event. When it returns without an error, the event and
// all its deliveries are kept. It is repeated until it is answered, always with
// the same Idempotency-Key, so it never makes two events.
func (c *Client) Publish(ctx context.Context, event EventInput) (Event, error) {
	body, err := event.body()
	if err != nil {
		return Event{}, err
	}
	return exchange[Event](ctx, c, c.publishing(body, jsonType), "events")
}

func (c *Client) publishing(body []byte, contentType string) call {
	return call{
		method: http.MethodPost, body: body, contentType: contentType,
		idempotencyKey: fmt.Sprintf("%016x%016x", c.random(), c.random()), repeatable: true,
	}
}

// ListEvents returns one page of events, newest first.
func (c *Client) ListEvents(ctx context.Context, query EventQuery) (Page[Event], error) {
	values := ListQuery{EnvironmentID: query.EnvironmentID, Limit: query.Limit, Cursor: query.Cursor}.values()
	setText(values, "type", query.Type)
	setTime(values, "after", query.After)
	setTime(values, "before", query.Before)
	return listPage[Event](ctx, c, values, "events")
}

// Events yields all events of the query from its cursor on.
func (c *Client) Events(ctx context.Context, query EventQuery) iter.Seq2[Event, error] {
	return walk(query.Cursor, func(cursor string) (Page[Event], error) {
		query.Cursor = cursor
		return c.ListEvents(ctx, query)
	})
}

// GetEvent returns one event with its data.
func (c *Client) GetEvent(ctx context.Context, id string) (Event, error) {
	return getOne[Event](ctx, c, "events", id)
}

// EventDeliveries yields the deliveries of one event.
func (c *Client) EventDeliveries(ctx context.Context, id string) iter.Seq2[Delivery, error] {
	return walk("", func(cursor string) (Page[Delivery], error) {
		return listPage[Delivery](ctx, c, ListQuery{Cursor: cursor}.values(), "events", id, "deliveries")
	})
}
