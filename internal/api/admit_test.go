package api

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// key makes a key of the first workspace.
func (w *world) workspaceKey() string {
	w.t.Helper()
	return w.post("/v1/keys", `{"name":"tenant"}`).is(http.StatusCreated).data()["key"].(string)
}

const oneEvent = `{"type":"a","data":1}`

func (w *world) publish(key string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodPost, path: "/v1/events", body: oneEvent, key: key})
}

func (w *world) publishMany(key string, events int) answer {
	w.t.Helper()
	body := "[" + strings.Repeat(oneEvent+",", events-1) + oneEvent + "]"
	return w.send(request{method: http.MethodPost, path: "/v1/events/batch", body: body, key: key})
}

// Invariant: a workspace publishes no faster than its rate, in single events and
// batches alike; a refusal keeps nothing and says when to come back.
func TestEventRate(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{EventRate: 2, EventBurst: 10})
	key := w.workspaceKey()
	first := w.publish(key).is(http.StatusAccepted)
	if got := first.header.Get("RateLimit-Policy") + " " + first.header.Get("RateLimit"); got != `"events";q=10;w=5 "events";r=9;t=1` {
		t.Errorf("the fields say %s", got)
	}
	w.publishMany(key, 9).is(http.StatusAccepted)
	refused := w.publishMany(key, 4).is(http.StatusTooManyRequests)
	if refused.json()["code"] != "rate_limited" || refused.header.Get("Retry-After") != "1" || refused.header.Get("RateLimit") != `"events";r=0;t=5` {
		t.Errorf("refused with %v: %s", refused.header, refused.body)
	}
	w.clock.move(1500 * time.Millisecond)
	late := w.publishMany(key, 8).is(http.StatusTooManyRequests)
	if late.header.Get("Retry-After") != "3" {
		t.Errorf("Retry-After is %s for eight events when there is room for two", late.header.Get("Retry-After"))
	}
	w.clock.move(3 * time.Second)
	w.publishMany(key, 7).is(http.StatusAccepted)
	events := w.send(request{method: http.MethodGet, path: "/v1/events", key: key}).is(http.StatusOK)
	if n := len(events.items()); n != 17 || events.header.Get("RateLimit") != "" {
		t.Errorf("%d events are kept, want 17; a list says %q of the rate", n, events.header.Get("RateLimit"))
	}
}

// Invariant: a platform key publishes for a workspace and takes that workspace's
// share, not one of its own and not another's.
func TestPlatformKeyTakesTheWorkspacesShare(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{EventRate: 1, EventBurst: 2, Requests: 1})
	other := w.post("/v1/workspaces", `{"name":"Other"}`).is(http.StatusCreated).data()["environment"].(map[string]any)["id"].(string)
	key := w.workspaceKey()
	w.publish(key).is(http.StatusAccepted)
	w.publish(w.key).is(http.StatusAccepted)
	w.publish(w.key).is(http.StatusTooManyRequests)
	w.publish(key).is(http.StatusTooManyRequests)
	elsewhere := strings.Replace(oneEvent, "{", `{"environmentId":"`+other+`",`, 1)
	w.post("/v1/events", elsewhere).is(http.StatusAccepted)
}

// Invariant: a workspace that may not publish now is told so before its body is
// read.
func TestRefusedBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{EventRate: 1, EventBurst: 1})
	key := w.workspaceKey()
	w.publish(key).is(http.StatusAccepted)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", failingReader{t})
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	if recorder.Code != http.StatusTooManyRequests {
		t.Errorf("status %d", recorder.Code)
	}
}

type failingReader struct{ t *testing.T }

func (f failingReader) Read([]byte) (int, error) {
	f.t.Error("the body was read")
	return 0, errors.New("no body")
}

