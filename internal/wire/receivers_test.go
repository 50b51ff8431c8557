package wire_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// arrival is a request as the receivers in testdata read it.
type arrival struct {
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Secret  string            `json:"secret"`
	Now     int64             `json:"now"`
}

func arrived(request posthorn.Request, secret string, now time.Time) arrival {
	headers := map[string]string{}
	for _, header := range request.Headers {
		headers[strings.ToLower(header.Name)] = header.Value
	}
	return arrival{Headers: headers, Body: request.Body, Secret: secret, Now: now.Unix()}
}

// Receivers written against the dialects' own documentation, in the languages
// that it shows, accept what is rendered, and nothing that was changed.
func TestReceiversOfTheDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, interpreter, script string }{
		{plain, "python3", "signature.py"},
		{plain, "node", "signature.js"},
		{ascend, "node", "ascend.js"},
		{ascendkit, "python3", "ascendkit.py"},
		{sendkit, "node", "sendkit.js"},
	} {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(c.interpreter)
			if err != nil {
				t.Skip(c.interpreter + " is not installed")
			}
			in := input()
			in.Event.Data = []byte(`{"userId": "usr_abc123",  "name":"Zoë \u0000", "n":[1.0, 123456789012345678901234567890]}`)
			request := render(t, builtIn(t, c.format), in)
			good := arrived(request, newSecret, in.Now)
			otherSecret := arrived(request, oldSecret, in.Now)
			otherBody := good
			otherBody.Body = bytes.Replace(request.Body, []byte("  "), []byte(" "), 1) // decoded and encoded again
			in.Webhook.Secrets = []posthorn.SigningSecret{{Value: newSecret}, {Value: oldSecret, ExpiresAt: in.Now.Add(1)}}
			rotating := arrived(render(t, builtIn(t, c.format), in), newSecret, in.Now)
			got := verdicts(t, path, c.script, []arrival{good, otherSecret, otherBody, rotating})
			if !slices.Equal(got, []bool{true, false, false, true}) {
				t.Errorf("good, another secret, another body, during a rotation: %v", got)
			}
		})
	}
}

func verdicts(t *testing.T, interpreter, script string, arrivals []arrival) []bool {
	t.Helper()
	text, err := json.Marshal(arrivals)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), interpreter, filepath.Join("testdata", "receivers", script))
	command.Stdin = bytes.NewReader(text)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	var accepted []bool
	if err := json.Unmarshal(out, &accepted); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return accepted
}

// The Go handler that the dialect's documentation prints, with its verify in Go.
func TestGoReceiverOfSignature(t *testing.T) {
	t.Parallel()
	secret := newSecret
	type Event struct {
		ID, Type string
		Data     json.RawMessage
	}
	var handled Event
	handle := func(event Event) { handled = event }
	verify := func(body []byte, signature, secret string) bool {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature))
	}
	webhookHandler := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !verify(body, r.Header.Get("X-Signature"), secret) {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		var event Event
		_ = json.Unmarshal(body, &event)
		handle(event)
		w.WriteHeader(http.StatusOK)
	}

	in := input()
	rendered := render(t, builtIn(t, plain), in)
	for _, c := range []struct {
		secret string
		status int
	}{{oldSecret, http.StatusUnauthorized}, {newSecret, http.StatusOK}} {
		secret = c.secret
		arriving := httptest.NewRequestWithContext(t.Context(), http.MethodPost, rendered.URL, bytes.NewReader(rendered.Body))
		for _, header := range rendered.Headers {
			arriving.Header.Set(header.Name, header.Value)
		}
		answer := httptest.NewRecorder()
		webhookHandler(answer, arriving)
		if answer.Code != c.status {
			t.Errorf("answered %d, want %d", answer.Code, c.status)
		}
	}
	if handled.ID != in.Event.PublicID() || handled.Type != in.Event.Type || string(handled.Data) != string(in.Event.Data) {
		t.Errorf("handled %+v", handled)
	}
}
