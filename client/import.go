package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// ImportPreset adds a preset's event types (ascendkit or signature) to the
// catalogue; those that are there already stay as they are.
func (c *Client) ImportPreset(ctx context.Context, environmentID, preset string) (Import, error) {
	var text object
	text.string("preset", preset)
	return c.importEventTypes(ctx, environmentID, &text)
}

// ImportEventTypes adds the event types of a JSON array, whose objects have the
// members of the API; those that are there already stay as they are.
func (c *Client) ImportEventTypes(ctx context.Context, environmentID string, eventTypes json.RawMessage) (Import, error) {
	if err := checkJSON("/eventTypes", eventTypes); err != nil {
		return Import{}, err
	}
	var text object
	text.raw("eventTypes", eventTypes)
	return c.importEventTypes(ctx, environmentID, &text)
}

// importEventTypes is repeatable: what exists is skipped.
func (c *Client) importEventTypes(ctx context.Context, environmentID string, text *object) (Import, error) {
	text.string("environmentId", environmentID)
	request := call{method: http.MethodPost, body: text.close(), contentType: jsonType, repeatable: true}
	return exchange[Import](ctx, c, request, "event-types", "import")
}

func within(environmentID string) url.Values {
	return ListQuery{EnvironmentID: environmentID}.values()
}
