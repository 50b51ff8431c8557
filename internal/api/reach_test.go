package api

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// foreign is one of each thing, in another workspace than the asker's, or
// nowhere.
type foreign struct {
	workspace, project, environment, webhook, event, delivery, eventType, format, key, signingKey, replay string
}

// absent are ids of things that nobody has.
func absent() foreign {
	return foreign{
		workspace: posthorn.WorkspaceID{7}.String(), project: posthorn.ProjectID{7}.String(), environment: posthorn.EnvironmentID{7}.String(),
		webhook: posthorn.WebhookID{7}.String(), event: posthorn.EventID{7}.String(), delivery: posthorn.DeliveryID{7}.String(),
		eventType: "there.is.none", format: "there-is-none", key: posthorn.KeyID{7}.String(), signingKey: posthorn.SigningKeyID{7}.String(),
		replay: posthorn.ReplayID{7}.String(),
	}
}

// another makes a workspace with one of each thing in it.
func (w *world) another() foreign {
	w.t.Helper()
	made := w.post("/v1/workspaces", `{"name":"Another"}`).is(201).data()
	f := foreign{
		workspace: made["id"].(string), project: made["project"].(map[string]any)["id"].(string),
		environment: made["environment"].(map[string]any)["id"].(string), eventType: "only.there", format: "only-there",
	}
	in := fmt.Sprintf(`,"environmentId":%q}`, f.environment)
	f.webhook = w.createWebhook(`{"url":"https://b.example.com","events":["*"]` + in)["id"].(string)
	f.event = w.post("/v1/events", `{"type":"only.there","data":1`+in).is(202).data()["id"].(string)
	f.delivery = w.get("/v1/deliveries?environmentId=" + f.environment).is(200).items()[0]["id"].(string)
	w.post("/v1/event-types", `{"name":"only.there"`+in).is(201)
	w.send(request{method: http.MethodPut, path: "/v1/formats/only-there?workspaceId=" + f.workspace, body: `{` + goodFormat + `}`}).is(200)
	f.key = w.post("/v1/keys", fmt.Sprintf(`{"name":"theirs","workspaceId":%q}`, f.workspace)).is(201).data()["id"].(string)
	f.signingKey = w.post("/v1/signing-keys", `{"algorithm":"ed25519"`+in).is(201).data()["id"].(string)
	f.replay = w.post("/v1/webhooks/"+f.webhook+"/replays", `{}`).is(202).data()["id"].(string)
	return f
}

// fill puts ids into a path's parameters.
func (f foreign) fill(path string) string {
	path = strings.Replace(path, "/v1/formats/{name}", "/v1/formats/"+f.format, 1)
	return strings.NewReplacer("{workspaceId}", f.workspace, "{projectId}", f.project, "{environmentId}", f.environment, "{webhookId}", f.webhook,
		"{eventId}", f.event, "{deliveryId}", f.delivery, "{name}", f.eventType, "{keyId}", f.key, "{signingKeyId}", f.signingKey, "{replayId}", f.replay).Replace(path)
}

func (f foreign) of(parameter string) string {
	return map[string]string{"environmentId": f.environment, "workspaceId": f.workspace, "projectId": f.project, "webhookId": f.webhook, "eventId": f.event}[parameter]
}

// goodBodies are bodies that the routes would take.
func goodBodies() map[string]string {
	return map[string]string{
		"/v1/events": `"type":"a","data":1`, "/v1/events/batch": "", "/v1/webhooks": `"url":"https://x.example.com","events":["*"]`,
		"/v1/event-types": `"name":"new.type"`, "/v1/event-types/import": `"preset":"ascendkit"`, "/v1/workspaces": `"name":"n"`,
		"/v1/projects": `"name":"n"`, "/v1/environments": `"name":"n"`, "/v1/keys": `"name":"n"`,
		"/v1/filters/test": `"filter":"true"`, "/v1/formats/{name}": goodFormat, "/v1/formats/test": `"url":"https://x.example.com"`,
		"/v1/verify": goodCapture, "/v1/formats/infer": goodCapture,
		"/v1/signing-keys": `"algorithm":"ecdsa-p256-sha256"`, "/v1/signing-keys/rotate": `"algorithm":"ed25519"`,
	}
}

const goodFormat = `"body":{"raw":"event.data"},"signature":{"algorithm":"none"}`

const goodCapture = `"request":"X-Signature: a\n\n{}","secret":"a secret"`

// neededQueries are what routes can't do without.
func neededQueries() map[string]string {
	return map[string]string{"/v1/events/{eventId}/explain": "?webhook={webhookId}"}
}

