package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// route is one line of the table.
type route struct {
	method, path string
	summary      string
	tag          string
	status       int
	// open routes need no key.
	open bool
	// publishes routes count events against the workspace's rate.
	publishes bool
	// input is the type of the body; nil when there is none.
	input        reflect.Type
	bodyOptional bool
	// takesYAML reports that the body may be YAML too.
	takesYAML bool
	// needed are members of the body that can't be left out, beside those that its
	// type says.
	needed []string
	// inputList reports that the body is a list of input, as an array or a value a
	// line.
	inputList bool
	// output is the type of "data" in the answer, or of its items for a list; nil
	// when the answer has another form.
	output     reflect.Type
	outputList bool
	paged      bool
	query      []parameter
	handle     func(ctx context.Context, c *call) (reply, error)
}

// parameter is a parameter of the query.
type parameter struct {
	name    string
	summary string
	// number, time and choices are shown in the OpenAPI document.
	number  bool
	time    bool
	choices []string
}

func (r route) pattern() string { return r.method + " " + r.path }

// in puts a route under a heading of the document.
func (r route) in(tag string) route {
	r.tag = tag
	return r
}

// asks adds parameters of the query.
func (r route) asks(parameters ...parameter) route {
	r.query = append(slices.Clone(r.query), parameters...)
	return r
}

// mayBeEmpty allows the body to be left out.
func (r route) mayBeEmpty() route {
	r.bodyOptional = true
	return r
}

// needs names members of the body that can't be left out.
func (r route) needs(members ...string) route {
	r.needed = members
	return r
}

// reading makes a route that answers with one thing.
func reading[Out any](path, summary string, handle func(context.Context, *call) (Out, error)) route {
	return route{
		method: http.MethodGet, path: path, summary: summary, status: http.StatusOK, output: reflect.TypeFor[Out](),
		handle: func(ctx context.Context, c *call) (reply, error) {
			out, err := handle(ctx, c)
			if err != nil {
				return reply{}, err
			}
			return success(http.StatusOK, out)
		},
	}
}

// listing makes a route that answers with a page of a list.
func listing[Item any](path, summary string, handle func(context.Context, *call) (page[Item], error)) route {
	return route{
		method: http.MethodGet, path: path, summary: summary, status: http.StatusOK,
		output: reflect.TypeFor[Item](), outputList: true, paged: true,
		query: []parameter{
			{name: "limit", summary: "How many items, 1 to 250; 50 when left out.", number: true},
			{name: "cursor", summary: "nextCursor of the page before."},
		},
		handle: func(ctx context.Context, c *call) (reply, error) {
			out, err := handle(ctx, c)
			if err != nil {
				return reply{}, err
			}
			return successPage(out)
		},
	}
}

// writing makes a route that reads a body and answers with one thing.
func writing[In, Out any](method, path string, status int, summary string, handle func(context.Context, *call, *In) (Out, error)) route {
	return route{
		method: method, path: path, summary: summary, status: status,
		input: reflect.TypeFor[In](), output: reflect.TypeFor[Out](),
		handle: func(ctx context.Context, c *call) (reply, error) {
			in := new(In)
			if err := decode(c.body, in); err != nil {
				return reply{}, err
			}
			return c.once(ctx, in, func() (any, error) {
				out, err := handle(ctx, c, in)
				return out, err
			})
		},
	}
}

// deleted is the answer to a DELETE.
type deleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// deleting makes a route that deletes what the path names.
func deleting(path, summary string, handle func(context.Context, *call) error) route {
	r := reading(path, summary, func(ctx context.Context, c *call) (deleted, error) {
		if err := handle(ctx, c); err != nil {
			return deleted{}, err
		}
		return deleted{ID: c.request.PathValue(c.route.pathParameters()[0]), Deleted: true}, nil
	})
	r.method = http.MethodDelete
	return r
}

// pathParameters lists the names in the path, in order.
func (r route) pathParameters() []string {
	var names []string
	for part := range strings.SplitSeq(r.path, "/") {
		if name, isParameter := strings.CutPrefix(part, "{"); isParameter {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// allowedMethods lists the methods of the routes that a path fits.
func (s *Server) allowedMethods(path string) []string {
	var methods []string
	for _, r := range s.table {
		if fits(r.path, path) && !slices.Contains(methods, r.method) {
			methods = append(methods, r.method)
		}
	}
	return methods
}

func fits(pattern, path string) bool {
	wanted, given := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return false
	}
	for i, part := range wanted {
		if part != given[i] && (!strings.HasPrefix(part, "{") || given[i] == "") {
			return false
		}
	}
	return true
}

// pathID reads an id from the path. What is no id of the wanted kind can't be
// there, so the answer is the one for an absent thing.
func pathID[T any, P interface {
	*T
	UnmarshalText(text []byte) error
}](c *call, name string) (T, error) {
	var id T
	text := c.request.PathValue(name)
	if P(&id).UnmarshalText([]byte(text)) != nil {
		var zero T
		return zero, absentID[T](text)
	}
	return id, nil
}

// absentID is the answer to what is no id of the wanted kind, wherever it stands:
// that for an absent thing, with what the id is or should be.
func absentID[T any](text string) error {
	var wanted T
	notFound := *posthorn.ErrNotFound
	example := fmt.Sprint(wanted)
	prefix, _, _ := strings.Cut(example, "_")
	if kind := kindOfID(text); kind != "" && kind != kindOfID(example) {
		notFound.Hint = fmt.Sprintf("%q is %s id; this is about something else.", clip(text), kind)
	} else {
		notFound.Hint = fmt.Sprintf("%q is no id of that kind: those are %s_ and %d characters. Copy it from a list.", clip(text), prefix, len(example)-len(prefix)-1)
	}
	return &notFound
}

func kindOfID(text string) string {
	prefix, _, found := strings.Cut(text, "_")
	if !found {
		return ""
	}
	kinds := map[string]string{
		"ws": "a workspace's", "prj": "a project's", "env": "an environment's", "whc": "a webhook's", "evt": "an event's",
		"dlv": "a delivery's", "att": "an attempt's", "key": "a key's", "sgk": "a signing key's", "nod": "a node's", "rpl": "a replay's",
	}
	return kinds[prefix]
}
