package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn/client"
)

const acceptedEvent = `{"success":true,"data":{"id":"evt_1","type":"user.created","timestamp":"2026-01-02T03:04:05.678Z","environmentId":"env_1","deliveries":2}}`

// Invariant: data travels byte for byte.
func TestPublishKeepsTheBytesOfData(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		`{ "b" : 1e400,  "a":123456789012345678901234567890 }`,
		`"<a href=\"x\">&\u0000\u003c` + "\u2028" + `"`,
		"[1,\n 2.50, -0]\n",
		`{"same":1,"same":2}`,
		`null`,
	} {
		server := answering(answer{status: 202, body: acceptedEvent})
		c := newClient(t, server)
		if _, err := c.Publish(t.Context(), client.EventInput{Type: "user.created", Data: json.RawMessage(data)}); err != nil {
			t.Fatalf("publishing %s: %v", data, err)
		}
		want := `{"type":"user.created","data":` + data + `}`
		if got := server.requests[0].body; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
}

// Invariant: no data can break out of its place in the request.
func TestPublishRefusesDataThatIsNotOneJSONValue(t *testing.T) {
	t.Parallel()
	for _, data := range []string{``, ` `, `{},"type":"other"`, `{`, `1 2`, `{"a":1}}`, `nul`} {
		server := answering(answer{status: 202, body: acceptedEvent})
		_, err := newClient(t, server).Publish(t.Context(), client.EventInput{Type: "a", Data: json.RawMessage(data)})
		var problem *client.Error
		if !errors.As(err, &problem) || problem.Code != client.CodeMalformed || problem.Errors[0].Pointer != "/data" {
			t.Errorf("data %q: got %v, want a malformed error at /data", data, err)
		}
		if len(server.requests) != 0 {
			t.Errorf("data %q was sent", data)
		}
	}
}

func TestPublishSendsWhatIsGiven(t *testing.T) {
	t.Parallel()
	server := answering(answer{status: 202, body: acceptedEvent})
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	event, err := newClient(t, server).Publish(t.Context(), client.EventInput{
		EnvironmentID: "env_1", Type: "user.created", Data: json.RawMessage(`{}`), ID: "order-1", Timestamp: moment,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"user.created","data":{},"id":"order-1","timestamp":"2026-01-02T03:04:05.678Z","environmentId":"env_1"}`
	if got := server.requests[0]; got.body != want || got.path != "/base/v1/events" || got.method != "POST" {
		t.Errorf("sent %s %s %s", got.method, got.path, got.body)
	}
	if event.ID != "evt_1" || event.Deliveries != 2 || !event.Timestamp.Equal(moment) {
		t.Errorf("read %+v", event)
	}
}

// Invariant: all tries of one call carry one Idempotency-Key, two calls never
// the same.
func TestPublishRepeatsWithTheSameKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := answering(
			answer{err: errors.New("connection reset")},
			answer{status: 503, body: `{"code":"unavailable"}`},
			answer{status: 409, body: `{"code":"idempotency_running"}`},
			answer{status: 202, body: acceptedEvent},
		)
		c := newClient(t, server)
		input := client.EventInput{Type: "a", Data: json.RawMessage(`{}`)}
		if _, err := c.Publish(t.Context(), input); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Publish(t.Context(), input); err != nil {
			t.Fatal(err)
		}
		if len(server.requests) != 5 {
			t.Fatalf("%d requests, want 4 of the first call and 1 of the second", len(server.requests))
		}
		first := server.requests[0].header.Get("Idempotency-Key")
		for _, r := range server.requests[1:4] {
			if got := r.header.Get("Idempotency-Key"); got != first || len(got) != 32 || r.body != server.requests[0].body {
				t.Errorf("a repetition has key %q and body %s; the first had %q", got, r.body, first)
			}
		}
		if server.requests[4].header.Get("Idempotency-Key") == first {
			t.Error("two calls have the same key")
		}
	})
}

func TestPublishBatchWritesOneArray(t *testing.T) {
	t.Parallel()
	server := answering(answer{status: 202, body: `{"success":true,"data":[{"index":0,"success":true,"id":"evt_1","deliveries":1},{"index":1,"success":false,"status":422,"code":"invalid","detail":"No.","pointer":"/type"}],"accepted":1,"rejected":1}`})
	batch, err := newClient(t, server).PublishBatch(t.Context(), "env_1", []client.EventInput{
		{Type: "a", Data: json.RawMessage(`{ "n":1.0 }`)}, {Type: "b", Data: json.RawMessage(`2`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := server.requests[0]
	if want := `[{"type":"a","data":{ "n":1.0 }},{"type":"b","data":2}]`; got.body != want || got.query != "environmentId=env_1" {
		t.Errorf("sent %s ? %s", got.body, got.query)
	}
	if batch.Accepted != 1 || batch.Rejected != 1 || batch.Results[1].Pointer != "/type" || !batch.Results[0].Success {
		t.Errorf("read %+v", batch)
	}
	if !strings.HasPrefix(string(batch.JSON()), `[{"index":0,"success":true`) {
		t.Errorf("kept %s", batch.JSON())
	}
}

// Invariant: who cancels isn't kept waiting, and sees that it was cancelled.
func TestCancellationEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := answering(answer{status: 429, header: map[string]string{"Retry-After": "20"}, body: `{"code":"busy"}`})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		_, err := newClient(t, server).Publish(ctx, client.EventInput{Type: "a", Data: json.RawMessage(`1`)})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(started))
		}
	})
}
