package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/app"
	"github.com/posthorn/posthorn/internal/manage"
)

const (
	// patience bounds the wait for what must happen, on a machine that is busy too.
	patience = 2 * time.Minute
	// soon is below the half minute after which the engine would find work by itself.
	soon = 25 * time.Second
)

// receiver holds each request until the test answers it.
type receiver struct {
	*httptest.Server
	arrived chan string
	answers chan int
	// release ends every request without an answer, now and later.
	release func()
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{arrived: make(chan string, 100), answers: make(chan int)}
	over := make(chan struct{})
	r.release = sync.OnceFunc(func() { close(over) })
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		r.arrived <- request.Header.Get("webhook-id")
		select {
		case code := <-r.answers:
			w.WriteHeader(code)
		case <-request.Context().Done():
		case <-over:
		}
	}))
	t.Cleanup(func() {
		r.release()
		r.Close()
	})
	return r
}

// next waits for a request and returns its event's id.
func (r *receiver) next(t *testing.T) string {
	t.Helper()
	return r.within(t, patience)
}

func (r *receiver) within(t *testing.T, limit time.Duration) string {
	t.Helper()
	select {
	case id := <-r.arrived:
		return id
	case <-time.After(limit):
		t.Fatalf("no request arrived within %v", limit)
		return ""
	}
}

// answer answers the request that next returned.
func (r *receiver) answer(t *testing.T, code int) {
	t.Helper()
	select {
	case r.answers <- code:
	case <-time.After(patience):
		t.Fatal("nobody waits for an answer any more")
	}
}

// operator uses a server's API with the key of its first start.
type operator struct {
	*testing.T
	*app.App
	key string
}

func operate(t *testing.T, a *app.App) operator {
	t.Helper()
	return operator{t, a, a.First().Key.Text.Reveal()}
}

// try makes a request and returns the answer's status and its data.
func (o operator) try(method, path string, body any) (int, map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(o.Context(), method, "http://"+o.Addr()+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+o.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	var answer struct{ Data map[string]any }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return response.StatusCode, nil, fmt.Errorf("reading the answer: %w", err)
	}
	return response.StatusCode, answer.Data, nil
}

// post wants an answer of 200 to 299 and returns its data.
func (o operator) post(path string, body any) map[string]any {
	o.Helper()
	code, data, err := o.try(http.MethodPost, path, body)
	if err != nil || code/100 != 2 {
		o.Fatalf("POST %s: %d, %v", path, code, err)
	}
	return data
}

type object = map[string]any

// webhook makes a webhook that sends one request at a time and never retries.
func (o operator) webhook(url, event string) string {
	o.Helper()
	made := o.post("/v1/webhooks", object{"url": url, "events": []string{event}, "format": "standard", "concurrency": 1, "retryAttempts": 0, "timeoutMs": 60000})
	return made["id"].(string)
}

// publish returns the event's id.
func (o operator) publish(eventType string) string {
	o.Helper()
	return o.post("/v1/events", object{"type": eventType, "data": 1})["id"].(string)
}

// deliveries asks past the API, which may have stopped.
func (o operator) deliveries(status posthorn.DeliveryStatus) []posthorn.Delivery {
	o.Helper()
	platform := manage.Principal{Kind: posthorn.PlatformKey}
	found, err := o.Manager().Deliveries(o.Context(), platform, manage.DeliveryFilter{Status: status}, posthorn.Page{Limit: 100})
	if err != nil {
		o.Fatal(err)
	}
	return found
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	deadline := time.After(patience)
	often := time.NewTicker(2 * time.Millisecond)
	defer often.Stop()
	for !isSo() {
		select {
		case <-often.C:
		case <-deadline:
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}
