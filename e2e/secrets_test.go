package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// canaries are secrets of every kind that a server is given, by what they are.
func canaries() map[string]string {
	return map[string]string{
		"platform key":      key,
		"secret":            "canary-secret-0123456789abcdef0123456789",
		"rotated secret":    "canary-rotated-0123456789abcdef012345678",
		"header":            "Bearer canary-header-0123456789abcdef01234",
		"token header":      "canary-token-0123456789abcdef0123456789ab",
		"captured secret":   "canary-captured-0123456789abcdef01234567",
		"proxy credentials": "canary-user:canary-password",
		"proxy password":    "canary-password",
	}
}

// shown is everything that was shown to somebody who didn't ask for a secret, by
// where.
type shown struct {
	t    *testing.T
	s    *server
	text map[string]string
}

// ask makes a request, and keeps its answer whatever it is.
func (w *shown) ask(method, path, body string) string {
	w.t.Helper()
	_, text := w.s.call(method, path, body)
	w.text[method+" "+path] += text
	return text
}

// run runs a command of the program and keeps what it says, whether it fails or not.
func (w *shown) run(args ...string) {
	w.t.Helper()
	program := command(w.t, "posthorn", []string{"POSTHORN_SERVER=http://" + w.s.address, "POSTHORN_API_KEY=" + key}, args...)
	output, _ := program.CombinedOutput() // a failure is shown, too
	w.text["posthorn "+strings.Join(args, " ")] += string(output)
}

// wantNone wants no canary in anything that was shown.
func (w *shown) wantNone() {
	w.t.Helper()
	for place, text := range w.text {
		for what, canary := range canaries() {
			if strings.Contains(text, canary) {
				w.t.Errorf("%s shows the %s:\n%.3000s", place, what, text)
			}
		}
	}
}

// firstID is the id of the first thing in an answer.
func firstID(t *testing.T, text string) string {
	t.Helper()
	var answer struct{ Data json.RawMessage }
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if bytes.HasPrefix(answer.Data, []byte("{")) {
		answer.Data = append(append([]byte("["), answer.Data...), ']')
	}
	if err := json.Unmarshal(answer.Data, &list); err != nil || len(list) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	return list[0].ID
}

// Guards invariant 10: secrets of every kind, known to the test, are in no byte of what
// the server logs at its most talkative, of what it answers to those who didn't ask
// for a secret, of what commands say, and of what it says when it is made to crash.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	var isFailing atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if isFailing.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer receiver.Close()
	c := canaries()
	proxy := command(t, "posthorn", []string{"POSTHORN_EGRESS_PROXY_CREDENTIALS=" + c["proxy credentials"]}, "serve", "--listen", "127.0.0.1:0",
		"--data", t.TempDir(), "--environment", "development", "--egress-proxy", "http://127.0.0.1:1", "--log-level", "debug")
	behindProxy, isListening := start(t, proxy)
	if !isListening {
		t.Fatal(behindProxy.said())
	}
	for _, s := range []*server{serve(t, t.TempDir(), "--log-level", "debug", "--log-format", "json"), behindProxy} {
		w := &shown{t, s, map[string]string{}}
		isFailing.Store(false)
		hook := w.provoke(receiver.URL, c)
		isFailing.Store(true)
		w.ask("POST", "/v1/events", `{"type": "order.paid", "data": {}}`)
		eventually(t, "attempts are recorded", func() bool { return s.webhook(hook).Stats.Attempts >= 3 })
		w.look(hook)
		if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		_ = s.wait() // it ends with what all goroutines were doing
		if !strings.Contains(s.said(), "goroutine ") {
			t.Errorf("the crash said nothing: %s", s.said())
		}
		w.text["the log"] = s.said()
		w.wantNone()
	}
}

// provoke uses each secret, rightly and wrongly, and returns the webhook's id. What
// answers may show a secret isn't kept.
func (w *shown) provoke(url string, c map[string]string) string {
	w.t.Helper()
	_, text := w.s.call("POST", "/v1/webhooks", fmt.Sprintf(`{"url": %q, "events": ["*"], "format": "standard", "secret": %q, "retrySchedule": [1],
		"headers": {"Authorization": %q, "X-Token": %q}}`, url, c["secret"], c["header"], c["token header"]))
	hook := firstID(w.t, text)
	w.ask("POST", "/v1/events", `{"type": "order.paid", "data": {}}`)
	w.ask("POST", "/v1/webhooks/"+hook+"/test", `{}`)
	w.s.call("POST", "/v1/webhooks/"+hook+"/rotate-secret", fmt.Sprintf(`{"secret": %q}`, c["rotated secret"]))
	w.ask("POST", "/v1/events", `{"type": "order.paid", "data": {}}`)
	w.ask("PATCH", "/v1/webhooks/"+hook, fmt.Sprintf(`{"headers": {"Authorization": %q, "X-Token": %q}}`, c["header"], c["token header"]))
	w.ask("PATCH", "/v1/webhooks/"+hook, fmt.Sprintf(`{"secret": %q}`, c["secret"]))
	w.ask("POST", "/v1/webhooks", fmt.Sprintf(`{"url": "http://%s@example.com", "events": ["*"]}`, c["proxy credentials"]))
	w.ask("POST", "/v1/webhooks", fmt.Sprintf(`{"url": %q, "events": ["*"], "secret": %q, "secrets": 1}`, url, c["secret"]))
	w.ask("POST", "/v1/webhooks", fmt.Sprintf(`{"url": %q, "events": ["*"], "headers": {"Authorization": "%s\n"}}`, url, c["header"]))
	w.ask("POST", "/v1/webhooks/"+hook+"/rotate-secret", fmt.Sprintf(`{"secret": %q}`, c["secret"])) // it is the current one
	capture := fmt.Sprintf(`{"request": "webhook-id: a\nwebhook-timestamp: 1\nwebhook-signature: v1,AA==\n\n{}", "secret": %q}`, c["captured secret"])
	w.ask("POST", "/v1/verify", capture)
	w.ask("POST", "/v1/formats/infer", capture)
	w.ask("GET", "/v1/webhooks?apiKey="+key, "")
	return hook
}

// look asks for everything that can be listed or shown.
func (w *shown) look(hook string) {
	w.t.Helper()
	for _, path := range []string{
		"/v1/webhooks", "/v1/webhooks/" + hook, "/v1/keys", "/v1/events", "/v1/workspaces", "/v1/projects", "/v1/environments", "/v1/event-types", "/v1/formats",
		"/v1/signing-keys", "/v1/conservation", "/v1/meta/egress", "/v1/meta/limits", "/openapi.json", "/docs", "/readyz", "/no/such/route",
	} {
		w.ask("GET", path, "")
	}
	delivery := firstID(w.t, w.ask("GET", "/v1/deliveries", ""))
	w.ask("GET", "/v1/deliveries/"+delivery, "")
	w.ask("POST", "/v1/deliveries/"+delivery+"/retry", "")
	for _, args := range [][]string{
		{"webhook", "list"},
		{"webhook", "list", "-o", "json"},
		{"webhook", "get", hook},
		{"webhook", "test", hook},
		{"key", "list"},
		{"delivery", "get", delivery},
		{"egress"},
		{"limits"},
		{"context", "show"},
		{"webhook", "get", "whc_absent"},
		{"key", "revoke", "key_absent"},
		{"webhook", "list", "--server", "http://127.0.0.1:1"},
	} {
		w.run(args...)
	}
}
