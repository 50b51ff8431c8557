package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Guards that lists can be walked by cursors without loss or repetition, and
// that a cursor is good for its own list alone.
func TestPagesAndCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const total = 7
	for i := range total {
		w.createWebhook(fmt.Sprintf(`{"url":"https://a.example.com/%d","events":["*"]}`, i))
		w.post("/v1/event-types", fmt.Sprintf(`{"name":"t%d"}`, i)).is(201)
	}
	for _, list := range []struct{ path, member string }{{"/v1/webhooks", "url"}, {"/v1/event-types", "name"}} {
		seen := map[any]bool{}
		path, pages := list.path+"?limit=3", 0
		var cursor string
		for {
			a := w.get(path).is(200)
			for _, item := range a.items() {
				if seen[item[list.member]] {
					t.Errorf("%v comes twice", item[list.member])
				}
				seen[item[list.member]] = true
			}
			pages++
			pagination := a.json()["pagination"].(map[string]any)
			if pagination["limit"] != 3.0 || pagination["hasMore"] != (pagination["nextCursor"] != nil) {
				t.Errorf("pagination %v", pagination)
			}
			if pagination["nextCursor"] == nil {
				break
			}
			cursor = pagination["nextCursor"].(string)
			path = list.path + "?limit=3&cursor=" + cursor
		}
		if len(seen) != total || pages != 3 {
			t.Errorf("%s: %d items on %d pages", list.path, len(seen), pages)
		}
		w.get(list.path + "?cursor=" + cursor).is(200)
		for _, other := range []string{"/v1/events", "/v1/webhooks", "/v1/event-types"} {
			if other != list.path {
				w.get(other + "?cursor=" + cursor).is(400)
			}
		}
		w.get(list.path + "?environmentId=" + w.first.Environment.ID.String() + "&cursor=" + cursor).is(400)
		w.get(list.path + "?cursor=" + flip(cursor)).is(400)
		own := w.post("/v1/keys", `{"name":"mine"}`).is(201).data()["key"].(string)
		w.send(request{method: http.MethodGet, path: list.path + "?cursor=" + cursor, key: own}).is(400)
	}
}

// flip changes the first character of a text.
func flip(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

// Guards the catalogue: presets, conflicts, patching, deleting.
func TestEventTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.post("/v1/event-types/import", `{"preset":"ascendkit"}`).is(200).data(); got["created"] != 11.0 || got["skipped"] != 0.0 {
		t.Errorf("ascendkit: %v", got)
	}
	if got := w.post("/v1/event-types/import", `{"preset":"signature"}`).is(200).data(); got["created"] != 6.0 || got["skipped"] != 1.0 || len(got["eventTypes"].([]any)) != 7 {
		t.Errorf("signature beside ascendkit: %v", got)
	}
	trial := w.get("/v1/event-types/trial.ending").is(200).data()
	if trial["since"] != "v2.4" || trial["retries"] != 1.0 || trial["status"] != "Beta" || trial["example"].(map[string]any)["days_left"] != 3.0 {
		t.Errorf("trial.ending: %v", trial)
	}
	w.post("/v1/event-types", `{"name":"trial.ending"}`).is(409)
	w.post("/v1/event-types", `{"name":"a b"}`).is(422)
	w.post("/v1/event-types", `{"name":"a","schema":"text"}`).is(422)
	w.post("/v1/event-types", `{"name":"a","retries":51}`).is(422)
	w.post("/v1/event-types/import", `{}`).is(422)
	w.post("/v1/event-types/import", `{"preset":"../x"}`).is(422)
	bad := w.post("/v1/event-types/import", `{"eventTypes":[{"name":"ok"},{"name":"a b"}]}`).is(422)
	if got := bad.pointers(); len(got) != 1 || got[0] != "/eventTypes/1/name" {
		t.Errorf("places %v", got)
	}
	patched := w.patch("/v1/event-types/trial.ending", `{"retries":null,"example":[1.0,  "\u00e9"],"status":"GA"}`).is(200)
	if data := patched.data(); data["retries"] != nil || data["status"] != "GA" || !strings.Contains(string(patched.body), `[1.0,"\u00e9"]`) {
		t.Errorf("patched: %s", patched.body)
	}
	w.send(request{method: http.MethodDelete, path: "/v1/event-types/trial.ending"}).is(200)
	w.get("/v1/event-types/trial.ending").is(404)
}

