package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// described is what the tests need of the OpenAPI document.
type described struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Parameters  []struct {
			Name, In string
			Required bool
		} `json:"parameters"`
		RequestBody *struct {
			Required bool
			Content  map[string]struct{ Schema schemaText }
		} `json:"requestBody"`
		Responses map[string]json.RawMessage `json:"responses"`
		Security  []map[string][]string      `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schemaText `json:"schemas"`
	} `json:"components"`
}

type schemaText struct {
	Ref        string                `json:"$ref"`
	Type       any                   `json:"type"`
	Properties map[string]schemaText `json:"properties"`
	Items      *schemaText           `json:"items"`
	Required   []string              `json:"required"`
}

func (w *world) describes() described {
	w.t.Helper()
	var d described
	must(w.t, json.Unmarshal(w.get("/openapi.json").is(200).body, &d))
	return d
}

func (d described) resolve(s schemaText) schemaText {
	if s.Ref == "" {
		return s
	}
	return d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
}

// plainType returns the type of a schema beside null.
func (s schemaText) plainType() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		return t[0].(string)
	}
	return ""
}

// anyID fills the parameters of a path with what can't be there.
var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

func filled(path string) string { return pathParameter.ReplaceAllString(path, "absent") }

// eachBodied calls do for every route of the document that takes a body.
func (w *world) eachBodied(t *testing.T, do func(t *testing.T, method, path string, input schemaText, isBatch bool)) {
	d := w.describes()
	count := 0
	for path, methods := range d.Paths {
		for method, operation := range methods {
			if operation.RequestBody == nil {
				continue
			}
			count++
			input := d.resolve(operation.RequestBody.Content["application/json"].Schema)
			isBatch := input.plainType() == "array"
			t.Run(strings.ToUpper(method)+" "+path, func(t *testing.T) {
				do(t, strings.ToUpper(method), filled(path), input, isBatch)
			})
		}
	}
	if count < 18 {
		w.t.Fatalf("only %d routes with a body", count)
	}
}

// Guards the rules of input on every route that takes a body, so that no new
// route can forget one.
func TestBadBodiesAreRefusedOnEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.eachBodied(t, func(t *testing.T, method, path string, input schemaText, isBatch bool) {
		w := *w
		w.t = t
		send := func(body string) answer { return w.send(request{method: method, path: path, body: body}) }
		send(`{"a":"` + strings.Repeat("x", DefaultMaxBody) + `"}`).is(http.StatusRequestEntityTooLarge)
		for body, told := range map[string]string{
			`{"a":`: "", `nonsense`: "offset 1", `{"a" 1}`: "offset 5", `{} {}`: "offset 3", "\ufeff{}": "byte order mark", "{}\n{\"a\":1}\n": "one JSON value a line", "{}\nnonsense": "offset 3", `{"a":"` + "\xff" + `"}`: "offset 6",
			strings.Repeat(`[`, 201) + strings.Repeat(`]`, 201): "200 levels",
		} {
			a := send(body).is(http.StatusBadRequest)
			if !strings.Contains(string(a.body), told) {
				t.Errorf("%.40s: not told %q: %s", body, told, a.body)
			}
		}
		send(`"text"`).is(http.StatusBadRequest)
		for contentType, body := range map[string]string{"": "{}", "text/plain": "{}", "application/x-www-form-urlencoded": "a=b", "application/json; charset=latin1": "{}", "application/xml": "<a/>"} {
			w.send(request{method: method, path: path, body: body, header: map[string]string{"Content-Type": contentType}}).is(http.StatusUnsupportedMediaType)
		}
		w.send(request{method: method, path: path, body: "{}", header: map[string]string{"Content-Encoding": "gzip"}}).is(http.StatusUnsupportedMediaType)
		if isBatch {
			return
		}
		if a := send(`{"nonsenseMember":1}`).is(http.StatusBadRequest); !slices.Equal(a.pointers(), []string{"/nonsenseMember"}) {
			t.Errorf("unknown member: %s", a.body)
		}
		for name, property := range input.Properties {
			wrong, has := map[string]string{"string": `12`, "integer": `"x"`, "array": `{"a":1}`, "object": `[1]`, "boolean": `"x"`}[property.plainType()]
			if !has {
				continue
			}
			a := send(`{` + quote(name) + `:` + wrong + `}`).is(http.StatusBadRequest)
			if !slices.Equal(a.pointers(), []string{"/" + name}) {
				t.Errorf("%s of a wrong type: pointers %v: %s", name, a.pointers(), a.body)
			}
		}
	})
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// Guards the help for a slip of the pen, and that names are told apart by case.
func TestUnknownMembersGetAHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for given, meant := range map[string]string{"event": "events", "Url": "url", "retryAttempt": "retryAttempts", "timeoutMS": "timeoutMs"} {
		a := w.post("/v1/webhooks", `{`+quote(given)+`:1}`).is(400)
		if !strings.Contains(string(a.body), `Did you mean \"`+meant+`\"?`) {
			t.Errorf("%s: %s", given, a.body)
		}
	}
	a := w.post("/v1/event-types/import", `{"eventTypes":[{"name":"a"},{"nam":"b"}]}`).is(400)
	if !slices.Equal(a.pointers(), []string{"/eventTypes/1/nam"}) {
		t.Errorf("deep: %s", a.body)
	}
}

