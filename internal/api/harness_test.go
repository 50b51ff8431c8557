package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/egress"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
	"github.com/posthorn/posthorn/internal/wire"
)

// world is a whole API on a store in memory, with a clock that a test moves.
type world struct {
	t         testing.TB
	server    *Server
	store     *memstore.Store
	keys      *watchedKeys
	publisher *switchedPublisher
	receiver  *cannedSender
	clock     *clock
	log       *lockedBuffer
	key       string
	first     manage.Bootstrapped
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now moves on by a microsecond at each look, so that things made one after the
// other are in that order.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// switchedPublisher publishes for real, unless it is told to fail.
type switchedPublisher struct {
	real    *intake.Intake
	failing error
}

func (p *switchedPublisher) Welcome(workspace posthorn.WorkspaceID) error {
	return p.real.Welcome(workspace)
}

func (p *switchedPublisher) Publish(ctx context.Context, publication intake.Publication) (intake.Receipt, error) {
	if p.failing != nil {
		return intake.Receipt{}, p.failing
	}
	return p.real.Publish(ctx, publication)
}

// watchedKeys is the store with somebody who sees each look-up of a key.
type watchedKeys struct {
	*memstore.Store
	onLookUp func()
}

func (k *watchedKeys) KeyByHash(ctx context.Context, hash [sha256.Size]byte) (posthorn.Key, error) {
	if k.onLookUp != nil {
		k.onLookUp()
	}
	return k.Store.KeyByHash(ctx, hash)
}

// cannedSender answers every request with the same outcome.
type cannedSender struct {
	outcome posthorn.Outcome
	sent    []posthorn.Request
}

func (s *cannedSender) Send(_ context.Context, r posthorn.Request) posthorn.Outcome {
	s.sent = append(s.sent, r)
	return s.outcome
}

// idleEngine has no room: all deliveries stay pending in the store.
type idleEngine struct{}

func (idleEngine) NodeID() posthorn.NodeID                         { return posthorn.NodeID{1} }
func (idleEngine) Reserve(*posthorn.Webhook, int) bool             { return false }
func (idleEngine) Unreserve(posthorn.WebhookID, int)               {}
func (idleEngine) Dispatch(store.Job)                              {}
func (idleEngine) Wake(posthorn.EnvironmentID, posthorn.WebhookID) {}

type forgetting struct{ directories *snapshot.Cache }

func (f forgetting) DirectoryChanged(id posthorn.EnvironmentID) { f.directories.Forget(id) }
func (f forgetting) FormatsChanged(id posthorn.WorkspaceID) {
	f.directories.ForgetWorkspace(id)
}
func (forgetting) WebhookChanged(posthorn.Webhook)                           {}
func (forgetting) DeliveryDue(posthorn.EnvironmentID, posthorn.WebhookID)    {}
func (forgetting) DeliveryCancelled(posthorn.WebhookID, posthorn.DeliveryID) {}
func (forgetting) ReplayMade()                                               {}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func seeded() posthorn.Randomness {
	var mu sync.Mutex
	source := rand.New(rand.NewPCG(1, 2))
	return func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		return source.Uint64()
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, posthorn.Production)
}

func newWorldOf(t testing.TB, kind posthorn.EnvironmentKind) *world {
	t.Helper()
	return newLimitedWorld(t, kind, posthorn.Limits{})
}

