package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
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
	// Version counts the changes of a declared format; nil for a built-in one, as is
	// what follows.
	Version *int `json:"version"`
	// AppliesSince is the oldest version that deliveries keep for their retries.
	AppliesSince *int       `json:"appliesSince"`
	UpdatedAt    *time.Time `json:"updatedAt"`
	// Warnings tell what the format lets others do with requests that they have seen;
	// it is in use all the same.
	Warnings []ErrorAtPlace `json:"warnings"`
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

// FormatQuery says which format is meant. Fields that are zero are left to the
// server.
type FormatQuery struct {
	// WorkspaceID says whose, or EnvironmentID: its workspace's.
	WorkspaceID   string
	EnvironmentID string
	// Version is the newest when it is zero.
	Version int
}

func (q FormatQuery) values() url.Values {
	values := ListQuery{WorkspaceID: q.WorkspaceID, EnvironmentID: q.EnvironmentID}.values()
	if q.Version > 0 {
		values.Set("version", strconv.Itoa(q.Version))
	}
	return values
}

// ListFormats returns one page of the formats that a workspace can use.
func (c *Client) ListFormats(ctx context.Context, query ListQuery) (Page[Format], error) {
	return listPage[Format](ctx, c, query.values(), "formats")
}

// Formats yields all formats that a workspace can use from the query's cursor on.
func (c *Client) Formats(ctx context.Context, query ListQuery) iter.Seq2[Format, error] {
	return walk(query.Cursor, func(cursor string) (Page[Format], error) {
		query.Cursor = cursor
		return c.ListFormats(ctx, query)
	})
}

// GetFormat returns one format.
func (c *Client) GetFormat(ctx context.Context, name string, query FormatQuery) (Format, error) {
	return exchange[Format](ctx, c, call{method: http.MethodGet, query: query.values(), repeatable: true}, "formats", name)
}

// FormatInput is a format to save.
type FormatInput struct {
	Name string
	// WorkspaceID says whose it becomes, or EnvironmentID: its workspace's.
	WorkspaceID   string
	EnvironmentID string
	// Text describes it, as YAML or JSON.
	Text []byte
	// AppliesToAll makes deliveries that wait for a retry take it, too.
	AppliesToAll bool
}

// SaveFormat creates a format, or makes a new version of it.
func (c *Client) SaveFormat(ctx context.Context, input FormatInput) (Format, error) {
	query := ListQuery{WorkspaceID: input.WorkspaceID, EnvironmentID: input.EnvironmentID}.values()
	if input.AppliesToAll {
		query.Set("appliesTo", "all")
	}
	request := call{method: http.MethodPut, query: query, body: input.Text, contentType: "application/yaml", repeatable: true}
	if json.Valid(input.Text) {
		request.contentType = jsonType
	}
	return exchange[Format](ctx, c, request, "formats", input.Name)
}

// DeleteFormat deletes a format that nobody uses, with all its versions.
func (c *Client) DeleteFormat(ctx context.Context, name string, query FormatQuery) (Deleted, error) {
	return exchange[Deleted](ctx, c, call{method: http.MethodDelete, query: query.values()}, "formats", name)
}
