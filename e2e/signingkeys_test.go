package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// arrived is a request as a receiver got it.
type arrived struct {
	url    string
	header http.Header
	body   []byte
}

// keySet fetches the published keys, as anybody could.
func (s *server) keySet() []string {
	s.t.Helper()
	code, text := s.callAs("", "GET", "/.well-known/jwks.json", "")
	keys, err := signature.ParseJWKS([]byte(text))
	if code != http.StatusOK || err != nil {
		s.t.Fatalf("%d %s: %v", code, text, err)
	}
	return keys
}

// Invariant: a receiver that has nothing but the published key set verifies what
// webhooks that use signing keys are sent, before, during and after a rotation; a
// revoked key is gone from both; and who doesn't ask for it sees nothing of it.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	requests := make(chan arrived, 16)
	var address string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- arrived{address + r.URL.Path, r.Header, body}
	}))
	defer receiver.Close()
	address = receiver.URL
	s := serve(t, t.TempDir())
	s.createWebhook(address+"/plain", "standard", "")
	if keys := s.keySet(); len(keys) != 0 {
		t.Fatalf("published without need: %v", keys)
	}
	s.createWebhook(address+"/standard", "standard", `, "useSigningKeys": true`)
	s.createWebhook(address+"/httpsig", "httpsig", `, "useSigningKeys": true`)

	// publish sends an event and returns what arrives, by the format.
	publish := func() map[string]arrived {
		t.Helper()
		code, text := s.call("POST", "/v1/events", `{"type": "user.created", "data": {"a":  1}}`)
		data[map[string]any](t, code, text, http.StatusAccepted)
		got := map[string]arrived{}
		for range 3 {
			select {
			case r := <-requests:
				got[strings.TrimPrefix(r.url, address+"/")] = r
			case <-time.After(patience):
				t.Fatal("nothing arrives")
			}
		}
		if text := got["plain"].header.Get("webhook-signature"); !strings.HasPrefix(text, "v1,") || strings.Contains(text, "v1a,") {
			t.Errorf("who didn't ask for it got %q", text)
		}
		return got
	}
	check := func(what string, got map[string]arrived, keys []string, accepted bool) {
		t.Helper()
		for _, format := range []string{"standard", "httpsig"} {
			r := got[format]
			_, err := signature.Verify(format, keys, r.header, r.body, time.Now(), signature.WithURL(r.url))
			if (err == nil) != accepted {
				t.Errorf("%s, %s: %v\n%v", what, format, err, r.header)
			}
		}
	}

	before := s.keySet()
	if len(before) != 1 {
		t.Fatalf("published are %v", before)
	}
	check("before", publish(), before, true)

	code, text := s.call("POST", "/v1/signing-keys/rotate", "")
	fresh := data[struct{ ID string }](t, code, text, http.StatusOK).ID
	during := s.keySet()
	isOld := func(key string) bool { return !strings.Contains(key, fresh) }
	if len(during) != 2 || isOld(during[0]) {
		t.Fatalf("published during the rotation are %v", during)
	}
	got := publish()
	check("during, with both", got, during, true)
	check("during, with the former set", got, before, true)
	check("during, with the new key", got, slices.DeleteFunc(slices.Clone(during), isOld), true)

	var old struct{ Kid string }
	if err := json.Unmarshal([]byte(before[0]), &old); err != nil {
		t.Fatal(err)
	}
	if code, text := s.call("DELETE", "/v1/signing-keys/"+old.Kid, ""); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	after := s.keySet()
	if len(after) != 1 || isOld(after[0]) {
		t.Fatalf("published after the revocation are %v", after)
	}
	got = publish()
	check("after", got, after, true)
	check("after, with the former set", got, before, false)
}