func newLimitedWorld(t testing.TB, kind posthorn.EnvironmentKind, limits posthorn.Limits) *world {
	t.Helper()
	w := &world{
		t: t, store: memstore.New(), clock: &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, log: &lockedBuffer{},
		receiver: &cannedSender{outcome: posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200, ResponseBody: []byte("ok")}},
	}
	formats, err := wire.BuiltIn()
	must(t, err)
	builtIn, err := wire.NewSet(formats)
	must(t, err)
	guard, err := egress.New(egress.Options{})
	must(t, err)
	w.keys = &watchedKeys{Store: w.store}
	directories := snapshot.NewCache(w.store)
	random := seeded()
	manager := manage.New(manage.Options{
		Store: w.keys, Formats: dialects.New(builtIn, w.store), Sender: w.receiver, Notifier: forgetting{directories},
		CheckURL: guard.CheckURL, Egress: guard.Settings, Message: guard.Message, Now: w.clock.Now, Random: random, DefaultKind: kind, Limits: limits,
	})
	w.publisher = &switchedPublisher{real: intake.New(intake.Options{
		Store: w.store, Directories: directories, Dispatcher: idleEngine{}, Now: w.clock.Now, Random: random,
	})}
	w.first, err = manager.Bootstrap(t.Context(), "", func(posthorn.Environment, posthorn.Secret) error { return nil })
	must(t, err)
	w.key = w.first.Key.Text.Reveal()
	w.server, err = New(Options{
		Manager: manager, Publisher: w.publisher, Answers: w.store, Ready: func(context.Context) error { return nil },
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: w.clock.Now,
		Random: random, CursorKey: []byte("a key that only tests use"), Admission: intake.NewAdmission(limits, w.clock.Now),
	})
	must(t, err)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// request is what a test sends.
type request struct {
	method, path string
	body         string
	header       map[string]string
	key          string
	// from is the address and port that it comes from; empty for any.
	from string
	// host is the name by which the server is asked; empty for any.
	host string
}

func (w *world) send(r request) answer {
	w.t.Helper()
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	httpRequest := httptest.NewRequestWithContext(w.t.Context(), r.method, r.path, body)
	if r.body != "" {
		httpRequest.Header.Set("Content-Type", "application/json")
	}
	if r.key == "" {
		r.key = w.key
	}
	httpRequest.Header.Set("X-Api-Key", r.key)
	for name, value := range r.header {
		if value == "" {
			httpRequest.Header.Del(name)
			continue
		}
		httpRequest.Header.Set(name, value)
	}
	if r.host != "" {
		httpRequest.Host = r.host
	}
	if r.from != "" {
		httpRequest.RemoteAddr = r.from
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, httpRequest)
	return answer{t: w.t, status: recorder.Code, header: recorder.Header(), body: recorder.Body.Bytes()}
}

func (w *world) post(path, body string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodPost, path: path, body: body})
}

func (w *world) get(path string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodGet, path: path})
}

func (w *world) patch(path, body string) answer {
	w.t.Helper()
	return w.send(request{method: http.MethodPatch, path: path, body: body})
}

// is checks the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// json reads the body.
func (a answer) json() map[string]any {
	a.t.Helper()
	var value map[string]any
	if err := json.Unmarshal(a.body, &value); err != nil {
		a.t.Fatalf("not JSON: %v: %s", err, a.body)
	}
	return value
}

// data reads the data of a success.
func (a answer) data() map[string]any {
	a.t.Helper()
	data, isObject := a.json()["data"].(map[string]any)
	if !isObject {
		a.t.Fatalf("no data: %s", a.body)
	}
	return data
}

// items reads the data of a list.
func (a answer) items() []map[string]any {
	a.t.Helper()
	list, isList := a.json()["data"].([]any)
	if !isList {
		a.t.Fatalf("no list: %s", a.body)
	}
	items := make([]map[string]any, len(list))
	for i, item := range list {
		items[i] = item.(map[string]any)
	}
	return items
}

// pointers lists the places of a problem's mistakes.
func (a answer) pointers() []string {
	a.t.Helper()
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("not a problem: %v: %s", err, a.body)
	}
	pointers := make([]string, len(p.Errors))
	for i, place := range p.Errors {
		pointers[i] = place.Pointer
	}
	return pointers
}

const webhookJSON = `{"name":" CRM Sync ","url":"https://crm.example.com/webhooks/sendkit","events":["email.replied","email.positive_reply"]}`

func (w *world) createWebhook(body string) map[string]any {
	w.t.Helper()
	return w.post("/v1/webhooks", body).is(http.StatusCreated).data()
}
