package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
)

// heldPublisher tells of each publication, and makes it when it may.
type heldPublisher struct {
	Publisher

	entered, leave chan struct{}
}

func (p heldPublisher) Publish(ctx context.Context, publication intake.Publication) (intake.Receipt, error) {
	p.entered <- struct{}{}
	<-p.leave
	return p.Publisher.Publish(ctx, publication)
}

// fillPlaces publishes so many events that are kept only when the function that is
// returned is called.
func (w *world) fillPlaces(key string, many int) func() {
	w.t.Helper()
	held := heldPublisher{w.publisher, make(chan struct{}), make(chan struct{})}
	w.server.Publisher = held
	answers := make(chan answer, many)
	for range many {
		go func() { answers <- w.publish(key) }()
		<-held.entered
	}
	return func() {
		close(held.leave)
		for range many {
			(<-answers).is(http.StatusAccepted)
		}
		w.server.Publisher = w.publisher
	}
}

// neighbours makes keys of so many other workspaces.
func (w *world) neighbours(many int) []string {
	w.t.Helper()
	keys := make([]string, many)
	for i := range keys {
		workspace := w.post("/v1/workspaces", `{"name":"Other"}`).is(http.StatusCreated).data()["id"].(string)
		keys[i] = w.post("/v1/keys", `{"name":"neighbour","workspaceId":"`+workspace+`"}`).is(http.StatusCreated).data()["key"].(string)
	}
	return keys
}

// Invariant: however many publish, what is beyond the bound is refused before its key is
// looked at, one can look what is going on, and the server says that it is alive.
func TestBoundOfAllRequests(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{AllRequests: 4})
	key := w.workspaceKey()
	end := w.fillPlaces(key, 3)
	refused := w.publish("no key").is(http.StatusServiceUnavailable)
	if refused.json()["code"] != "busy" || refused.header.Get("Retry-After") != "1" {
		t.Errorf("refused with %v: %s", refused.header, refused.body)
	}
	w.send(request{method: http.MethodGet, path: "/v1/webhooks", key: key}).is(http.StatusOK)
	w.send(request{method: http.MethodGet, path: "/livez"}).is(http.StatusOK)
	end()
	w.publish(key).is(http.StatusAccepted)
}

// Invariant: requests whose bodies drip in, of however many workspaces, take none of the
// places that all share; when a body has come its request needs one like any other.
func TestSlowBodiesTakeNoPlaces(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{AllRequests: 4, Requests: 4})
	key := w.workspaceKey()
	var ends []func()
	for _, slow := range w.neighbours(3) {
		for range 4 {
			ends = append(ends, w.drag(slow))
		}
	}
	w.publish(key).is(http.StatusAccepted)
	late, write := w.begin(key)
	end := w.fillPlaces(key, 3)
	_, err := write.Write([]byte(oneEvent[1:]))
	must(t, err)
	must(t, write.Close())
	if status := late(); status != http.StatusServiceUnavailable {
		t.Errorf("a request whose body came late is answered with %d while all places are taken", status)
	}
	w.publish(key).is(http.StatusServiceUnavailable)
	end()
	for _, end := range ends {
		end()
	}
	w.fillPlaces(key, 3)() // as many as before
}

// Invariant: what a few workspaces take of the memory for bodies together, by sending
// slowly, leaves room for the others.
func TestSlowBodiesLeaveMemory(t *testing.T) {
	t.Parallel()
	const room = 8
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{})
	w.server.bodyShares = newBodyShares(room*w.server.MaxBody, w.server.MaxBody)
	key := w.workspaceKey()
	var ends []func()
	for _, slow := range w.neighbours(4) {
		for range room {
			if end, isIn := w.tryDrag(slow); isIn {
				ends = append(ends, end)
			}
		}
	}
	if len(ends) < room/2 {
		t.Errorf("%d of %d bodies were let in", len(ends), room)
	}
	w.publish(key).is(http.StatusAccepted)
	for _, end := range ends {
		end()
	}
	if w.server.bodyShares.total != 0 || len(w.server.bodyShares.taken) != 0 {
		t.Errorf("room is held after the last request: %d, %v", w.server.bodyShares.total, w.server.bodyShares.taken)
	}
}
