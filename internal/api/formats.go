package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// FormatParts is what a format says: the document that describes it.
type FormatParts struct {
	Name        string  `json:"name,omitempty"`
	Description string  `json:"description,omitempty"`
	Body        rawJSON `json:"body" doc:"The members of the JSON object that is sent, in order; {\"form\": members} for a form, and {\"raw\": \"event.data\"} when the data alone is sent."`
	ContentType string  `json:"contentType,omitempty"`
	Headers     rawJSON `json:"headers,omitzero" doc:"The headers that are sent, in order; values are templates."`
	Signature   rawJSON `json:"signature,omitzero" doc:"How requests are signed, if it is in one way."`
	Signatures  rawJSON `json:"signatures,omitzero" doc:"How requests are signed, if it is in several ways side by side."`
	Success     rawJSON `json:"success,omitzero" doc:"Statuses that mean success; 2xx when left out."`
	Retries     *int    `json:"retries,omitempty" doc:"Retries where neither the webhook nor the event type says anything."`
	Verify      rawJSON `json:"verify,omitzero" doc:"What receivers should accept: tolerance, of the timestamp."`
}

// formatInput is a format to be saved. Those who know formats read its parts, so
// that mistakes are told with their places; this type is for the rest.
type formatInput struct {
	FormatParts
	FormatFacts
}

// FormatFacts is what is known of a declared format. It may be sent back, and is
// ignored then.
type FormatFacts struct {
	BuiltIn      bool           `json:"builtIn"`
	Version      *int           `json:"version" doc:"Null for a built-in format, as is what follows but for the warnings."`
	AppliesSince *int           `json:"appliesSince" doc:"The oldest version that deliveries keep for their retries; those first sent with an older one take the newest."`
	CreatedBy    *string        `json:"createdBy" doc:"The id of the key that made the first version."`
	CreatedAt    *string        `json:"createdAt" format:"date-time"`
	UpdatedAt    *string        `json:"updatedAt" format:"date-time" doc:"When this version was saved."`
	Warnings     []problemPlace `json:"warnings" doc:"What the format lets others do with requests that they have seen, with pointers into it. It was saved all the same: an old dialect may have to be like that."`
}

// formatBody is a format as it is shown, so that it can be changed and sent back.
type formatBody struct {
	FormatParts
	Success []string `json:"success" doc:"Statuses that mean success."`
	Retries *int     `json:"retries"`
	FormatFacts
}

func (s *Server) formatRoutes() []route {
	const tag = "Formats"
	save := route{
		method: http.MethodPut, path: "/v1/formats/{name}", summary: "Save a format, as JSON or YAML", status: http.StatusOK,
		input: reflect.TypeFor[formatInput](), output: reflect.TypeFor[formatBody](), takesYAML: true, handle: saveFormat,
	}
	applies := parameter{name: "appliesTo", summary: "new: deliveries without an attempt so far; all: those that wait for a retry, too. new when left out.", choices: []string{"new", "all"}}
	version := parameter{name: "version", summary: "The newest when left out.", number: true}
	return []route{
		listing("/v1/formats", "List the formats that a workspace can use, by name", listFormats).in(tag).asks(scopeParameters()...),
		save.in(tag).asks(applies).asks(scopeParameters()...),
		reading("/v1/formats/{name}", "Get a format", getFormat).in(tag).asks(version).asks(scopeParameters()...),
		deleting("/v1/formats/{name}", "Delete a format that nobody uses", deleteFormat).in(tag).asks(scopeParameters()...),
		writing(http.MethodPost, "/v1/formats/preview", http.StatusOK, "Show the request that a format makes; nothing is sent", previewFormat).in(tag),
		writing(http.MethodPost, "/v1/formats/test", http.StatusOK, "Send one request in a format now and tell what came back", testFormat).in(tag),
	}
}

func scopeParameters() []parameter {
	return []parameter{
		{name: "workspaceId", summary: "Whose formats; the oldest workspace in reach when left out."},
		{name: "environmentId", summary: "Instead of workspaceId: its workspace's."},
	}
}

