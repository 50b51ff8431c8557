package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// Guards the answer to a published event, and the note when nobody wants it.
func TestPublishAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unwanted := w.post("/v1/events", `{"type":"user.created","data":{"a":1}}`).is(202).data()
	if unwanted["deliveries"] != 0.0 || unwanted["note"] != "No webhook wants this event; it is kept." {
		t.Errorf("unwanted: %v", unwanted)
	}
	w.createWebhook(`{"url":"https://a.example.com","events":["user.*"]}`)
	wanted := w.post("/v1/events", `{"type":"user.created","data":{"a":1},"timestamp":"2026-05-04T14:00:00.5+02:00","environmentId":null}`).is(202).data()
	if wanted["deliveries"] != 1.0 || wanted["note"] != nil || wanted["timestamp"] != "2026-05-04T12:00:00.500Z" || wanted["type"] != "user.created" || !strings.HasPrefix(wanted["id"].(string), "evt_") {
		t.Errorf("wanted: %v", wanted)
	}
	got := w.get("/v1/events/" + wanted["id"].(string)).is(200).data()
	if got["deliveries"] != 1.0 || got["environmentId"] != wanted["environmentId"] {
		t.Errorf("read back: %v", got)
	}
	deliveries := w.get("/v1/events/" + wanted["id"].(string) + "/deliveries").is(200).items()
	if len(deliveries) != 1 || deliveries[0]["status"] != "pending" || deliveries[0]["dueAt"] == nil {
		t.Errorf("deliveries: %v", deliveries)
	}
	list := w.get("/v1/events?type=user.created&limit=1").is(200)
	if items := list.items(); len(items) != 1 || items[0]["id"] != wanted["id"] || items[0]["data"] != nil {
		t.Errorf("list: %s", list.body)
	}
}

// Guards what an event may not be.
func TestBadEventsAreRefusedAtTheirPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, pointer := range map[string]string{
		`{"data":1}`:                                               "/type",
		`{"type":"","data":1}`:                                     "/type",
		`{"type":"a b","data":1}`:                                  "/type",
		`{"type":"a..b","data":1}`:                                 "/type",
		`{"type":"a\r\nb","data":1}`:                               "/type",
		`{"type":"` + strings.Repeat("a", 129) + `","data":1}`:     "/type",
		`{"type":"a"}`:                                             "/data",
		`{"type":"a","data":1,"id":""}`:                            "/id",
		`{"type":"a","data":1,"id":"a.b"}`:                         "/id",
		`{"type":"a","data":1,"id":"evt_x"}`:                       "/id",
		`{"type":"a","data":1,"timestamp":"today"}`:                "/timestamp",
		`{"type":"a","data":1,"timestamp":"0001-01-01T00:00:00Z"}`: "/timestamp",
	} {
		if a := w.post("/v1/events", body).is(422); !slices.Contains(a.pointers(), pointer) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	w.post("/v1/events", `{"type":"a","data":1,"environmentId":"env_x"}`).is(404)
	w.post("/v1/events", `{"type":"a","data":1,"environmentId":"`+posthorn.EnvironmentID{9}.String()+`"}`).is(404)
	if events := w.get("/v1/events").is(200).items(); len(events) != 0 {
		t.Errorf("a broken event was kept: %v", events)
	}
}

// Guards invariant 4 at the API's edge: data is kept, and shown again, as the
// bytes that came in.
func TestDataKeepsItsBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(fatal func(string, ...any), data string) {
		a := w.post("/v1/events", `{ "type" : "a" , "data" :  `+data+`  }`)
		if a.status != 202 {
			fatal("%d for %q: %s", a.status, data, a.body)
		}
		id := a.data()["id"].(string)
		event, err := posthorn.ParseID[posthorn.EventID](id)
		must(t, err)
		kept, err := w.store.Event(t.Context(), store.Reach{}, event)
		must(t, err)
		if string(kept.Data) != data {
			fatal("kept %q, published %q", kept.Data, data)
		}
		if shown := w.get("/v1/events/" + id).is(200); !bytes.HasSuffix(shown.body, []byte(`,"data":`+data+`}}`)) {
			fatal("shown %q, published %q", shown.body, data)
		}
	}
	for _, data := range []string{
		`null`, `0`, `-0`, `1.0`, `1e400`, `12345678901234567890123456789012`, `""`, `"\u0000"`, `"\ud800"`, `"\udc00\ud800"`, `"\/\u00e9é"`,
		`{"b":1,"a":2,"b":3}`, `{ "a" :	[ 1 ,  2 ] }`, "[\r\n]", `{"":{}}`, `"` + "\u2028\u202e\u200b<>&" + `"`, strings.Repeat("[", 198) + strings.Repeat("]", 198),
	} {
		check(t.Fatalf, data)
	}
	rapid.Check(t, func(r *rapid.T) { check(r.Fatalf, jsonValue(4).Draw(r, "data")) })
}