// Guards workspaces, projects and environments.
func TestTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.post("/v1/workspaces", `{"name":"Acme","externalId":"acme-1"}`).is(201).data()
	if made["externalId"] != "acme-1" || made["environment"].(map[string]any)["kind"] != "production" {
		t.Errorf("made: %v", made)
	}
	if got := w.post("/v1/workspaces", `{"name":"Acme","externalId":"acme-1"}`).is(409).pointers(); len(got) != 1 || got[0] != "/externalId" {
		t.Errorf("places %v", got)
	}
	w.post("/v1/workspaces", `{}`).is(422)
	id := made["id"].(string)
	if got := w.patch("/v1/workspaces/"+id, `{"externalId":null}`).is(200).data(); got["externalId"] != nil || got["name"] != "Acme" {
		t.Errorf("patched: %v", got)
	}
	project := w.post("/v1/projects", fmt.Sprintf(`{"name":"Shop","workspaceId":%q}`, id)).is(201).data()
	w.patch("/v1/projects/"+project["id"].(string), `{"name":"Store"}`).is(200)
	environment := w.post("/v1/environments", fmt.Sprintf(`{"name":"Dev","kind":"development","projectId":%q}`, project["id"])).is(201).data()
	if environment["workspaceId"] != id || environment["defaultRetries"] != 3.0 || environment["defaultFormat"] != "standard" {
		t.Errorf("environment: %v", environment)
	}
	path := "/v1/environments/" + environment["id"].(string)
	w.createWebhook(fmt.Sprintf(`{"url":"http://127.0.0.1:9/x","events":["*"],"environmentId":%q}`, environment["id"]))
	w.patch(path, `{"kind":"production"}`).is(409)
	w.patch(path, `{"kind":"other"}`).is(422)
	w.patch(path, `{"defaultFormat":"none"}`).is(422)
	w.patch(path, `{"defaultRetries":51}`).is(422)
	if got := w.get("/v1/environments?workspaceId=" + id).is(200).items(); len(got) != 3 {
		t.Errorf("%d environments", len(got))
	}
}

// Guards deliveries: retry, cancel, and the filters of the list.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webhook := w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)["id"].(string)
	event := w.post("/v1/events", `{"type":"a","data":1}`).is(202).data()["id"].(string)
	id := w.get("/v1/deliveries?webhookId=" + webhook + "&eventId=" + event + "&status=pending").is(200).items()[0]["id"].(string)
	if got := w.post("/v1/deliveries/"+id+"/cancel", "").is(200).data(); got["status"] != "cancelled" || got["dueAt"] != nil {
		t.Errorf("cancelled: %v", got)
	}
	w.post("/v1/deliveries/"+id+"/cancel", "").is(409)
	if got := w.post("/v1/deliveries/"+id+"/retry", "").is(200).data(); got["status"] != "pending" || got["dueAt"] == nil {
		t.Errorf("retried: %v", got)
	}
	if got := w.get("/v1/deliveries?status=cancelled").is(200).items(); len(got) != 0 {
		t.Errorf("cancelled ones: %v", got)
	}
}