// Guards that what is no id of the wanted kind is answered like one that nothing
// has, wherever it stands, and with what such an id looks like.
func TestBadIDsAreAbsentEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	event := w.published(`{"type":"a","data":1}`)["id"].(string)
	for _, path := range []string{
		"/v1/webhooks/whc_1", "/v1/environments/x", "/v1/deliveries/dlv_1", "/v1/workspaces/a%20b", "/v1/projects/prj_",
		"/v1/webhooks?environmentId=env_1", "/v1/webhooks?environmentId=", "/v1/deliveries?webhookId=evt_01", "/v1/deliveries?eventId=a.b",
		"/v1/events/" + event + "/explain?webhook=whc_1", "/v1/events?environmentId=x", "/v1/formats?workspaceId=ws_1",
	} {
		if a := w.get(path).is(404); !strings.Contains(string(a.body), "26 characters") && !strings.Contains(string(a.body), "is about something else") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	for body, pointer := range map[string]string{
		`{"type":"a","data":1,"environmentId":"env_1"}`: "/environmentId", `{"type":"a","data":1,"environmentId":""}`: "/environmentId",
	} {
		if a := w.post("/v1/events", body).is(404); !slices.Equal(a.pointers(), []string{pointer}) || !strings.Contains(string(a.body), "26 characters") {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if a := w.post("/v1/verify", `{"request":"a","secret":"s","webhookId":"whc_1"}`).is(404); !slices.Equal(a.pointers(), []string{"/webhookId"}) {
		t.Errorf("verify: %s", a.body)
	}
}

// Guards what the query may say.
func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"/v1/webhooks?limit=0", "/v1/webhooks?limit=251", "/v1/webhooks?limit=-1", "/v1/webhooks?limit=abc", "/v1/webhooks?limit=1e3",
		"/v1/webhooks?limit=1&limit=2", "/v1/webhooks?cursor=abc", "/v1/webhooks?cursor=", "/v1/webhooks?cursor=%00", "/v1/webhooks?unknown=1",
		"/v1/deliveries?status=done", "/v1/events?after=yesterday", "/v1/events?after=-0001-01-01T00:00:00Z", "/v1/events?type=a%20b",
		"/v1/events?after=2026-01-02T00:00:00Z&before=2026-01-01T00:00:00Z", "/v1/events?%zz=1",
		"/v1/webhooks?api_key=" + w.key,
	} {
		a := w.get(path).is(400)
		if strings.Contains(string(a.body), w.key) {
			t.Errorf("the key is repeated: %s", a.body)
		}
	}
}

// Guards that a path's id of another kind is answered with 404 and a word on
// which kind it is.
func TestIDsOfAnotherKindAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.createWebhook(webhookJSON)["id"].(string)
	for _, path := range []string{"/v1/deliveries/" + id, "/v1/projects/" + id, "/v1/environments/" + id} {
		if a := w.get(path).is(404); !strings.Contains(string(a.body), "a webhook's") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	for _, path := range []string{"/v1/webhooks/x", "/v1/webhooks/whc_", "/v1/webhooks/%00", "/v1/webhooks/..%2f", "/v1/webhooks/" + strings.ToUpper(id), "/v1/events/evt.x", "/v1/formats/none", "/v1/event-types/a%20b"} {
		w.get(path).is(404)
	}
}

// Guards the answers for what no route knows.
func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.get("/v1/nothing").is(404); a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("not a problem: %v", a.header)
	}
	a := w.send(request{method: http.MethodPut, path: "/v1/webhooks/x"}).is(405)
	if got := a.header["Allow"]; !slices.Contains(got, "PATCH") || !slices.Contains(got, "DELETE") {
		t.Errorf("Allow: %v", got)
	}
	for _, name := range []string{"X-Request-Id", "X-Content-Type-Options", "Cache-Control", "Content-Security-Policy"} {
		if a.header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

// Guards that the decoder never answers a text with anything but a value or a
// mistake of the client's.
func TestNoTextIsOurMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(r *rapid.T) {
		body := rapid.OneOf(
			rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{`{`, `}`, `[`, `]`, `"type"`, `"data"`, `:`, `,`, `1`, `null`, `"\u0000"`, `"\ud800"`, ` `, `\`, `"url"`, `"events"`}), 1, 12), func(parts []string) string { return strings.Join(parts, "") }),
		).Draw(r, "body")
		path := rapid.SampledFrom([]string{"/v1/events", "/v1/webhooks", "/v1/events/batch", "/v1/event-types"}).Draw(r, "path")
		if a := w.post(path, body); a.status >= 500 {
			r.Fatalf("%d for %q: %s", a.status, body, a.body)
		}
	})
}
