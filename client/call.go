package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request of the API, before it is sent and however often it is.
type call struct {
	method string
	// path begins with a slash and is already escaped.
	path        string
	query       url.Values
	body        []byte
	contentType string
	// idempotencyKey is set where the server recognises a repetition.
	idempotencyKey string
	// repeatable reports that doing it twice is the same as doing it once.
	repeatable bool
	// timeout replaces the client's when it is longer.
	timeout time.Duration
}

// perform sends the call until it is answered for good, within the bounds of
// the backoff. It returns the body of a 2xx answer.
func (c *Client) perform(ctx context.Context, request call) ([]byte, error) {
	for try := 0; ; try++ {
		body, err := c.attempt(ctx, request)
		if err == nil || ctx.Err() != nil {
			return body, err
		}
		wait, again := c.backoff.next(request, try, err, c.random)
		if !again {
			return nil, err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("waiting to try again: %w", err)
		}
	}
}

func (c *Client) attempt(ctx context.Context, request call) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, max(c.timeout, request.timeout))
	defer cancel()
	outgoing, err := c.build(limited, request)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(outgoing)
	if err != nil {
		return nil, c.broken(ctx, err)
	}
	defer answer.Body.Close() //nolint:errcheck // nothing more is read from it
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
	if err != nil {
		return nil, c.broken(ctx, err)
	}
	if len(body) > MaxAnswer {
		return nil, &Error{Status: answer.StatusCode, Code: CodeUnexpectedAnswer, Detail: fmt.Sprintf("The answer is longer than %d bytes.", MaxAnswer), Hint: "Ask for less at once, with a smaller limit."}
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, readProblem(answer, body)
	}
	return body, nil
}

func (c *Client) build(ctx context.Context, request call) (*http.Request, error) {
	address := c.server + request.path
	if query := request.query.Encode(); query != "" {
		address += "?" + query
	}
	outgoing, err := http.NewRequestWithContext(ctx, request.method, address, bytes.NewReader(request.body))
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	outgoing.Header.Set("Accept", "application/json")
	outgoing.Header.Set("User-Agent", c.userAgent)
	if c.apiKey != "" {
		outgoing.Header.Set("Authorization", "Bearer "+c.apiKey)
	}
	if request.body != nil {
		outgoing.Header.Set("Content-Type", request.contentType)
	}
	if request.idempotencyKey != "" {
		outgoing.Header.Set("Idempotency-Key", request.idempotencyKey)
	}
	return outgoing, nil
}

// broken tells the caller's own cancellation from a server that doesn't answer.
func (c *Client) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("calling %s: %w", c.server, context.Cause(ctx))
	}
	return &ConnectionError{Server: c.server, Err: err}
}

// apiPath joins the parts of a path below /v1, each escaped. A part that is
// empty or dots would name another route, so it is refused.
func apiPath(parts ...string) (string, error) {
	var path strings.Builder
	path.WriteString("/v1")
	for _, part := range parts {
		if part == "" || part == "." || part == ".." {
			return "", malformed("", fmt.Sprintf("%q is not an id or a name.", part), "Give the id as the server wrote it.")
		}
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String(), nil
}
