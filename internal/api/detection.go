package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// CapturedInput is a captured request and the secrets that may have signed it.
type CapturedInput struct {
	Request       rawJSON                          `json:"request" doc:"The captured request: a text of HTTP/1.1 (request line, headers, an empty line, body), or an object of method, url, headers and body or bodyBase64."`
	Secret        optional[string]                 `json:"secret,omitzero" doc:"The secret that signed it, or a public key."`
	Secrets       optional[[]string]               `json:"secrets,omitzero" doc:"Several of them."`
	WorkspaceID   optional[posthorn.WorkspaceID]   `json:"workspaceId,omitzero" doc:"Whose formats are tried; the oldest workspace in reach when left out."`
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"Instead of workspaceId: its workspace's."`
}

// text is the captured request as it is read.
func (in *CapturedInput) text() ([]byte, error) {
	if bytes.HasPrefix(in.Request, []byte(`"`)) {
		var text string
		if err := json.Unmarshal(in.Request, &text); err != nil {
			return nil, fmt.Errorf("reading the captured request: %w", err)
		}
		return []byte(text), nil
	}
	return in.Request, nil
}

func (in *CapturedInput) scope() manage.Scope {
	return manage.Scope{WorkspaceID: in.WorkspaceID.Value, EnvironmentID: in.EnvironmentID.Value}
}

func (in *CapturedInput) allSecrets() []string {
	all := in.Secrets.Value
	if in.Secret.Value != "" {
		all = append([]string{in.Secret.Value}, all...)
	}
	return all
}

// verifyInput asks whether a captured request is valid.
type verifyInput struct {
	CapturedInput
	WebhookID  optional[posthorn.WebhookID] `json:"webhookId,omitzero" doc:"The webhook that it was sent to: its secrets, those that were rotated out too, its format and its events are known then."`
	Format     optional[string]             `json:"format,omitzero" doc:"The format that it should be of; the webhook's, or else any, when left out."`
	ReceivedAt optional[string]             `json:"receivedAt,omitzero" doc:"When it came, for timestamps; now when left out."`
}

// verificationBody says whether a request is valid, and else why not.
type verificationBody struct {
	Valid    bool    `json:"valid"`
	Format   string  `json:"format,omitempty" doc:"The format that it is of, or was held against; left out when none was asked for and none fits."`
	Nearest  string  `json:"nearest,omitempty" doc:"The format that it is most like, when none fits."`
	SignedAt *string `json:"signedAt" format:"date-time"`
	EventID  *string `json:"eventId" doc:"Null where the format signs none."`
	Cause    *string `json:"cause" enum:"body_reencoded,body_changed,body_length,secret_misread,former_secret,other_format,unknown_format,clock,timestamp_unit,header_missing,header_doubled,header_malformed,other_url,other_id,no_match,search_stopped" doc:"Null when it is valid."`
	Detail   string  `json:"detail"`
	Hint     string  `json:"hint,omitempty"`
	Offset   *int    `json:"offset" doc:"Where the body differs from the one that was signed; null where that isn't the cause."`
	Stopped  bool    `json:"stopped" doc:"Not all was tried, because it would have taken too long or there are too many formats: the hint says what to leave out."`
}

// inferenceBody is the format that makes a captured request.
type inferenceBody struct {
	Found       bool     `json:"found"`
	Exact       bool     `json:"exact" doc:"Made again with the same event, the request is the same byte for byte."`
	Format      *rawJSON `json:"format" doc:"The format, to be saved; null when none was found."`
	YAML        string   `json:"yaml,omitempty" doc:"The same with what was found as comments."`
	Explanation []string `json:"explanation"`
	Differences []string `json:"differences" doc:"What the format does otherwise than the request."`
	Tried       int      `json:"tried" doc:"How many signatures were made in search of it."`
	Stopped     bool     `json:"stopped" doc:"Not all was tried, because it would have taken too long: the explanation says what to leave out."`
}

// inferInput asks for the format of a captured request.
type inferInput struct {
	CapturedInput
	Name optional[string] `json:"name,omitzero" doc:"The name of the format to be."`
}

func (s *Server) detectionRoutes() []route {
	return []route{
		writing(http.MethodPost, "/v1/verify", http.StatusOK, "Say whether a captured request is valid, and else why not", verifyRequest).in("Formats").needs("request"),
		writing(http.MethodPost, "/v1/formats/infer", http.StatusOK, "Find the format that makes a captured request", inferFormat).in("Formats").needs("request"),
	}
}

func verifyRequest(ctx context.Context, c *call, in *verifyInput) (verificationBody, error) {
	text, err := in.text()
	if err != nil {
		return verificationBody{}, err
	}
	question := manage.VerifyQuestion{Request: text, WebhookID: in.WebhookID.Value, Scope: in.scope(), Secrets: in.allSecrets(), Format: in.Format.Value}
	if in.ReceivedAt.Value != "" {
		if question.ReceivedAt, err = time.Parse(time.RFC3339Nano, in.ReceivedAt.Value); err != nil {
			return verificationBody{}, malformed("/receivedAt", fmt.Sprintf("%q is not a time of RFC 3339.", clip(in.ReceivedAt.Value)), "For example: 2026-01-02T03:04:05Z")
		}
	}
	d, err := c.Manager.Verify(ctx, c.principal, question)
	if err != nil {
		return verificationBody{}, err
	}
	body := verificationBody{Valid: d.IsValid, Format: d.Format, Nearest: d.Nearest, Stopped: d.IsStopped, SignedAt: showTimeOrNull(d.SignedAt), Detail: d.Detail, Hint: d.Hint}
	if d.EventID != "" {
		body.EventID = &d.EventID
	}
	if d.Cause != "" {
		cause := string(d.Cause)
		body.Cause = &cause
	}
	if d.Offset >= 0 {
		body.Offset = &d.Offset
	}
	return body, nil
}

func inferFormat(ctx context.Context, c *call, in *inferInput) (inferenceBody, error) {
	text, err := in.text()
	if err != nil {
		return inferenceBody{}, err
	}
	found, err := c.Manager.InferFormat(ctx, c.principal, in.scope(), text, in.allSecrets(), in.Name.Value)
	if err != nil {
		return inferenceBody{}, err
	}
	body := inferenceBody{
		Found: found.IsFound, Exact: found.IsExact, Tried: found.Tried, Stopped: found.IsStopped,
		Explanation: append([]string{}, found.Explanation...), Differences: append([]string{}, found.Differences...),
	}
	if found.IsFound {
		document := rawJSON(manage.FormatDocument(found.Format))
		body.Format, body.YAML = &document, string(found.YAML())
	}
	return body, nil
}