// jsonValue draws JSON texts with odd spaces, numbers and escapes.
func jsonValue(depth int) *rapid.Generator[string] {
	scalar := rapid.SampledFrom([]string{`null`, `true`, `-0.0`, `1E+2`, `9007199254740993`, `1e-999`, `"a"`, `"\u0041\n"`, `"\ud83d\ude00"`, `"\ud83d"`, `"😀"`})
	space := rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n"})
	if depth == 0 {
		return scalar
	}
	return rapid.Custom(func(r *rapid.T) string {
		parts := rapid.SliceOfN(jsonValue(depth-1), 0, 3).Draw(r, "parts")
		switch rapid.IntRange(0, 2).Draw(r, "form") {
		case 0:
			return "[" + space.Draw(r, "in") + strings.Join(parts, space.Draw(r, "before")+","+space.Draw(r, "after")) + "]"
		case 1:
			for i := range parts {
				parts[i] = rapid.SampledFrom([]string{`"k"`, `"\u006b"`, `""`}).Draw(r, "name") + space.Draw(r, "s") + ":" + parts[i]
			}
			return "{" + strings.Join(parts, ",") + space.Draw(r, "end") + "}"
		default:
			return scalar.Draw(r, "scalar")
		}
	})
}

// Guards that an event id given again means the same event, or a conflict.
func TestGivenEventIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"type":"a","data":{"n": 1},"id":"order-1"}`
	first := w.post("/v1/events", body).is(202).data()
	again := w.post("/v1/events", body).is(202).data()
	if first["id"] != "order-1" || again["id"] != "order-1" || again["duplicate"] != true || first["duplicate"] != nil {
		t.Errorf("first %v, again %v", first, again)
	}
	w.post("/v1/events", `{"type":"a","data":{"n":1},"id":"order-1"}`).is(409)
	if got := w.get("/v1/events/order-1").is(200).data(); got["id"] != "order-1" {
		t.Errorf("by its own id: %v", got)
	}
	if got := w.get("/v1/deliveries?eventId=order-1").is(200).items(); len(got) != 0 {
		t.Errorf("deliveries: %v", got)
	}
	w.get("/v1/events/order-2").is(404)
}

// hoarder keeps the data of what it publishes.
type hoarder struct {
	Publisher
	data []byte
}

func (h *hoarder) Publish(ctx context.Context, publication intake.Publication) (intake.Receipt, error) {
	h.data = publication.Items[0].Data
	return h.Publisher.Publish(ctx, publication)
}

// watchedBody notes into whose memory it is read.
type watchedBody struct {
	text io.Reader
	into weak.Pointer[byte]
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.into = weak.Make(&p[0])
	return b.text.Read(p)
}

// Guards the bound on memory that data counts against as long as it is: it doesn't hold
// a long body around it.
func TestShortDataLetsGoOfALongBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := &hoarder{Publisher: w.publisher}
	w.server.Publisher = h
	text := `{"type":"a","data":1` + strings.Repeat(" ", 200_000) + "}"
	body := &watchedBody{text: strings.NewReader(text)}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/events", body)
	r.ContentLength = int64(len(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", w.key)
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	runtime.GC()
	if isHeld := body.into.Value() != nil; recorder.Code != http.StatusAccepted || string(h.data) != "1" || isHeld {
		t.Errorf("status %d, data %q; all of its body is held: %v", recorder.Code, h.data, isHeld)
	}
}

// Guards that a full intake is told with a time to come back, as is a full disk.
func TestFullIntake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		failing error
		status  int
		after   string
	}{
		{fmt.Errorf("accepting: %w", posthorn.ErrBusy), 503, "1"},
		{&posthorn.Error{Code: posthorn.CodeStorageFull, Message: "The disk is full."}, 507, ""},
		{fmt.Errorf("accepting: %w (%w)", &posthorn.Error{Code: posthorn.CodeUnavailable, Message: "It is held."}, errors.New("another password")), 503, "1"},
		{fmt.Errorf("something with a password"), 500, ""},
	} {
		w.publisher.failing = c.failing
		for _, path := range []string{"/v1/events", "/v1/events/batch"} {
			body := `{"type":"a","data":1}`
			if path == "/v1/events/batch" {
				body = "[" + body + "]"
			}
			a := w.post(path, body).is(c.status)
			if a.header.Get("Retry-After") != c.after || strings.Contains(string(a.body), "password") {
				t.Errorf("%v: %v %s", c.failing, a.header, a.body)
			}
		}
	}
	if log := w.log.String(); !strings.Contains(log, "something with a password") || !strings.Contains(log, "another password") || !strings.Contains(log, "requestId=req_") {
		t.Errorf("our own mistake is not in the log: %s", log)
	}
}

// Guards batches: a result for each line, the good ones kept, in both forms.
func TestBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)
	good, bad := `{"type":"a","data": {"x" :1}}`, `{"type":"a b","data":1}`
	asArray := w.post("/v1/events/batch", "["+good+","+bad+`,{"typ":"a","data":1},`+good+"]")
	asLines := w.send(request{method: http.MethodPost, path: "/v1/events/batch", body: good + "\n" + bad + "\r\n\n{\"typ\":\n" + good, header: map[string]string{"Content-Type": "application/x-ndjson"}})
	for _, a := range []answer{asArray, asLines} {
		a.is(202)
		items := a.items()
		if len(items) != 4 || a.json()["accepted"] != 2.0 || a.json()["rejected"] != 2.0 {
			t.Fatalf("%s", a.body)
		}
		if items[0]["success"] != true || items[0]["deliveries"] != 1.0 || items[3]["index"] != 3.0 || items[3]["success"] != true {
			t.Errorf("good lines: %s", a.body)
		}
		if items[1]["status"] != 422.0 || items[1]["code"] != "invalid" || items[1]["pointer"] != "/type" || items[2]["status"] != 400.0 {
			t.Errorf("bad lines: %s", a.body)
		}
	}
	w.post("/v1/events/batch", `[]`).is(422)
	w.post("/v1/events/batch", "["+strings.Repeat("1,", 1000)+"1]").is(422)
	w.post("/v1/events/batch", "["+strings.Repeat("1,", 999)+"1]").is(202)
	if events := w.get("/v1/events").is(200).items(); len(events) != 4 {
		t.Errorf("%d events kept", len(events))
	}
}

// Guards idempotent publishing: the same request is one event with one answer,
// another one is refused, another environment is another matter, and after its
// time a key is new.
func TestIdempotentPublishing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(path, body string) answer {
		return w.send(request{method: http.MethodPost, path: path, body: body, header: map[string]string{"Idempotency-Key": "k1"}})
	}
	first := send("/v1/events", `{"type":"a","data":1}`).is(202)
	again := send("/v1/events", `{"type":"a","data":1}`).is(202)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	if a := send("/v1/events", `{"type":"a","data":2}`).is(422); !strings.Contains(string(a.body), "idempotency_mismatch") {
		t.Errorf("another body: %s", a.body)
	}
	batch := send("/v1/events/batch", `[{"type":"a","data":1},{}]`).is(202)
	if replay := send("/v1/events/batch", `[{"type":"a","data":1},{}]`).is(202); !bytes.Equal(batch.body, replay.body) {
		t.Errorf("batch %s, again %s", batch.body, replay.body)
	}
	other := w.post("/v1/environments", `{"name":"other"}`).is(201).data()["id"].(string)
	if a := send("/v1/events", `{"type":"a","data":2,"environmentId":"`+other+`"}`).is(202); a.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("another environment: %s", a.body)
	}
	w.clock.move(24*time.Hour + time.Second)
	if late := send("/v1/events", `{"type":"a","data":3}`).is(202); late.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after its time: %s", late.body)
	}
	for _, key := range []string{strings.Repeat("k", 256), "é", "\x01"} {
		w.send(request{method: http.MethodPost, path: "/v1/events", body: `{"type":"a","data":1}`, header: map[string]string{"Idempotency-Key": key}}).is(400)
	}
}

// Guards that the routes which take events can be asked without the mux: their paths
// are whole, and they answer, and refuse, as they do through it.
func TestPublishingWithoutTheMux(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handlers := w.server.Publishing()
	if paths := slices.Sorted(maps.Keys(handlers)); !slices.Equal(paths, []string{"/v1/events", "/v1/events/batch"}) {
		t.Fatalf("the paths are %q", paths)
	}
	for path, handler := range handlers {
		for _, key := range []string{w.key, "sk_user_unknown"} {
			answers := []*httptest.ResponseRecorder{httptest.NewRecorder(), httptest.NewRecorder()}
			for i, by := range []http.Handler{w.server, handler} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(`[]`))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("X-Api-Key", key)
				by.ServeHTTP(answers[i], r)
				answers[i].Header().Del("X-Request-Id")
			}
			if answers[0].Code != answers[1].Code || answers[0].Code < 400 {
				t.Errorf("%s: %d through the mux, %d without it", path, answers[0].Code, answers[1].Code)
			}
			if difference := cmp.Diff(answers[0].Header(), answers[1].Header()); difference != "" {
				t.Errorf("%s: %s", path, difference)
			}
		}
	}
}
