package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// TestResult is what came of a test: one request sent while the caller waits,
// and never repeated.
type TestResult struct {
	Document
	Delivered bool `json:"delivered"`
	// StatusCode is the receiver's, 0 when it didn't answer.
	StatusCode int `json:"statusCode"`
	// Reason is the one word for what came of it, Detail a sentence about it.
	Reason       string      `json:"reason"`
	Detail       string      `json:"detail"`
	EventID      string      `json:"eventId"`
	DurationMs   float64     `json:"durationMs"`
	Timings      Timings     `json:"timings"`
	ResponseBody string      `json:"responseBody"`
	Request      TestRequest `json:"request"`
}

// TestRequest is what was sent.
type TestRequest struct {
	URL string `json:"url"`
	// Headers is an object of names and values.
	Headers json.RawMessage `json:"headers"`
	Body    string          `json:"body"`
}

// Timings are the milliseconds that the parts of an attempt took; 0 for a part
// that did not happen.
type Timings struct {
	DNSMs       float64 `json:"dnsMs"`
	ConnectMs   float64 `json:"connectMs"`
	TLSMs       float64 `json:"tlsMs"`
	FirstByteMs float64 `json:"firstByteMs"`
	TotalMs     float64 `json:"totalMs"`
}

// TestEvent is what a test sends. Without Data it is the example of the type, and
// without Type an event of type test.
type TestEvent struct {
	Type string
	// Data is a JSON value; it arrives byte for byte.
	Data json.RawMessage
}

// TestWebhook sends an event to the webhook and returns what came back. Nothing is
// kept. An error means that the test could not be made; a receiver that refuses is no
// error.
func (c *Client) TestWebhook(ctx context.Context, id string, event TestEvent) (TestResult, error) {
	var text object
	text.string("type", event.Type)
	if len(event.Data) > 0 {
		if err := checkJSON("/data", event.Data); err != nil {
			return TestResult{}, err
		}
		text.raw("data", event.Data)
	}
	request := call{method: http.MethodPost, body: text.close(), contentType: jsonType, timeout: testTimeout}
	return exchange[TestResult](ctx, c, request, "webhooks", id, "test")
}
