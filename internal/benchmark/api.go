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
	key     string
	client  *http.Client
}

func newAPI(address string) api {
	return api{address: address, key: serverKey, client: &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}}
}

// as is the same for somebody else's key.
func (a api) as(key string) api {
	a.key = key
	return a
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
	request.Header.Set("X-Api-Key", a.key)
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
	made, err := readData[identified](said)
	return made.ID, err
}

// identified is something that has an id.
type identified struct {
	ID string `json:"id"`
}

func readData[T any](a answer) (T, error) {
	var data T
	if err := json.Unmarshal(a.Data, &data); err != nil {
		return data, fmt.Errorf("reading an answer: %w", err)
	}
	return data, nil
}

// tenant is a workspace with a key of its own.
type tenant struct{ workspace, environment, key string }

// newTenant makes a workspace.
func (a api) newTenant(ctx context.Context) (tenant, error) {
	said, err := a.post(ctx, "/v1/workspaces", map[string]string{"name": "Tenant"})
	if err != nil {
		return tenant{}, err
	}
	made, err := readData[struct {
		identified
		Environment identified `json:"environment"`
	}](said)
	if err != nil {
		return tenant{}, err
	}
	t := tenant{workspace: made.ID, environment: made.Environment.ID}
	t.key, err = a.newKey(ctx, t.workspace)
	return t, err
}

// newKey makes a key of a workspace; of the oldest if its id is empty.
func (a api) newKey(ctx context.Context, workspace string) (string, error) {
	wanted := map[string]string{"name": "tenant"}
	if workspace != "" {
		wanted["workspaceId"] = workspace
	}
	said, err := a.post(ctx, "/v1/keys", wanted)
	if err != nil {
		return "", err
	}
	made, err := readData[struct {
		Key string `json:"key"`
	}](said)
	return made.Key, err
}
