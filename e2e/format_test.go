package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

const ownFormat = `name: ours
body:
  - kind: "{event.type}"
  - payload: {raw: event.data}
headers:
  - X-Ours: "t={timestamp},s={signature}"
signature:
  algorithm: hmac-sha256
  content: "one:{timestamp}:{body}"
  encoding: hex
success: [200]
`

const ownSecret = "a-secret-of-ours-0123456789"

// ownRequest is what came to a receiver of ownFormat.
type ownRequest struct {
	body, header string
}

// isSigned verifies as the receivers of ownFormat do, in its first or second
// version.
func (a ownRequest) isSigned(version string) bool {
	entries := strings.Split(a.header, ",")
	if len(entries) != 2 {
		return false
	}
	at, given := strings.TrimPrefix(entries[0], "t="), strings.TrimPrefix(entries[1], "s=")
	mac := hmac.New(sha256.New, []byte(ownSecret))
	mac.Write([]byte(version + ":" + at + ":" + a.body))
	seconds, err := strconv.ParseInt(at, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute && given == hex.EncodeToString(mac.Sum(nil))
}

// Invariant: a declared format is tried, used and replaced with the command line;
// its receivers get the exact bytes and signature, and a delivery that waits for a
// retry keeps the version that it was first sent with.
func TestDeclaredFormat(t *testing.T) {
	t.Parallel()
	requests := make(chan ownRequest, 16)
	var status atomic.Int64
	status.Store(200)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(int(status.Load()))
		requests <- ownRequest{string(body), r.Header.Get("X-Ours")}
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir())
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	posthorn := func(args ...string) string {
		t.Helper()
		output, err := command(t, "posthorn", []string{"POSTHORN_SERVER=http://" + s.address, "POSTHORN_API_KEY=" + key}, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, output)
		}
		return string(output)
	}
	next := func() ownRequest {
		t.Helper()
		select {
		case request := <-requests:
			return request
		case <-time.After(patience):
			t.Fatal("nothing arrived")
			return ownRequest{}
		}
	}
	file, secret := write("ours.yaml", ownFormat), write("secret.txt", ownSecret)
	event := write("event.json", `{"type":"order.paid","data":{"total" : 1e400}}`)
	const body = `{"kind":"order.paid","payload":{"total" : 1e400}}`

	if shown := posthorn("format", "preview", "-f", file, "--event", event, "--secret-file", secret, "--url", receiver.URL+"/in"); !strings.Contains(shown, "POST /in HTTP/1.1\n") ||
		!strings.Contains(shown, "\n\n"+body+"\n") || !strings.Contains(shown, "curl -X POST '"+receiver.URL+"/in'") || !strings.Contains(shown, "--data-raw '"+body+"'") {
		t.Errorf("the preview is\n%s", shown)
	}
	posthorn("format", "create", "-f", file)
	posthorn("format", "test", "ours", "--event", event, "--secret-file", secret, "--url", receiver.URL)
	if got := next(); got.body != body || !got.isSigned("one") {
		t.Errorf("the test sent %+v", got)
	} else {
		var scheme signature.Scheme
		printed := posthorn("format", "scheme", "ours", "-o", "json")
		if err := json.Unmarshal([]byte(printed), &scheme); err != nil {
			t.Fatalf("the scheme is %s: %v", printed, err)
		}
		if _, err := scheme.Verify([]string{ownSecret}, http.Header{"X-Ours": {got.header}}, []byte(got.body), time.Now()); err != nil {
			t.Errorf("a receiver that uses the printed scheme %s: %v", printed, err)
		}
	}

	hook := s.createWebhook(receiver.URL, "ours", `, "secret": "`+ownSecret+`", "retrySchedule": [5]`)
	status.Store(204) // no success in this format
	publish := func() {
		t.Helper()
		if code, text := s.call("POST", "/v1/events", `{"type":"order.paid","data":{"total" : 1e400}}`); code != http.StatusAccepted {
			t.Fatalf("publishing: %d %s", code, text)
		}
	}
	publish()
	if got := next(); got.body != body || !got.isSigned("one") {
		t.Errorf("the first attempt is %+v", got)
	}
	posthorn("format", "create", "-f", write("second.yaml", strings.Replace(ownFormat, "one:", "two:", 1)))
	status.Store(200)
	publish()
	if got := next(); got.body != body || !got.isSigned("two") {
		t.Errorf("an event after the change is %+v", got)
	}
	if got := next(); got.body != body || !got.isSigned("one") {
		t.Errorf("the retry after the change is %+v", got)
	}
	run := command(t, "posthorn", []string{"POSTHORN_SERVER=http://" + s.address, "POSTHORN_API_KEY=" + key}, "format", "delete", "ours")
	if output, err := run.CombinedOutput(); err == nil || !strings.Contains(string(output), hook.ID) {
		t.Errorf("deleting a format in use: %v\n%s", err, output)
	}
}
