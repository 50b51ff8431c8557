package benchmark

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// api asks a server for what isn't measured by the publisher.
type api struct {
	address string
	client  *http.Client
}

func newAPI(address string) api {
	return api{address: address, client: &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}}
}

// answer is what answers have in common.
type answer struct {
	Data       json.RawMessage `json:"data"`
	Pagination struct {
		NextCursor string `json:"nextCursor"`
	} `json:"pagination"`
}

func (a api) get(ctx context.Context, path string) (answer, error) {
	return a.ask(ctx, http.MethodGet, path, nil)
}

func (a api) post(ctx context.Context, path string, body any) (answer, error) {
	return a.ask(ctx, http.MethodPost, path, body)
}

func (a api) ask(ctx context.Context, method, path string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, fmt.Errorf("writing a request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+a.address+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, fmt.Errorf("making a request: %w", err)
	}
	if body == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("X-Api-Key", serverKey)
	response, err := a.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	const longest = 4 << 20
	said, err := io.ReadAll(io.LimitReader(response.Body, longest))
	if err != nil {
		return answer{}, fmt.Errorf("asking the server: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return answer{}, fmt.Errorf("the server answered %s %s with %s: %s", method, path, response.Status, said)
	}
	var read answer
	if err := json.Unmarshal(said, &read); err != nil {
		return answer{}, fmt.Errorf("reading the server's answer to %s: %w", path, err)
	}
	return read, nil
}

// registration is a webhook that is wanted.
type registration struct {
	URL    string   `json:"url"`
	Events []string `json:"events"`
	// Concurrency is how many requests may be under way; 0 is the server's default.
	Concurrency int `json:"concurrency,omitempty"`
}

// register makes a webhook and returns its id.
func (a api) register(ctx context.Context, webhook registration) (string, error) {
	said, err := a.post(ctx, "/v1/webhooks", webhook)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(said.Data, &made); err != nil {
		return "", fmt.Errorf("reading the webhook: %w", err)
	}
	return made.ID, nil
}