// Invariant: one workspace's requests in progress, however they drag on, leave
// places and memory for the others' bodies, and give them back.
func TestShareOfRequestsAndBodies(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{Requests: 2})
	key := w.workspaceKey()
	other := w.post("/v1/workspaces", `{"name":"Other"}`).is(http.StatusCreated).data()["id"].(string)
	neighbour := w.post("/v1/keys", `{"name":"neighbour","workspaceId":"`+other+`"}`).is(http.StatusCreated).data()["key"].(string)
	first, second := w.drag(key), w.drag(key)
	if refused := w.publish(key).is(http.StatusTooManyRequests); refused.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", refused.header.Get("Retry-After"))
	}
	w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: key}).is(http.StatusTooManyRequests)
	w.publish(neighbour).is(http.StatusAccepted)
	second()
	w.publish(key).is(http.StatusAccepted)
	w.server.bodyShares.most = w.server.MaxBody + int64(len(oneEvent)) - 1
	if refused := w.publish(key).is(http.StatusTooManyRequests); !strings.Contains(string(refused.body), "bodies") {
		t.Errorf("refused with %s", refused.body)
	}
	w.publish(neighbour).is(http.StatusAccepted)
	first()
	w.publish(key).is(http.StatusAccepted)
	if len(w.server.bodyShares.taken) != 0 {
		t.Errorf("room is held after the last request: %v", w.server.bodyShares.taken)
	}
}

// drag begins to publish and doesn't come to an end until the function that is returned
// is called.
func (w *world) drag(key string) func() {
	w.t.Helper()
	end, isIn := w.tryDrag(key)
	if !isIn {
		w.t.Error("the request was refused")
	}
	return end
}

// tryDrag reports whether the request was let in.
func (w *world) tryDrag(key string) (func(), bool) {
	w.t.Helper()
	status, write := w.begin(key)
	if write == nil {
		status()
		return func() {}, false
	}
	return func() {
		_ = write.Close()
		status()
	}, true
}

// begin begins to publish an event whose body comes from a pipe, with its first byte. It
// returns what waits for the status of the answer, and the pipe, nil if the request was
// refused.
func (w *world) begin(key string) (func() int, *io.PipeWriter) {
	w.t.Helper()
	read, write := io.Pipe()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/v1/events", read)
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Content-Type", "application/json")
	status := make(chan int, 1)
	go func() {
		recorder := httptest.NewRecorder()
		w.server.ServeHTTP(recorder, r)
		_ = read.Close() // whoever writes is told
		status <- recorder.Code
	}()
	wait := func() int { return <-status }
	// A byte that was taken means that the request is in.
	if _, err := write.Write([]byte(oneEvent[:1])); err != nil {
		return wait, nil
	}
	return wait, write
}

// Invariant: a platform key's requests, whose workspace nobody knows before they are
// read, take half of all places and of the memory for bodies, and leave the rest to
// others; they give it back.
func TestShareOfAPlatformKey(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{AllRequests: 8})
	key := w.workspaceKey()
	var ends []func()
	for range 4 {
		ends = append(ends, w.drag(w.key))
	}
	refused := w.publish(w.key).is(http.StatusTooManyRequests)
	if refused.json()["code"] != "rate_limited" || refused.header.Get("Retry-After") != "1" {
		t.Errorf("refused with %v: %s", refused.header, refused.body)
	}
	w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: w.key}).is(http.StatusTooManyRequests)
	w.publish(key).is(http.StatusAccepted)
	ends[3]()
	w.server.bodyShares.mostOfPlatform = 3*w.server.MaxBody + int64(len(oneEvent)) - 1
	if refused := w.publish(w.key).is(http.StatusTooManyRequests); !strings.Contains(string(refused.body), "bodies") {
		t.Errorf("refused with %s", refused.body)
	}
	w.publish(key).is(http.StatusAccepted)
	for _, end := range ends[:3] {
		end()
	}
	w.publish(w.key).is(http.StatusAccepted)
	if len(w.server.bodyShares.taken) != 0 {
		t.Errorf("room is held after the last request: %v", w.server.bodyShares.taken)
	}
}
