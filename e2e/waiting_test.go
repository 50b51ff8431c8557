package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// Invariant: what a delivery waits for is told, and a person can end the wait.
func TestWaitingIsToldAndEnded(t *testing.T) {
	t.Parallel()
	var isBusy atomic.Bool
	isBusy.Store(true)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if isBusy.Load() {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	hook := s.createWebhook(receiver.URL, "standard", "")
	s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	eventually(t, "the receiver asks to wait", func() bool { return s.webhook(hook.ID).Stats.Attempts == 1 })
	s.call("POST", "/v1/events", `{"type": "a", "data": {}}`)
	_, text := s.call("GET", "/v1/deliveries", "")
	if strings.Count(text, "the receiver asked to wait until") != 1 || strings.Count(text, `"nextAttemptAt":"`) != 2 {
		t.Errorf("held: %s", text)
	}
	if _, text = s.call("GET", "/v1/webhooks/"+hook.ID, ""); !strings.Contains(text, `"holdUntil":"`) {
		t.Errorf("held: %s", text)
	}

	isBusy.Store(false)
	s.call("POST", "/v1/webhooks/"+hook.ID+"/pause", "")
	if _, text = s.call("GET", "/v1/deliveries", ""); strings.Count(text, "the webhook is paused") != 2 {
		t.Errorf("paused: %s", text)
	}
	s.call("POST", "/v1/webhooks/"+hook.ID+"/resume", "")
	eventually(t, "the held delivery arrives after resuming", func() bool { return s.webhook(hook.ID).Stats.Succeeded == 1 })
	if _, text = s.call("GET", "/v1/webhooks/"+hook.ID, ""); strings.Contains(text, "holdUntil") {
		t.Errorf("resumed: %s", text)
	}
}
