package hostile

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/hostile"
)

const (
	// deliveries is how many meet each behaviour.
	deliveries = 50
	// maxGrowth is how much memory they may take, in bytes.
	maxGrowth = 64 << 20
	// maxWait is how long a healthy webhook beside them may wait.
	maxWait = time.Second
)

// Invariant: whatever a receiver does, each attempt ends with the right reason,
// the server's memory stays bounded, and a healthy webhook beside it gets its
// events at once.
func TestEveryBehaviour(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var figures []figure
	t.Run("behaviours", func(t *testing.T) {
		for _, expected := range expectations() {
			t.Run(strings.ReplaceAll(expected.chaos, "/", "_"), func(t *testing.T) {
				t.Parallel()
				f := meet(t, expected)
				mu.Lock()
				defer mu.Unlock()
				figures = append(figures, f)
			})
		}
	})
	slices.SortFunc(figures, func(a, b figure) int { return cmp.Compare(b.growth, a.growth) })
	for _, f := range figures {
		t.Logf("%-55s %6.1f MiB, healthy events after %5.1f ms at most, %s", f.chaos, float64(f.growth)/(1<<20), float64(f.slowest.Microseconds())/1000, f.reasons)
	}
}

// Invariant: every behaviour is met by a test.
func TestEveryBehaviourIsMet(t *testing.T) {
	t.Parallel()
	met := map[string]bool{"ok": true} // the healthy webhooks meet it
	for _, expected := range expectations() {
		name, _, _ := strings.Cut(expected.chaos, "=")
		met[name] = true
	}
	for _, behaviour := range hostile.Behaviours() {
		if !met[behaviour.Name] {
			t.Errorf("nothing says what comes of %s", behaviour.Name)
		}
	}
}

// figure is what was measured at one behaviour.
type figure struct {
	chaos   string
	growth  int64
	slowest time.Duration
	reasons string
}

type webhook struct {
	ID    string
	Stats struct{ Accepted, Pending, Succeeded, Attempts int }
}

func meet(t *testing.T, expected expectation) figure {
	healthy := newHealthy(t)
	receiver, url, arrived := listen(t, expected.chaos)
	s := serve(t)
	s.subscribe(healthy.server.URL, "healthy", "")
	hook := s.subscribe(url, "hostile", `, "timeoutMs": 1000, "retryAttempts": 0, "concurrency": 50`)
	for range 10 {
		healthy.wantPrompt(t, s)
	}
	before := s.forgetPeak()
	s.publishHostile(expected.bytes)
	for range 5 {
		healthy.wantPrompt(t, s)
	}
	reasons := s.settled(hook, expected)
	healthy.wantPrompt(t, s)
	f := figure{chaos: expected.chaos, growth: s.peak() - before, slowest: healthy.slowest, reasons: fmt.Sprint(reasons)}
	if f.growth > maxGrowth {
		t.Errorf("memory grew by %d bytes", f.growth)
	}
	for reason := range reasons {
		if !slices.Contains(expected.reasons, reason) {
			t.Errorf("reasons %v, want %v", reasons, expected.reasons)
		}
	}
	if err := receiver.Close(); err != nil {
		t.Error(err)
	}
	for path := range arrived() {
		if path != "/hook" {
			t.Errorf("%s was requested", path)
		}
	}
	return f
}

// listen starts a receiver, and returns the URL for its webhook and what tells
// the paths that were requested.
func listen(t *testing.T, chaos string) (*hostile.Receiver, string, func() map[string]bool) {
	t.Helper()
	choices, err := hostile.Parse(chaos)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	paths := map[string]bool{}
	arrived := func(a hostile.Arrival) {
		if a.Request != nil {
			mu.Lock()
			defer mu.Unlock()
			paths[a.Request.URL.Path] = true
		}
	}
	receiver, err := hostile.Listen(t.Context(), hostile.Options{Address: "127.0.0.1:0", Choices: choices, Arrived: arrived, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = receiver.Close() })
	scheme := "http"
	if choices[0].Secure() {
		scheme = "https"
	}
	return receiver, scheme + "://" + receiver.Address() + "/hook", func() map[string]bool {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

// healthy is a webhook that is well.
type healthy struct {
	server  *httptest.Server
	came    chan struct{}
	slowest time.Duration
}

func newHealthy(t *testing.T) *healthy {
	h := &healthy{came: make(chan struct{}, 100)}
	h.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.came <- struct{}{}
	}))
	t.Cleanup(h.server.Close)
	return h
}

// wantPrompt publishes an event for the healthy webhook, and wants it to arrive
// in time.
func (h *healthy) wantPrompt(t *testing.T, s *server) {
	t.Helper()
	started := time.Now()
	s.call("POST", "/v1/events", `{"type": "healthy", "data": {}}`, http.StatusAccepted)
	select {
	case <-h.came:
	case <-time.After(30 * time.Second):
		t.Fatal("a healthy webhook got nothing")
	}
	took := time.Since(started)
	h.slowest = max(h.slowest, took)
	if took > maxWait {
		t.Errorf("a healthy webhook waited %v", took)
	}
}

func (s *server) subscribe(url, eventType, more string) string {
	s.t.Helper()
	text := s.call("POST", "/v1/webhooks", `{"url": "`+url+`", "events": ["`+eventType+`"], "format": "standard"`+more+`}`, http.StatusCreated)
	return data[webhook](s.t, text).ID
}

// publishHostile publishes the events for the receiver that misbehaves: in one
// batch, or one by one when they are long.
func (s *server) publishHostile(length int) {
	s.t.Helper()
	event := `{"type": "hostile", "data": {"text": "` + strings.Repeat("x", length) + `"}}`
	if length > 0 {
		for range deliveries {
			s.call("POST", "/v1/events", event, http.StatusAccepted)
		}
		return
	}
	s.call("POST", "/v1/events/batch", "["+strings.Repeat(event+",", deliveries-1)+event+"]", http.StatusAccepted)
}

// settled waits until every delivery has been tried, or, where the webhook is
// held back, none is under way; it returns how often each reason was recorded.
func (s *server) settled(hook string, expected expectation) map[string]int {
	s.t.Helper()
	type delivery struct {
		Status     string
		Attempts   int
		LastReason *string
	}
	var list []delivery
	eventually(s.t, "every delivery has been tried", func() bool {
		list = data[[]delivery](s.t, s.call("GET", "/v1/deliveries?limit=100&webhookId="+hook, "", http.StatusOK))
		tried := 0
		for _, d := range list {
			if d.Status == "leased" {
				return false
			}
			if d.Attempts > 0 {
				tried++
			}
		}
		return len(list) == deliveries && (tried == deliveries || expected.holds && tried > 0)
	})
	reasons := map[string]int{}
	for _, d := range list {
		if d.Attempts > 0 && d.LastReason != nil {
			reasons[*d.LastReason]++
		}
		if d.Attempts > 1 {
			s.t.Errorf("a delivery without retries was tried %d times", d.Attempts)
		}
	}
	return reasons
}