func (c *call) scope() (manage.Scope, error) {
	workspace, err := queryID[posthorn.WorkspaceID](c, "workspaceId")
	if err != nil {
		return manage.Scope{}, err
	}
	environment, err := c.environmentID()
	return manage.Scope{WorkspaceID: workspace, EnvironmentID: environment}, err
}

func listFormats(ctx context.Context, c *call) (page[formatBody], error) {
	limit, err := c.limit()
	if err != nil {
		return page[formatBody]{}, err
	}
	position, err := c.position()
	if err != nil {
		return page[formatBody]{}, err
	}
	scope, err := c.scope()
	if err != nil {
		return page[formatBody]{}, err
	}
	formats, err := c.Manager.Formats(ctx, c.principal, scope, string(position), limit+1)
	if err != nil {
		return page[formatBody]{}, err
	}
	shown := page[formatBody]{limit: limit, items: make([]formatBody, 0, min(limit, len(formats)))}
	if len(formats) > limit {
		formats = formats[:limit]
		shown.next = c.cursor([]byte(formats[limit-1].Name))
	}
	for _, format := range formats {
		body, err := showFormat(format)
		if err != nil {
			return page[formatBody]{}, err
		}
		shown.items = append(shown.items, body)
	}
	return shown, nil
}

func getFormat(ctx context.Context, c *call) (formatBody, error) {
	scope, err := c.scope()
	if err != nil {
		return formatBody{}, err
	}
	version := posthorn.FormatVersion{Name: c.request.PathValue("name")}
	if text, given := c.query["version"]; given {
		if version.Version, err = strconv.Atoi(text); err != nil || version.Version < 1 {
			return formatBody{}, malformed("", fmt.Sprintf("The parameter version is not a version: %q.", clip(text)), "Give a number from 1 on, or leave it out for the newest.")
		}
	}
	f, err := c.Manager.Format(ctx, c.principal, scope, version)
	if err != nil {
		return formatBody{}, err
	}
	return showFormat(f)
}

func saveFormat(ctx context.Context, c *call) (reply, error) {
	scope, err := c.scope()
	if err != nil {
		return reply{}, err
	}
	applies := c.query["appliesTo"]
	if applies != "" && applies != "new" && applies != "all" {
		return reply{}, malformed("", fmt.Sprintf("The parameter appliesTo is %q; it must be new or all.", clip(applies)), "Leave it out for new.")
	}
	if err := c.checkFormatText(); err != nil {
		return reply{}, err
	}
	f, err := c.Manager.SaveFormat(ctx, c.principal, scope, c.request.PathValue("name"), c.body, applies == "all")
	if err != nil {
		return reply{}, err
	}
	body, err := showFormat(f)
	if err != nil {
		return reply{}, err
	}
	return success(http.StatusOK, body)
}

// checkFormatText checks what holds for every body; a format in JSON has its
// members checked like everything else that comes in.
func (c *call) checkFormatText() error {
	if strings.HasPrefix(strings.ToLower(c.request.Header.Get("Content-Type")), jsonType) {
		return decode(c.body, new(formatInput))
	}
	return checkText(c.body)
}

func deleteFormat(ctx context.Context, c *call) error {
	scope, err := c.scope()
	if err != nil {
		return err
	}
	return c.Manager.DeleteFormat(ctx, c.principal, scope, c.request.PathValue("name"))
}

func showFormat(f manage.FormatDetails) (formatBody, error) {
	body := formatBody{FormatFacts: FormatFacts{BuiltIn: f.Declared == nil, Warnings: showWarnings(f.Warnings)}}
	if err := json.Unmarshal(manage.FormatDocument(f.Format), &body); err != nil {
		return formatBody{}, fmt.Errorf("showing the format %s: %w", f.Name, err)
	}
	if d := f.Declared; d != nil {
		body.Version, body.AppliesSince, body.CreatedBy = &d.Version, &d.Since, &d.CreatedBy
		body.CreatedAt, body.UpdatedAt = showTimeOrNull(d.CreatedAt), showTimeOrNull(d.UpdatedAt)
	}
	return body, nil
}