// Guards idempotency of everything but publishing: same request, other request, failures, other owners, other routes,
// and that a key's text is never kept.
func TestIdempotentManaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(path, body string) answer {
		return w.send(request{method: http.MethodPost, path: path, body: body, header: map[string]string{"Idempotency-Key": "k"}})
	}
	send("/v1/webhooks", `{"url":"x","events":["*"]}`).is(422)
	first := send("/v1/webhooks", webhookJSON).is(201)
	again := send("/v1/webhooks", webhookJSON).is(201)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	if got := w.get("/v1/webhooks").items(); len(got) != 1 {
		t.Errorf("%d webhooks", len(got))
	}
	send("/v1/webhooks", webhookJSON+" ").is(422)
	key := send("/v1/keys", `{"name":"n"}`).is(201).data()
	replayed := send("/v1/keys", `{"name":"n"}`).is(201)
	if data := replayed.data(); data["id"] != key["id"] || data["key"] != nil || strings.Contains(string(replayed.body), key["key"].(string)) {
		t.Errorf("replayed: %s", replayed.body)
	}
	other := w.send(request{method: http.MethodPost, path: "/v1/webhooks", body: webhookJSON, key: key["key"].(string), header: map[string]string{"Idempotency-Key": "k"}}).is(201)
	if other.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("another asker got this one's answer")
	}
}

// pausingAnswers lets a test hold the first look-up.
type pausingAnswers struct {
	Answers
	once    sync.Once
	entered chan struct{}
	leave   chan struct{}
}

func (p *pausingAnswers) Answer(ctx context.Context, key store.IdempotencyKey) (store.Answer, error) {
	p.once.Do(func() {
		close(p.entered)
		<-p.leave
	})
	return p.Answers.Answer(ctx, key)
}

// Guards that two requests with one key never run at once.
func TestIdempotencyKeyIsHeldWhileItsRequestRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pausing := &pausingAnswers{Answers: w.store, entered: make(chan struct{}), leave: make(chan struct{})}
	w.server.Answers = pausing
	r := request{method: http.MethodPost, path: "/v1/webhooks", body: webhookJSON, header: map[string]string{"Idempotency-Key": "k"}}
	done := make(chan answer)
	go func() { done <- w.send(r) }()
	<-pausing.entered
	second := w.send(r)
	close(pausing.leave)
	first := <-done
	if second.status != 409 || second.header.Get("Retry-After") != "1" || first.status != 201 {
		t.Errorf("first %d, second %d %v", first.status, second.status, second.header)
	}
	w.send(r).is(201)
}

// Guards readiness, and that a panic is a 500 that tells nothing.
func TestReadinessAndPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.get("/readyz").is(200)
	w.server.Ready = func(context.Context) error { return errors.New("the disk is gone") }
	if a := w.get("/readyz").is(503); strings.Contains(string(a.body), "disk") {
		t.Errorf("told: %s", a.body)
	}
	w.get("/livez").is(200)
	w.server.Ready = func(context.Context) error { panic("a password") }
	if a := w.get("/readyz").is(500); strings.Contains(string(a.body), "password") || a.json()["code"] != "internal" {
		t.Errorf("panicked: %s", a.body)
	}
}

// Guards the bound on the memory of all bodies together.
func TestBodiesTogetherAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.bodyShares.memory = 10
	if a := w.post("/v1/webhooks", webhookJSON).is(503); a.header.Get("Retry-After") != "1" {
		t.Errorf("no Retry-After: %v", a.header)
	}
	w.server.bodyShares.memory = DefaultMaxBodyMemory
	w.post("/v1/webhooks", webhookJSON).is(201)
	if held := w.server.bodyShares.total; held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

// Guards that a key which another node revoked is of no use here after a moment.
func TestKeysAreLookedUpAgainAfterAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.post("/v1/keys", `{"name":"n"}`).is(201).data()
	r := request{method: http.MethodGet, path: "/v1/webhooks", key: created["key"].(string)}
	w.send(r).is(200)
	id, err := posthorn.ParseID[posthorn.KeyID](created["id"].(string))
	must(t, err)
	_, err = w.store.RevokeKey(t.Context(), id, w.clock.Now()) // as another node would
	must(t, err)
	w.clock.move(keyCacheAge)
	w.send(r).is(401)
}
