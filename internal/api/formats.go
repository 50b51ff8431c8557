package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/posthorn/posthorn"
)

// formatBody is a format as it is shown.
type formatBody struct {
	Name             string        `json:"name"`
	Description      string        `json:"description"`
	ContentType      string        `json:"contentType"`
	Body             []memberBody  `json:"body" doc:"The members of the JSON object that is sent, in order; empty when the data alone is sent."`
	Headers          []headerBody  `json:"headers"`
	Signature        signatureBody `json:"signature"`
	Success          []string      `json:"success" doc:"Statuses that mean success; empty means 2xx."`
	Retries          *int          `json:"retries"`
	ToleranceSeconds int64         `json:"toleranceSeconds"`
	BuiltIn          bool          `json:"builtIn"`
}

type memberBody struct {
	Name     string `json:"name"`
	Template string `json:"template,omitempty"`
	Raw      string `json:"raw,omitempty"`
}

type headerBody struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type signatureBody struct {
	Algorithm string `json:"algorithm"`
	Content   string `json:"content"`
	Encoding  string `json:"encoding"`
	Key       string `json:"key"`
	KeyPrefix string `json:"keyPrefix"`
	Several   string `json:"several"`
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
		all.items[i] = showFormat(f)
	}
	return successPage(all)
}

func getFormat(_ context.Context, c *call) (formatBody, error) {
	f, err := c.Manager.Format(c.request.PathValue("name"))
	if err != nil {
		return formatBody{}, err
	}
	return showFormat(f), nil
}

func showFormat(f posthorn.Format) formatBody {
	body := formatBody{
		Name: f.Name, Description: f.Description, ContentType: f.ContentType,
		Body: make([]memberBody, len(f.Body)), Headers: make([]headerBody, len(f.Headers)),
		Signature: signatureBody{
			Algorithm: string(f.Signature.Algorithm), Content: f.Signature.Content, Encoding: string(f.Signature.Encoding),
			Key: string(f.Signature.Key), KeyPrefix: f.Signature.KeyPrefix, Several: f.Signature.Several,
		},
		Success: f.Success, Retries: f.Retries, ToleranceSeconds: int64(f.Tolerance.Seconds()), BuiltIn: true,
	}
	for i, m := range f.Body {
		body.Body[i] = memberBody{Name: m.Name, Template: m.Template, Raw: m.Raw}
	}
	for i, h := range f.Headers {
		body.Headers[i] = headerBody{Name: h.Name, Value: h.Value}
	}
	return body
}
