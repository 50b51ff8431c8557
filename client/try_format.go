package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
)

// FormatTrial says what request to make of which format. Fields that are zero are
// left to the server.
type FormatTrial struct {
	// Name and Version name a format; Text is one that needn't be saved, as YAML or
	// JSON. With neither it is the webhook's.
	Name    string
	Version int
	Text    []byte
	// WebhookID names a webhook whose URL, headers, metadata and secrets are used.
	WebhookID     string
	EnvironmentID string
	// URL, Secret and Metadata replace what is the webhook's.
	URL      string
	Secret   string
	Metadata map[string]string
	// Event is an object with id, type, data and timestamp, each of which may be left
	// out. Its data is sent as it is.
	Event json.RawMessage
}

func (t FormatTrial) body() ([]byte, error) {
	var text object
	text.string("name", t.Name)
	if t.Version > 0 {
		text.raw("version", []byte(strconv.Itoa(t.Version)))
	}
	if json.Valid(t.Text) {
		text.raw("format", t.Text)
	} else {
		text.string("format", string(t.Text))
	}
	text.string("webhookId", t.WebhookID)
	text.string("environmentId", t.EnvironmentID)
	text.string("url", t.URL)
	text.string("secret", t.Secret)
	if len(t.Metadata) > 0 {
		metadata, _ := json.Marshal(t.Metadata) // a map of texts can always be written
		text.raw("metadata", metadata)
	}
	if len(t.Event) > 0 {
		if err := checkJSON("/event", t.Event); err != nil {
			return nil, err
		}
		text.raw("event", t.Event)
	}
	return text.close(), nil
}

// FormatPreview is the request that a format makes.
type FormatPreview struct {
	Document
	Format  string `json:"format"`
	Version *int   `json:"version"`
	// Secret says whose secret signed it: given, webhook or random.
	Secret  string           `json:"secret"`
	Request PreviewedRequest `json:"request"`
	// Message is the request as it goes over the wire; MessageEncoding is base64 when
	// it isn't UTF-8.
	Message         string `json:"message"`
	MessageEncoding string `json:"messageEncoding"`
}

// PreviewedRequest is a request that wasn't sent.
type PreviewedRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers []PreviewedHeader `json:"headers"`
	Body    string            `json:"body"`
	// BodyEncoding is base64 when the body isn't UTF-8.
	BodyEncoding string `json:"bodyEncoding"`
}

// PreviewedHeader is a header of such a request.
type PreviewedHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// PreviewFormat returns the request that would be sent now. Nothing is sent.
func (c *Client) PreviewFormat(ctx context.Context, trial FormatTrial) (FormatPreview, error) {
	return tryFormat[FormatPreview](ctx, c, trial, "preview")
}

// TestFormat has the request sent once and returns what came back. An error means
// that the test could not be made; a receiver that refuses is no error.
func (c *Client) TestFormat(ctx context.Context, trial FormatTrial) (TestResult, error) {
	return tryFormat[TestResult](ctx, c, trial, "test")
}

func tryFormat[T any, P document[T]](ctx context.Context, c *Client, trial FormatTrial, how string) (T, error) {
	body, err := trial.body()
	if err != nil {
		var none T
		return none, err
	}
	return exchange[T, P](ctx, c, call{method: http.MethodPost, timeout: testTimeout, body: body, contentType: jsonType}, "formats", how)
}
