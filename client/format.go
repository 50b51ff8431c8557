package client

import (
	"context"
	"encoding/json"
)

// Format is a dialect: how a request's body, headers and signature look, and
// what counts as success. The parts whose form differs are left as JSON.
type Format struct {
	Document
	Name        string          `json:"name"`
	Description string          `json:"description"`
	ContentType string          `json:"contentType"`
	Body        json.RawMessage `json:"body"`
	Headers     json.RawMessage `json:"headers"`
	// Signature is how it signs, if in one way; else Signatures has all of them.
	Signature  FormatSignature   `json:"signature"`
	Signatures []FormatSignature `json:"signatures"`
	// Success is the status codes, or ranges of them, that count as taken.
	Success json.RawMessage `json:"success"`
	// Retries is nil when the format leaves it to others.
	Retries *int         `json:"retries"`
	Verify  FormatVerify `json:"verify"`
	BuiltIn bool         `json:"builtIn"`
}

// FormatVerify is what receivers should accept.
type FormatVerify struct {
	// Tolerance is how far from now the timestamp may be, such as "5m0s".
	Tolerance string `json:"tolerance"`
}

// FormatSignature is how a format signs.
type FormatSignature struct {
	// Name tells several schemes apart.
	Name      string `json:"name"`
	Algorithm string `json:"algorithm"`
	Content   string `json:"content"`
	Encoding  string `json:"encoding"`
	Key       string `json:"key"`
	KeyPrefix string `json:"keyPrefix"`
	// Several says how more than one signature is written, during a rotation.
	Several json.RawMessage `json:"several"`
}

// ListFormats returns the formats that the server speaks.
func (c *Client) ListFormats(ctx context.Context) (Page[Format], error) {
	return listPage[Format](ctx, c, nil, "formats")
}

// GetFormat returns one format.
func (c *Client) GetFormat(ctx context.Context, name string) (Format, error) {
	return getOne[Format](ctx, c, "formats", name)
}
