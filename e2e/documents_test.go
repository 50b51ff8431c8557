package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/signature"
)

// Invariant: document A's command lines run unchanged under the name ascendkit.
func TestDocumentA(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	link := linked(t, "ascendkit")
	var id string
	for _, line := range []string{
		"ascendkit webhook create --url https://yourapp.com/webhooks/ascendkit --events user.created,user.login",
		"ascendkit webhook list",
		"ascendkit webhook get whc_abc123",
		"ascendkit webhook update whc_abc123 --url https://yourapp.com/webhooks/v2 --events user.created,user.login",
		"ascendkit webhook delete whc_abc123",
	} {
		words := strings.Fields(strings.ReplaceAll(line, "whc_abc123", id))
		run := command(t, "ascendkit", []string{"POSTHORN_SERVER=http://" + s.address, "POSTHORN_API_KEY=" + key}, words[1:]...)
		run.Path = link
		output, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, output)
		}
		if id == "" {
			id = regexp.MustCompile(`whc_[0-9a-z]{26}`).FindString(string(output))
		}
		if id == "" {
			t.Fatalf("%s shows no id:\n%s", line, output)
		}
	}
}

// Invariant: document A's test command sends a test event, signed as promised.
func TestDocumentATest(t *testing.T) {
	t.Parallel()
	event := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		event <- r.Header.Get("X-AscendKit-Event")
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	hook := s.createWebhook(receiver.URL, "ascendkit", "")
	run := command(t, "ascendkit", []string{"POSTHORN_SERVER=http://" + s.address, "POSTHORN_API_KEY=" + key}, "webhook", "test", hook.ID)
	run.Path = linked(t, "ascendkit")
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if got := <-event; got != "test" {
		t.Errorf("X-AscendKit-Event: %q", got)
	}
}

// cVerifyPython is document C's verify function as printed, in a receiver that
// answers 401 unless it accepts.
const cVerifyPython = `
import hmac, hashlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
def verify(body: bytes, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
SECRET = sys.argv[1]
class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        ok = verify(body, self.headers['X-Signature'], SECRET)
        self.send_response(200 if ok else 401)
        self.send_header('Content-Length', '0')
        self.end_headers()
    def log_message(self, *args): pass
server = HTTPServer(('127.0.0.1', 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
`

const cVerifyNode = `
const crypto = require('crypto'), http = require('http');
const SECRET = process.argv[1];
function verify(body, signature, secret) {
  const expected = crypto.createHmac('sha256', secret).update(body).digest('hex');
  return crypto.timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
}
const server = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', c => chunks.push(c)).on('end', () => {
    res.statusCode = verify(Buffer.concat(chunks), req.headers['x-signature'], SECRET) ? 200 : 401;
    res.end();
  });
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
`

// Invariant: document C's verify functions accept real deliveries, and refuse
// those signed with another secret.
func TestDocumentC(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-that-both-sides-know"
	for name, receiver := range map[string]func(t *testing.T, secret string) string{
		"python": func(t *testing.T, secret string) string { return script(t, "python3", "-c", cVerifyPython, secret) },
		"node":   func(t *testing.T, secret string) string { return script(t, "node", "-e", cVerifyNode, secret) },
		"go":     goReceiver,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, bad := receiver(t, secret), receiver(t, "another-secret-altogether")
			s := serve(t, t.TempDir())
			accepting := s.createWebhook(good, "signature", `, "secret": "`+secret+`"`)
			refusing := s.createWebhook(bad, "signature", `, "secret": "`+secret+`", "retryAttempts": 0`)
			s.call("POST", "/v1/events", `{"type": "invoice.paid", "data": {"amount":  1e400, "text": "gr\u00fc\u00df dich"}}`)
			eventually(t, "both receivers have answered", func() bool {
				return s.webhook(accepting.ID).Stats.Attempts == 1 && s.webhook(refusing.ID).Stats.Attempts == 1
			})
			if s.webhook(accepting.ID).Stats.Succeeded != 1 || s.webhook(refusing.ID).Stats.Succeeded != 0 {
				t.Errorf("accepting %+v, refusing %+v", s.webhook(accepting.ID).Stats, s.webhook(refusing.ID).Stats)
			}
		})
	}
}

