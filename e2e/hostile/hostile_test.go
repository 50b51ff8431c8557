//go:build !race

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
	// deliveries is how many meet each behaviour: two for each of many webhooks, so
	// that they are all sent at once. A single failing webhook would be held back.
	deliveries = webhooks * events
	webhooks   = 25
	events     = 2
	// maxGrowth is how much memory they may take, in bytes.
	maxGrowth = 64 << 20
	// goroutinesEach is how many one attempt may have.
	goroutinesEach = 10
	// leftOver is how many goroutines may be left when all is over: those of
	// connections to the healthy receiver and to this test.
	leftOver = 10
	// maxWait is how long a healthy webhook beside them usually waits at most, and slowdown
	// how many times as long as without them: a slow machine is slow without them too.
	maxWait  = time.Second
	slowdown = 10
	// longestWait is what none of its events waits, however slow the disk is at a moment: who
	// had to wait for a timeout would wait longer.
	longestWait = shortTimeout / 2
)

// Invariant: whatever a receiver does, each attempt ends with the right reason,
// the server's memory and goroutines stay bounded and are given back, and a healthy webhook beside it gets its
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
		t.Logf("%-55s %6.1f MiB, %4d goroutines, healthy events after %5.1f ms at most, %s", f.chaos, float64(f.growth)/(1<<20), f.goroutines, float64(f.slowest.Microseconds())/1000, f.reasons)
	}
}

// figure is what was measured at one behaviour.
type figure struct {
	chaos   string
	growth  int64
	slowest time.Duration
	reasons string
	// goroutines is how many more there were at most.
	goroutines int
}

func meet(t *testing.T, expected expectation) figure {
	healthy := newHealthy(t)
	receiver, url, arrived := listen(t, expected.chaos)
	s := serve(t)
	s.subscribe(healthy.server.URL, "healthy", "")
	for range webhooks {
		s.subscribe(url, "hostile", fmt.Sprintf(`, "timeoutMs": %d, "retryAttempts": 0`, expected.timeout().Milliseconds()))
	}
	for range 10 {
		healthy.await(t, s)
	}
	usual := max(maxWait, slowdown*slices.Max(healthy.waited))
	healthy.waited = nil
	goroutines, _ := s.goroutines()
	before := s.forgetPeak()
	s.publishHostile(expected.bytes)
	for range 5 {
		healthy.await(t, s)
	}
	reasons := s.settled(expected)
	healthy.await(t, s)
	slices.Sort(healthy.waited)
	slowest := healthy.waited[len(healthy.waited)-1]
	if median := healthy.waited[len(healthy.waited)/2]; median > usual || slowest > max(longestWait, usual) {
		t.Errorf("a healthy webhook waited %v, with a usual wait of at most %v", healthy.waited, usual)
	}
	f := figure{chaos: expected.chaos, growth: s.peak() - before, slowest: slowest, reasons: fmt.Sprint(reasons)}
	_, f.goroutines = s.goroutines()
	f.goroutines -= goroutines
	if f.goroutines > deliveries*goroutinesEach {
		t.Errorf("%d goroutines more", f.goroutines)
	}
	if f.growth > maxGrowth+2*int64(deliveries*expected.bytes) { // the heap may be twice what is in use
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
	eventually(t, "the goroutines have ended", func() bool {
		now, _ := s.goroutines()
		return now <= goroutines+leftOver
	})
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
	server *httptest.Server
	came   chan struct{}
	// waited is for how long each of its events was waited for.
	waited []time.Duration
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

// await publishes an event for the healthy webhook, and notes how long it takes to
// arrive.
func (h *healthy) await(t *testing.T, s *server) {
	t.Helper()
	started := time.Now()
	s.call("POST", "/v1/events", `{"type": "healthy", "data": {}}`, http.StatusAccepted)
	select {
	case <-h.came:
	case <-time.After(patience):
		t.Fatal("a healthy webhook got nothing")
	}
	h.waited = append(h.waited, time.Since(started))
}

func (s *server) subscribe(url, eventType, more string) {
	s.t.Helper()
	s.call("POST", "/v1/webhooks", `{"url": "`+url+`", "events": ["`+eventType+`"], "format": "standard"`+more+`}`, http.StatusCreated)
}

// publishHostile publishes the events for the receiver that misbehaves.
func (s *server) publishHostile(length int) {
	s.t.Helper()
	for range events {
		s.call("POST", "/v1/events", `{"type": "hostile", "data": {"text": "`+strings.Repeat("x", length)+`"}}`, http.StatusAccepted)
	}
}

// settled waits until every delivery has been tried, or, where the webhook is
// held back, none is under way; it returns how often each reason was recorded.
func (s *server) settled(expected expectation) map[string]int {
	s.t.Helper()
	var list []delivery
	eventually(s.t, "every delivery has been tried", func() bool {
		list = slices.DeleteFunc(data[[]delivery](s.t, s.call("GET", "/v1/deliveries?limit=100", "", http.StatusOK)),
			func(d delivery) bool { return d.EventType != "hostile" })
		return isSettled(list, expected.holds)
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
	index := slices.IndexFunc(list, func(d delivery) bool { return d.Attempts > 0 })
	s.wantBody(list[index].ID, expected.truncated)
	s.wantHold(list[index].WebhookID, expected)
	return reasons
}

// wantBody wants that of a response's body no more than the limit is kept, and
// that it is told whether that is all.
func (s *server) wantBody(id string, truncated bool) {
	s.t.Helper()
	text := s.call("GET", "/v1/deliveries/"+id, "", http.StatusOK)
	if truncated != strings.Contains(text, `"responseBodyTruncated":true`) && !strings.Contains(text, `"protocol_error"`) {
		s.t.Errorf("truncated should be %v: %.2000s", truncated, text)
	}
	if limit := 16<<10*4/3 + 4<<10; len(text) > limit {
		s.t.Errorf("a delivery takes %d bytes", len(text))
	}
}

// wantHold wants that the webhook is held back for as long as it was asked, or
// disabled, or neither.
func (s *server) wantHold(id string, expected expectation) {
	s.t.Helper()
	hook := data[struct {
		Status    string
		HoldUntil *time.Time
	}](s.t, s.call("GET", "/v1/webhooks/"+id, "", http.StatusOK))
	held := time.Duration(0)
	if hook.HoldUntil != nil {
		held = time.Until(*hook.HoldUntil)
	}
	if held > expected.hold || held < expected.hold/2 {
		s.t.Errorf("held for %v, want %v", held, expected.hold)
	}
	if isDisabled := hook.Status == "disabled"; isDisabled != (expected.holds && expected.hold == 0) {
		s.t.Errorf("the webhook is %s", hook.Status)
	}
}

type delivery struct {
	ID, EventType, WebhookID, Status string
	Attempts                         int
	LastReason                       *string
}

// isSettled reports whether every delivery has been tried, or, where webhooks
// are held back, one of each webhook; those that are disabled get no second one.
func isSettled(list []delivery, holds bool) bool {
	tried, hooks := 0, map[string]bool{}
	for _, d := range list {
		if d.Status == "leased" {
			return false
		}
		if d.Attempts > 0 {
			tried++
			hooks[d.WebhookID] = true
		}
	}
	return tried == deliveries || holds && len(hooks) == webhooks
}
