package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

const jsonType = "application/json"

func getOne[T any, P document[T]](ctx context.Context, c *Client, parts ...string) (T, error) {
	return exchange[T, P](ctx, c, call{method: http.MethodGet, repeatable: true}, parts...)
}

func postOne[T any, P document[T]](ctx context.Context, c *Client, input any, parts ...string) (T, error) {
	return send[T, P](ctx, c, call{method: http.MethodPost}, input, parts...)
}

// patchOne is repeatable: setting the same values again changes nothing.
func patchOne[T any, P document[T]](ctx context.Context, c *Client, input any, parts ...string) (T, error) {
	return send[T, P](ctx, c, call{method: http.MethodPatch, repeatable: true}, input, parts...)
}

func send[T any, P document[T]](ctx context.Context, c *Client, request call, input any, parts ...string) (T, error) {
	body, err := json.Marshal(input)
	if err != nil {
		var none T
		return none, fmt.Errorf("writing the request: %w", err)
	}
	request.body, request.contentType = body, jsonType
	return exchange[T, P](ctx, c, request, parts...)
}

// exchange performs the call on the path's parts and reads the one object that
// comes back.
func exchange[T any, P document[T]](ctx context.Context, c *Client, request call, parts ...string) (T, error) {
	var none T
	path, err := apiPath(parts...)
	if err != nil {
		return none, err
	}
	request.path = path
	body, err := c.perform(ctx, request)
	if err != nil {
		return none, err
	}
	answer, err := openEnvelope(body)
	if err != nil {
		return none, err
	}
	return readOne[T, P](answer.Data)
}

// Deleted says what was deleted or revoked.
type Deleted struct {
	Document
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

func deleteOne(ctx context.Context, c *Client, parts ...string) (Deleted, error) {
	return exchange[Deleted](ctx, c, call{method: http.MethodDelete}, parts...)
}

// Ready asks the server whether it can work now. It needs no key and is not
// repeated. It returns nil when the server is ready.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.attempt(ctx, call{method: http.MethodGet, path: "/readyz"})
	return err
}
