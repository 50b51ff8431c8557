package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// CapturedRequest is a request that somebody received, and what may have signed
// it.
type CapturedRequest struct {
	// Request is the text of HTTP/1.1: request line, headers, an empty line, body. It
	// may also be JSON with method, url, headers and body or bodyBase64.
	Request string   `json:"request"`
	Secrets []string `json:"secrets,omitempty"`
	// WorkspaceID or EnvironmentID say whose formats are tried.
	WorkspaceID   string `json:"workspaceId,omitempty"`
	EnvironmentID string `json:"environmentId,omitempty"`
}

// VerifyQuestion asks whether a captured request is valid. With a WebhookID the
// server uses what it knows of the webhook: its secrets, its format, its events.
type VerifyQuestion struct {
	CapturedRequest
	WebhookID string `json:"webhookId,omitempty"`
	// Format is what the request should be of; empty for the webhook's, or any.
	Format string `json:"format,omitempty"`
	// ReceivedAt is when it came; now when zero.
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
}

// Verification says whether a request is valid, and else why not.
type Verification struct {
	Document
	Valid bool `json:"valid"`
	// Format is empty when none was asked for and none fits; Nearest is then the one
	// that the request is most like.
	Format  string `json:"format,omitempty"`
	Nearest string `json:"nearest,omitempty"`
	// SignedAt and EventID are nil where the request doesn't say.
	SignedAt *time.Time `json:"signedAt"`
	EventID  *string    `json:"eventId"`
	// Cause is the one word for why it isn't valid, nil if it is; Detail is a
	// sentence, and Hint what to do.
	Cause  *string `json:"cause"`
	Detail string  `json:"detail"`
	Hint   string  `json:"hint,omitempty"`
	// Offset is where the body differs from the one that was signed, if it does.
	Offset *int `json:"offset"`
	// Stopped: not all was tried; the hint says what to leave out.
	Stopped bool `json:"stopped"`
}

// InferredFormat is the format that makes a captured request.
type InferredFormat struct {
	Document
	Found bool `json:"found"`
	// Exact: made again with the same event, the request is the same byte for byte.
	Exact bool `json:"exact"`
	// Format is the format to be saved, and YAML the same with comments.
	Format      json.RawMessage `json:"format"`
	YAML        string          `json:"yaml,omitempty"`
	Explanation []string        `json:"explanation"`
	// Differences are what the format does otherwise than the request.
	Differences []string `json:"differences"`
	Tried       int      `json:"tried"`
	Stopped     bool     `json:"stopped"`
}

// Verify says whether a captured request is valid, and else why not.
func (c *Client) Verify(ctx context.Context, question VerifyQuestion) (Verification, error) {
	return send[Verification](ctx, c, call{method: http.MethodPost, repeatable: true, timeout: searchTimeout}, question, "verify")
}

// InferFormat finds the format that makes a captured request.
func (c *Client) InferFormat(ctx context.Context, captured CapturedRequest, name string) (InferredFormat, error) {
	body := struct {
		CapturedRequest
		Name string `json:"name,omitempty"`
	}{captured, name}
	return send[InferredFormat](ctx, c, call{method: http.MethodPost, repeatable: true, timeout: searchTimeout}, body, "formats", "infer")
}

// searchTimeout leaves room for a long search.
const searchTimeout = 30 * time.Second