// joined adds a parameter to a query.
func joined(query, parameter string) string {
	if query == "" {
		return "?" + parameter
	}
	return query + "&" + parameter
}

var requestIDPattern = regexp.MustCompile(`"requestId":"[^"]*"`)

func withoutRequestID(a answer) string {
	return fmt.Sprint(a.status, " ", requestIDPattern.ReplaceAllString(string(a.body), ""))
}

// trial is one request with one id of somebody else's in it.
type trial struct {
	name string
	make func(f foreign) request
}

// trials makes a request for each place of each route where an id may stand.
func (d described) trials() []trial {
	var all []trial
	for path, methods := range d.Paths {
		for method, operation := range methods {
			method := strings.ToUpper(method)
			body := func(extra string) string {
				switch {
				case operation.RequestBody == nil:
					return ""
				case path == "/v1/events/batch":
					return `[{"type":"a","data":1}]`
				}
				return "{" + strings.Trim(goodBodies()[path]+extra, ",") + "}"
			}
			if strings.HasSuffix(path, "/jwks.json") { // everybody's
				continue
			}
			if strings.Contains(path, "{") && path != "/v1/formats/{name}" {
				if !strings.HasPrefix(path, "/v1/event-types/{name}") { // names are each environment's own
					all = append(all, trial{method + " " + path, func(f foreign) request {
						return request{method: method, path: f.fill(path + neededQueries()[path]), body: body("")}
					}})
				}
			}
			for _, p := range operation.Parameters {
				if p.In == "query" && strings.HasSuffix(p.Name, "Id") {
					all = append(all, trial{method + " " + path + "?" + p.Name, func(f foreign) request {
						return request{method: method, path: f.fill(path+joined(neededQueries()[path], p.Name+"=")) + f.of(p.Name), body: body("")}
					}})
				}
			}
			if operation.RequestBody == nil {
				continue
			}
			for name := range d.resolve(operation.RequestBody.Content["application/json"].Schema).Properties {
				if strings.HasSuffix(name, "Id") && name != "externalId" {
					all = append(all, trial{method + " " + path + " /" + name, func(f foreign) request {
						return request{method: method, path: f.fill(path), body: body(fmt.Sprintf(",%q:%q", name, f.of(name)))}
					}})
				}
			}
		}
	}
	return all
}

// Guards invariant 9 on every route of the document, wherever an id may stand: a
// key is answered about somebody else's thing exactly as about an absent one.
// That the platform's key is answered otherwise shows that the trial could fail.
func TestForeignThingsAreAnsweredLikeAbsentOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, nowhere := w.another(), absent()
	own := w.post("/v1/keys", `{"name":"mine"}`).is(201).data()["key"].(string)
	trials := w.describes().trials()
	if len(trials) < 43 {
		t.Fatalf("only %d trials", len(trials))
	}
	slices.SortFunc(trials, func(a, b trial) int { return strings.Compare(b.name, a.name) }) // DELETE last, because it changes the world
	for _, c := range trials {
		ask := func(f foreign, key string) answer {
			r := c.make(f)
			r.key = key
			return w.send(r)
		}
		got, want := ask(theirs, own), ask(nowhere, own)
		if withoutRequestID(got) != withoutRequestID(want) {
			t.Errorf("%s:\nforeign %s\nabsent  %s", c.name, withoutRequestID(got), withoutRequestID(want))
		}
		if isFilter := strings.Contains(c.name, "/v1/deliveries?webhookId") || strings.Contains(c.name, "/v1/deliveries?eventId"); isFilter {
			if len(got.items()) != 0 {
				t.Errorf("%s: %s", c.name, got.body)
			}
			continue
		}
		if got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	for _, c := range trials {
		r := c.make(theirs)
		if strings.HasPrefix(c.name, "DELETE /v1/formats/") {
			w.send(request{method: http.MethodPut, path: r.path, body: `{` + goodFormat + `}`}).is(200)
		}
		if a := w.send(r); a.status == http.StatusNotFound || a.status == http.StatusBadRequest || a.status >= 500 {
			t.Errorf("%s as the platform: %d %s", c.name, a.status, a.body)
		}
	}
}