// goReceiver is document C's Go handler, with its verify function as its Python one
// defines it.
func goReceiver(t *testing.T, secret string) string {
	t.Helper()
	verify := func(body []byte, signature, secret string) bool {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature))
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !verify(body, r.Header.Get("X-Signature"), secret) {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(receiver.Close)
	return receiver.URL + "/webhook"
}

// script runs a receiver that prints its port first.
func script(t *testing.T, interpreter string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(interpreter)
	if err != nil {
		t.Skipf("skipped: %s is not installed", interpreter)
	}
	process := exec.Command(path, args...)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // it runs until then
		_ = process.Wait()
	})
	var port int
	if _, err := fmt.Fscanln(output, &port); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d/webhook", port)
}

// Invariant: document D's curl sample succeeds with only host and key changed,
// against a production environment, and answers with exactly its keys.
func TestDocumentD(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("skipped: curl is not installed")
	}
	s := serveKind(t, t.TempDir(), "production")
	output, err := exec.Command(curl, "-s", "-X", "POST", "http://"+s.address+"/v1/webhooks",
		"-H", "Content-Type: application/json",
		"-H", "X-Api-Key: "+key,
		"-d", `{
"name": "CRM Sync",
"url": "https://crm.example.com/webhooks/sendkit",
"events": [
"email.replied",
"email.positive_reply"
]
}`).Output()
	if err != nil {
		t.Fatal(err)
	}
	created := data[map[string]any](t, http.StatusCreated, string(output), http.StatusCreated)
	for name, want := range map[string]any{
		"name": "CRM Sync", "url": "https://crm.example.com/webhooks/sendkit", "retryAttempts": 3.0, "timeoutMs": 10000.0, "status": "active",
	} {
		if created[name] != want {
			t.Errorf("%s is %v, want %v", name, created[name], want)
		}
	}
	for name, pattern := range map[string]string{
		"_id": `^whc_[0-9a-z]{26}$`, "workspaceId": `^ws_`, "secret": `^[0-9a-f]{64}$`, "createdBy": `.`,
		"createdAt": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, "updatedAt": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`,
	} {
		if text, _ := created[name].(string); !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s is %q, want %s", name, text, pattern)
		}
	}
}

// Invariant: data leaves as the bytes that came in.
func TestDataKeepsItsBytes(t *testing.T) {
	t.Parallel()
	const odd = `{"b":1,  "a": 123456789012345678901234567890,"n":1e400 , "z":"\u0000\ud800" ,"b":2, "é":[ ]}`
	bodies := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		bodies <- string(text)
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	s.createWebhook(receiver.URL, "ascend", "")
	if code, text := s.call("POST", "/v1/events", `{"type":"a","data":`+odd+`}`); code != http.StatusAccepted {
		t.Fatal(text)
	}
	if body := <-bodies; !strings.HasSuffix(body, `"data":`+odd+`}`) {
		t.Errorf("sent %s", body)
	}
}

// Invariant: the demonstration loses nothing, also on a file of one's own, and
// says so in its exit code.
func TestDemo(t *testing.T) {
	t.Parallel()
	events := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(events, []byte(`{"type":"order.paid","data":{"total":  10.50}}`+"\n"+`{"type":"order.shipped","id":"o-1","data":[1,2 ,3]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := command(t, "posthorn", nil, "demo", "--events", events, "-o", "json").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	var summary struct {
		Events, Deliveries, Verified, Intact, Lost int
		Webhooks                                   []struct{ Format string }
	}
	if err := json.Unmarshal(output, &summary); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	// One webhook for each built-in format, and one that refuses at first.
	all := 2 * (len(signature.Formats()) + 1)
	if summary.Events != 2 || summary.Deliveries != all || summary.Verified != all || summary.Intact != all || summary.Lost != 0 || 2*len(summary.Webhooks) != all {
		t.Errorf("not %d of everything: %s", all, output)
	}
}
