package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"

	"github.com/go-json-experiment/json"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// formatBody is a format as it is shown: the document that describes it, so that
// it can be changed and sent back.
type formatBody struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Body        rawJSON  `json:"body" doc:"The members of the JSON object that is sent, in order; {\"form\": members} for a form, and {\"raw\": \"event.data\"} when the data alone is sent."`
	ContentType string   `json:"contentType"`
	Headers     rawJSON  `json:"headers,omitzero" doc:"The headers that are sent, in order; values are templates."`
	Signature   rawJSON  `json:"signature,omitzero" doc:"How requests are signed, if it is in one way."`
	Signatures  rawJSON  `json:"signatures,omitzero" doc:"How requests are signed, if it is in several ways side by side."`
	Success     []string `json:"success" doc:"Statuses that mean success."`
	Retries     *int     `json:"retries"`
	Verify      rawJSON  `json:"verify,omitzero" doc:"What receivers should accept: tolerance, of the timestamp."`
	BuiltIn     bool     `json:"builtIn"`
}

func (s *Server) formatRoutes() []route {
	list := route{
		method: http.MethodGet, path: "/v1/formats", summary: "List the formats", status: http.StatusOK,
		output: reflect.TypeFor[formatBody](), outputList: true, paged: true, handle: listFormats,
	}
	return []route{
		list.in("Formats"),
		reading("/v1/formats/{name}", "Get a format", getFormat).in("Formats"),
	}
}

func listFormats(_ context.Context, c *call) (reply, error) {
	formats := c.Manager.Formats()
	all := page[formatBody]{limit: posthorn.MaxPageLimit, items: make([]formatBody, len(formats))}
	for i, f := range formats {
		shown, err := showFormat(f)
		if err != nil {
			return reply{}, err
		}
		all.items[i] = shown
	}
	return successPage(all)
}

func getFormat(_ context.Context, c *call) (formatBody, error) {
	f, err := c.Manager.Format(c.request.PathValue("name"))
	if err != nil {
		return formatBody{}, err
	}
	return showFormat(f)
}

func showFormat(f posthorn.Format) (formatBody, error) {
	body := formatBody{BuiltIn: true}
	if err := json.Unmarshal(manage.FormatDocument(f), &body); err != nil {
		return formatBody{}, fmt.Errorf("showing the format %s: %w", f.Name, err)
	}
	return body, nil
}