// Guards that a workspace's key lists nothing of another workspace.
func TestListsShowOnlyWhatIsInReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := w.another()
	own := w.post("/v1/keys", `{"name":"mine"}`).is(201).data()["key"].(string)
	for path, operations := range w.describes().Paths {
		if _, isGet := operations["get"]; !isGet || strings.Contains(path, "{") || !strings.HasPrefix(path, "/v1/") {
			continue
		}
		a := w.send(request{method: http.MethodGet, path: path, key: own})
		if path == "/v1/conservation" || path == "/v1/meta/egress" {
			a.is(403) // the books of everybody and the operator's network are the platform's
			w.get(path).is(200)
			continue
		}
		a.is(200)
		for _, id := range []string{theirs.workspace, theirs.project, theirs.environment, theirs.webhook, theirs.event, theirs.delivery, theirs.key, "only.there", w.first.Key.Key.ID.String()} {
			if strings.Contains(string(a.body), id) {
				t.Errorf("%s shows %s", path, id)
			}
		}
	}
}

// Guards that every route but the open ones needs a key, and answers alike to
// none, a wrong one, one in the wrong place, and a revoked one.
func TestEveryRouteNeedsAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.post("/v1/keys", `{"name":"doomed","kind":"platform"}`).is(201).data()
	revoked := created["key"].(string)
	w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: revoked}).is(200)
	w.send(request{method: http.MethodDelete, path: "/v1/keys/" + created["id"].(string)}).is(200)
	guarded := 0
	for path, operations := range w.describes().Paths {
		for method, operation := range operations {
			if len(operation.Security) == 0 {
				continue
			}
			guarded++
			w.clock.move(time.Minute) // or so many wrong keys would be refused unseen
			r := request{method: strings.ToUpper(method), path: filled(path), body: "{}"}
			bodies := map[string]bool{}
			for _, header := range []map[string]string{
				{"X-Api-Key": ""},
				{"X-Api-Key": "sk_user_wrong"},
				{"X-Api-Key": "nonsense"},
				{"X-Api-Key": revoked},
				{"X-Api-Key": strings.Repeat("s", 5000)},
				{"X-Api-Key": "", "Authorization": "Bearer " + revoked},
				{"X-Api-Key": "", "Authorization": "Basic " + w.key},
				{"X-Api-Key": "", "Authorization": w.key},
				{"Authorization": "Bearer " + w.key},
			} {
				r.header = header
				a := w.send(r).is(http.StatusUnauthorized)
				bodies[withoutRequestID(a)] = true
				if a.header.Get("WWW-Authenticate") == "" {
					t.Errorf("no WWW-Authenticate")
				}
			}
			if len(bodies) != 1 {
				t.Errorf("%s %s: answers differ: %v", method, path, bodies)
			}
		}
	}
	if guarded < 40 {
		t.Errorf("only %d guarded routes", guarded)
	}
	w.send(request{method: http.MethodGet, path: "/v1/webhooks", header: map[string]string{"X-Api-Key": "", "Authorization": "bearer " + w.key}}).is(200)
	for _, path := range []string{"/livez", "/readyz", "/openapi.json", "/docs"} {
		w.send(request{method: http.MethodGet, path: path, header: map[string]string{"X-Api-Key": ""}}).is(200)
	}
}

// Guards what only platform keys may do, and that no key locks itself out.
func TestRightsOfKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.post("/v1/keys", `{"name":" mine "}`).is(201).data()
	own := created["key"].(string)
	if !regexp.MustCompile(`^sk_[0-9A-Za-z]{43}$`).MatchString(own) || created["start"] != own[:7] || created["name"] != "mine" {
		t.Errorf("created: %v", created)
	}
	if !regexp.MustCompile(`^sk_user_[0-9A-Za-z]{43}$`).MatchString(w.key) {
		t.Errorf("the first key: %s", w.key)
	}
	as := func(r request) answer {
		r.key = own
		return w.send(r)
	}
	as(request{method: http.MethodPost, path: "/v1/workspaces", body: `{"name":"n"}`}).is(403)
	as(request{method: http.MethodPost, path: "/v1/keys", body: `{"name":"n","kind":"platform"}`}).is(403)
	as(request{method: http.MethodDelete, path: "/v1/keys/" + created["id"].(string)}).is(409)
	as(request{method: http.MethodDelete, path: "/v1/keys/" + w.first.Key.Key.ID.String()}).is(404)
	as(request{method: http.MethodPost, path: "/v1/keys", body: `{"name":"second"}`}).is(201)
	w.post("/v1/keys", `{"name":"n","kind":"other"}`).is(422)
	w.post("/v1/keys", `{"name":" "}`).is(422)
	list := w.get("/v1/keys").is(200)
	if strings.Contains(string(list.body), own) || strings.Contains(w.log.String(), own) {
		t.Errorf("a key is shown again")
	}
}
