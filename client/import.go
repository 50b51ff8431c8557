package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// ImportOptions say how to import.
type ImportOptions struct {
	// EnvironmentID is needed where the key reaches several environments.
	EnvironmentID string
	// Update changes event types that are there already; else they stay as they are.
	Update bool
	// DryRun keeps nothing; the answer tells what would be done.
	DryRun bool
}

// ImportPreset adds a preset's event types (ascendkit or signature) to the
// catalogue.
func (c *Client) ImportPreset(ctx context.Context, preset string, options ImportOptions) (Import, error) {
	var text object
	text.string("preset", preset)
	return c.importEventTypes(ctx, &text, options)
}

// ImportDocument adds the event types of an OpenAPI 3.1 document (its webhooks) or an
// AsyncAPI 2 or 3 document (its messages), in YAML or JSON. What can't be read of it is
// among the items of the answer.
func (c *Client) ImportDocument(ctx context.Context, document string, options ImportOptions) (Import, error) {
	var text object
	text.string("document", document)
	return c.importEventTypes(ctx, &text, options)
}

// ImportEventTypes adds the event types of a JSON array, whose objects have the
// members of the API.
func (c *Client) ImportEventTypes(ctx context.Context, eventTypes json.RawMessage, options ImportOptions) (Import, error) {
	if err := checkJSON("/eventTypes", eventTypes); err != nil {
		return Import{}, err
	}
	var text object
	text.raw("eventTypes", eventTypes)
	return c.importEventTypes(ctx, &text, options)
}

// importEventTypes is repeatable: what exists is skipped, or changed to what it is.
func (c *Client) importEventTypes(ctx context.Context, text *object, options ImportOptions) (Import, error) {
	if options.Update {
		text.raw("update", []byte("true"))
	}
	if options.DryRun {
		text.raw("dryRun", []byte("true"))
	}
	text.string("environmentId", options.EnvironmentID)
	request := call{method: http.MethodPost, body: text.close(), contentType: jsonType, repeatable: true}
	return exchange[Import](ctx, c, request, "event-types", "import")
}

func within(environmentID string) url.Values {
	return ListQuery{EnvironmentID: environmentID}.values()
}
