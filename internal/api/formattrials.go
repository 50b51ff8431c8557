package api

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// formatTrialInput says what request to make of which format.
type formatTrialInput struct {
	Name          optional[string]                 `json:"name,omitzero" doc:"A format that the workspace can use. Without name and format it is the webhook's, or the environment's default."`
	Version       optional[int64]                  `json:"version,omitzero" doc:"The newest when left out."`
	Format        optional[rawJSON]                `json:"format,omitzero" doc:"A format that needn't be saved: the object that describes it, or a text with its YAML."`
	WebhookID     optional[posthorn.WebhookID]     `json:"webhookId,omitzero" doc:"A webhook whose URL, headers, metadata and secrets are used."`
	URL           optional[string]                 `json:"url,omitzero" doc:"Where to; the webhook's when left out."`
	Secret        optional[string]                 `json:"secret,omitzero" doc:"What to sign with; the webhook's secrets when left out, or else a random one."`
	Metadata      optional[map[string]string]      `json:"metadata,omitzero" doc:"For formats that name metadata; the webhook's when left out."`
	Event         optional[trialEventInput]        `json:"event,omitzero" doc:"What it leaves out is made up."`
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"The webhook's, or else the oldest in reach when left out."`
}

func (in *formatTrialInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

// trialEventInput is the event of a trial.
type trialEventInput struct {
	ID        optional[string]  `json:"id,omitzero"`
	Type      optional[string]  `json:"type,omitzero"`
	Data      optional[rawJSON] `json:"data,omitzero" doc:"Any JSON value; its bytes are sent as they are."`
	Timestamp optional[string]  `json:"timestamp,omitzero"`
}

// formatPreviewBody is a request that a format makes.
type formatPreviewBody struct {
	FormatPreviewKept
	Request         previewedRequest `json:"request"`
	Message         string           `json:"message" doc:"The request as it goes over the wire (HTTP/1.1)."`
	MessageEncoding string           `json:"messageEncoding,omitempty" doc:"base64 when the message is not UTF-8."`
}

// FormatPreviewKept is what may be kept of a preview: a request may hold a
// secret.
type FormatPreviewKept struct {
	Format  string `json:"format"`
	Version *int   `json:"version" doc:"Null for a built-in format, and for one that isn't saved."`
	Secret  string `json:"secret" enum:"given,webhook,random" doc:"Whose secret signed it. An answer that is replayed for an Idempotency-Key comes without the request."`
}

// forReplay leaves out the request.
func (b formatPreviewBody) forReplay() any { return b.FormatPreviewKept }

type previewedRequest struct {
	Method       string       `json:"method"`
	URL          string       `json:"url"`
	Headers      []headerBody `json:"headers" doc:"Those of the format and the webhook, in order."`
	Body         string       `json:"body"`
	BodyEncoding string       `json:"bodyEncoding,omitempty" doc:"base64 when the body is not UTF-8."`
}

type headerBody struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (in *formatTrialInput) trial() (manage.FormatTrial, error) {
	event := in.Event.Value
	trial := manage.FormatTrial{
		EnvironmentID: in.EnvironmentID.Value, Version: posthorn.FormatVersion{Name: in.Name.Value, Version: clampToInt(in.Version.Value)},
		WebhookID: in.WebhookID.Value, URL: in.URL.Value, Secret: posthorn.Secret(in.Secret.Value), Metadata: in.Metadata.Value,
		Event: manage.TrialEvent{ID: event.ID.Value, Type: event.Type.Value, Data: event.Data.Value},
	}
	if event.Timestamp.Value != "" {
		at, err := eventTime(event.Timestamp.Value)
		if err != nil {
			return manage.FormatTrial{}, placedAt(err, "/event/timestamp")
		}
		trial.Event.Timestamp = at
	}
	text := in.Format.Value
	if len(text) > 0 && text[0] == '"' {
		var yaml string
		if err := json.Unmarshal(text, &yaml, decoding); err != nil {
			return manage.FormatTrial{}, malformed("/format", "The text can't be read.", "Give the format as an object, or as a text with its YAML.")
		}
		text = rawJSON(yaml)
	}
	trial.Text = text
	return trial, nil
}

func previewFormat(ctx context.Context, c *call, in *formatTrialInput) (formatPreviewBody, error) {
	trial, err := in.trial()
	if err != nil {
		return formatPreviewBody{}, err
	}
	preview, err := c.Manager.PreviewFormat(ctx, c.principal, trial)
	if err != nil {
		return formatPreviewBody{}, err
	}
	body := formatPreviewBody{
		FormatPreviewKept: FormatPreviewKept{Format: preview.Format.Name, Secret: preview.Secret},
		Request:           previewedRequest{Method: "POST", URL: preview.Request.URL, Headers: make([]headerBody, len(preview.Request.Headers))},
	}
	if preview.Format.Declared != nil {
		body.Version = &preview.Format.Declared.Version
	}
	for i, h := range preview.Request.Headers {
		body.Request.Headers[i] = headerBody{h.Name, h.Value}
	}
	body.Request.Body, body.Request.BodyEncoding = showBytes(preview.Request.Body)
	body.Message, body.MessageEncoding = showBytes(preview.Message)
	return body, nil
}

func testFormat(ctx context.Context, c *call, in *formatTrialInput) (testBody, error) {
	trial, err := in.trial()
	if err != nil {
		return testBody{}, err
	}
	result, err := c.Manager.TestFormat(ctx, c.principal, trial)
	if err != nil {
		return testBody{}, err
	}
	return showTest(result), nil
}

// placedAt moves a mistake to where it stands in the body.
func placedAt(err error, pointer string) error {
	var known *posthorn.Error
	if !errors.As(err, &known) {
		return err
	}
	placed := *known
	placed.Pointer = pointer
	return &placed
}
