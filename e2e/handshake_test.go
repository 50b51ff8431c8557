package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Invariant: nothing is sent to a receiver before it has consented, and what
// waited is sent once it has.
func TestHandshake(t *testing.T) {
	t.Parallel()
	var consents atomic.Bool
	methods := make(chan string, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods <- r.Method
		if r.Method == http.MethodOptions && consents.Load() {
			w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
			w.Header().Set("WebHook-Allowed-Rate", "6000")
		}
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir(), "--handshake-origin", "webhooks.example.com")
	hook := s.createWebhook(receiver.URL, "cloudevents", `, "handshake": true`)
	code, text := s.call("POST", "/v1/events", `{"type": "a", "data": 1}`)
	data[map[string]any](t, code, text, http.StatusAccepted)
	if code, text := s.call("POST", "/v1/webhooks/"+hook.ID+"/resume", ""); code != http.StatusConflict {
		t.Errorf("resumed without consent: %d %s", code, text)
	}
	consents.Store(true)
	type asked struct {
		Status  string
		Consent struct{ AllowedPerMinute int }
	}
	code, text = s.call("POST", "/v1/webhooks/"+hook.ID+"/handshake", "")
	if got := data[asked](t, code, text, http.StatusOK); got.Status != "active" || got.Consent.AllowedPerMinute != 6000 {
		t.Errorf("with consent: %s", text)
	}
	for i, want := range []string{http.MethodOptions, http.MethodOptions, http.MethodPost} {
		select {
		case got := <-methods:
			if got != want {
				t.Fatalf("request %d was %s", i, got)
			}
		case <-time.After(patience):
			t.Fatalf("request %d doesn't arrive", i)
		}
	}
}
