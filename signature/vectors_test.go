package signature_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

// vector is a signed request that was computed by somebody else's code.
type vector struct {
	Name    string            `json:"name"`
	Format  string            `json:"format"`
	Secret  string            `json:"secret"`
	ID      string            `json:"id"`
	At      int64             `json:"at"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < len(signature.Formats()) {
		t.Fatalf("%d vectors for %d formats", len(all), len(signature.Formats()))
	}
	return all
}

// received is how the headers arrive.
func received(headers map[string]string) map[string][]string {
	values := make(map[string][]string, len(headers))
	for name, value := range headers {
		values[name] = []string{value}
	}
	return values
}

// Both directions must agree with code that isn't ours, byte for byte.
func TestVectors(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range vectors(t) {
		seen[v.Format] = true
		scheme, found := signature.Lookup(v.Format)
		if !found {
			t.Fatalf("%s: no format %q", v.Name, v.Format)
		}
		headers, err := scheme.Sign([]string{v.Secret}, v.ID, []byte(v.Body), time.Unix(v.At, 0))
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if !maps.Equal(headers, v.Headers) {
			t.Errorf("%s: signed %v, want %v", v.Name, headers, v.Headers)
		}
		verified, err := signature.Verify(v.Format, []string{v.Secret}, received(v.Headers), []byte(v.Body), time.Unix(v.At, 0))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if verified.ID != v.ID {
			t.Errorf("%s: the id is %q, want %q", v.Name, verified.ID, v.ID)
		}
	}
	for _, format := range signature.Formats() {
		if !seen[format] {
			t.Errorf("there is no vector for %s", format)
		}
	}
}

// A scheme of one's own reaches dialects that aren't built in: the documented
// examples of GitHub and Slack.
func TestSchemeOfOnesOwn(t *testing.T) {
	t.Parallel()
	github := signature.Scheme{
		Algorithm: signature.HMACSHA256, Encoding: signature.Hex, Key: signature.Text,
		Content: "{body}", Header: "X-Hub-Signature-256", Prefix: "sha256=",
	}
	headers := map[string][]string{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}
	if _, err := github.Verify([]string{"It's a Secret to Everybody"}, headers, []byte("Hello, World!"), time.Now()); err != nil {
		t.Error(err)
	}

	slack := signature.Scheme{
		Algorithm: signature.HMACSHA256, Encoding: signature.Hex, Key: signature.Text,
		Content: "v0:{timestamp}:{body}", Header: "X-Slack-Signature", Prefix: "v0=",
		TimestampHeader: "X-Slack-Request-Timestamp", Tolerance: signature.DefaultTolerance,
	}
	headers = map[string][]string{
		"X-Slack-Request-Timestamp": {"1531420618"},
		"X-Slack-Signature":         {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
	}
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands" +
		"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	if _, err := slack.Verify([]string{"8f742231b10e8888abcd99yyyzzz85a5"}, headers, []byte(body), time.Unix(1531420618, 0)); err != nil {
		t.Error(err)
	}
}
