package posthorn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: a webhook's URL is absolute http(s), names one host that nobody can
// read as something else, and hides nothing.
func TestValidateURL(t *testing.T) {
	t.Parallel()
	both := []string{
		"https://example.com", "https://example.com/a?b=c", "https://example.com:8443/x", "https://xn--bcher-kva.example/", "https://203.0.113.7/hook",
		"https://[2001:db8::1]:443/", "https://example.com./", "https://a-b.c_d.example", "https://3com.example", "https://1.2.3.example",
	}
	developmentOnly := []string{"http://localhost:3000/x", "http://127.0.0.1:3000", "http://example.com"}
	never := []string{
		"", "example.com", "/path", "//example.com/x", "https:example.com", "https://", "https:///x", "ftp://example.com", "file:///etc/passwd", "gopher://x", "javascript:alert(1)",
		"https://user:pass@example.com", "https://user@example.com", "https://example.com/#part", "https://example.com/#", "https://exa mple.com", "https://example.com\\@evil.com",
		"https://example.com/\r\nX: y", "https://example.com/\x00", "https://2130706433/", "https://0177.0.0.1/", "https://0x7f.1/", "https://127.1/", "https://1.2.3/", "https://0x7f000001/",
		"https://example.0x7f", "https://-a.com", "https://a-.com", "https://a..com", "https://bücher.example", "https://example.com:0/", "https://example.com:65536/", "https://example.com:/",
		"https://example.com:x/", "https://[fe80::1%25lo]/", "https://%31%32%37.0.0.1/", "https://" + strings.Repeat("a", 64) + ".com", "https://example.com/" + strings.Repeat("a", 2048),
	}
	for _, url := range both {
		for _, kind := range []posthorn.EnvironmentKind{posthorn.Production, posthorn.Development} {
			if err := posthorn.ValidateURL("/url", url, kind); err != nil {
				t.Errorf("%s in %s: %v", url, kind, err)
			}
		}
	}
	for _, url := range developmentOnly {
		if err := posthorn.ValidateURL("/url", url, posthorn.Development); err != nil {
			t.Errorf("%s in development: %v", url, err)
		}
		if posthorn.ValidateURL("/url", url, posthorn.Production) == nil {
			t.Errorf("%s was accepted in production", url)
		}
	}
	for _, url := range never {
		err := posthorn.ValidateURL("/url", url, posthorn.Development)
		if err == nil {
			t.Errorf("%.60q was accepted", url)
			continue
		}
		if err.Code != posthorn.CodeInvalid || err.Pointer != "/url" || err.Hint == "" {
			t.Errorf("%.60q: %+v", url, err)
		}
	}
}

// Invariant: a pattern is a name, a family or everything, and matches just that.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"*": true, "user.created": true, "user.*": true, "user.profile.*": true, "user": true, "a-b_c.1": true,
		"": false, "**": false, "user.**": false, "*.created": false, "us*": false, "user.*.x": false, ".user": false, "user.": false, "user..x": false, "user .x": false, ".*": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		if err := posthorn.ValidateEventPattern("/events/0", pattern); (err == nil) != want {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, test := range []struct {
		pattern, eventType string
		want               bool
	}{
		{"*", "a", true},
		{"user.created", "user.created", true},
		{"user.created", "user.Created", false},
		{"user.*", "user.created", true},
		{"user.*", "user.a.b", true},
		{"user.*", "user", false},
		{"user.*", "user.", false},
		{"user.*", "users.a", false},
	} {
		if got := posthorn.MatchesPattern(test.pattern, test.eventType); got != test.want {
			t.Errorf("%s %s: %v", test.pattern, test.eventType, got)
		}
	}
}

func goodWebhook() posthorn.Webhook {
	return posthorn.Webhook{
		Name: "n", URL: "https://example.com", Events: []string{"*"}, Timeout: posthorn.DefaultTimeout, Concurrency: posthorn.DefaultConcurrency,
		Secrets: []posthorn.SigningSecret{{Value: "12345678"}},
	}
}

// Invariant: every limit of a webhook holds at its very edge, and the error
// points at the field.
func TestWebhookLimits(t *testing.T) {
	t.Parallel()
	count := func(n int) *int { return &n }
	for _, test := range []struct {
		pointer string
		change  func(w *posthorn.Webhook)
		isGood  bool
	}{
		{"", func(*posthorn.Webhook) {}, true},
		{"/name", func(w *posthorn.Webhook) { w.Name = " \t" }, false},
		{"/name", func(w *posthorn.Webhook) { w.Name = strings.Repeat("n", 201) }, false},
		{"/name", func(w *posthorn.Webhook) { w.Name = "a\x1b[31m" }, false},
		{"/events", func(w *posthorn.Webhook) { w.Events = nil }, false},
		{"/events", func(w *posthorn.Webhook) { w.Events = make([]string, 201) }, false},
		{"/retryAttempts", func(w *posthorn.Webhook) { w.Retries = count(0) }, true},
		{"/retryAttempts", func(w *posthorn.Webhook) { w.Retries = count(50) }, true},
		{"/retryAttempts", func(w *posthorn.Webhook) { w.Retries = count(51) }, false},
		{"/retryAttempts", func(w *posthorn.Webhook) { w.Retries = count(-1) }, false},
		{"/timeoutMs", func(w *posthorn.Webhook) { w.Timeout = 100 * time.Millisecond }, true},
		{"/timeoutMs", func(w *posthorn.Webhook) { w.Timeout = 99 * time.Millisecond }, false},
		{"/timeoutMs", func(w *posthorn.Webhook) { w.Timeout = time.Minute }, true},
		{"/timeoutMs", func(w *posthorn.Webhook) { w.Timeout = time.Minute + time.Millisecond }, false},
		{"/concurrency", func(w *posthorn.Webhook) { w.Concurrency = 0 }, false},
		{"/concurrency", func(w *posthorn.Webhook) { w.Concurrency = 257 }, false},
		{"/rateLimit", func(w *posthorn.Webhook) { w.RateLimit = new(int) }, false},
		{"/rateLimit", func(w *posthorn.Webhook) { w.RateLimit = new(posthorn.MaxRateLimit + 1) }, false},
		{"", func(w *posthorn.Webhook) { w.RateLimit = new(posthorn.MaxRateLimit) }, true},
		{"/retrySchedule/1", func(w *posthorn.Webhook) { w.RetrySchedule = []time.Duration{0, -1} }, false},
		{"/retrySchedule", func(w *posthorn.Webhook) { w.RetrySchedule = make([]time.Duration, 51) }, false},
		{"/headers/X-A", func(w *posthorn.Webhook) { w.Headers = []posthorn.Header{{Name: "X-A", Value: "a\r\nb"}} }, false},
		{"/headers/Host", func(w *posthorn.Webhook) { w.Headers = []posthorn.Header{{Name: "Host", Value: "a"}} }, false},
		{"/headers/webhook-id", func(w *posthorn.Webhook) { w.Headers = []posthorn.Header{{Name: "webhook-id", Value: "a"}} }, false},
		{"/headers/Authorization", func(w *posthorn.Webhook) {
			w.Headers = []posthorn.Header{{Name: "Authorization", Value: "Bearer x"}}
		}, true},
		{"/headers", func(w *posthorn.Webhook) { w.Headers = make([]posthorn.Header, 33) }, false},
		{"", func(w *posthorn.Webhook) { w.Headers = longHeader(128, 4096) }, true},
		{"/headers/" + strings.Repeat("n", 129), func(w *posthorn.Webhook) { w.Headers = longHeader(129, 1) }, false},
		{"/headers/n", func(w *posthorn.Webhook) { w.Headers = longHeader(1, 4097) }, false},
		{"/metadata/a", func(w *posthorn.Webhook) { w.Metadata = map[string]string{"a": "x\ny"} }, false},
		{"/metadata", func(w *posthorn.Webhook) { w.Metadata = map[string]string{"a b": "x"} }, false},
		{"/secret", func(w *posthorn.Webhook) { w.Secrets[0].Value = "short" }, false},
	} {
		w := goodWebhook()
		test.change(&w)
		err := w.Validate(posthorn.Production)
		if test.isGood {
			if err != nil {
				t.Errorf("%s: %v", test.pointer, err)
			}
			continue
		}
		found, isOurs := err.(*posthorn.Error) //nolint:errorlint // Validate promises this very type
		if !isOurs || found.Pointer != test.pointer || found.Code != posthorn.CodeInvalid {
			t.Errorf("%s: got %+v", test.pointer, err)
		}
	}
}

// Invariant: a secret signs until the very moment at which it expires.
func TestSigningSecrets(t *testing.T) {
	t.Parallel()
	end := time.Unix(1000, 0)
	w := posthorn.Webhook{Secrets: []posthorn.SigningSecret{{Value: "new"}, {Value: "old", ExpiresAt: end}}}
	if got := w.SigningSecrets(end.Add(-time.Nanosecond)); len(got) != 2 || got[0].Reveal() != "new" {
		t.Errorf("before the end: %d secrets", len(got))
	}
	if got := w.SigningSecrets(end); len(got) != 1 || got[0].Reveal() != "new" {
		t.Errorf("at the end: %d secrets", len(got))
	}
}

// Invariant: all mistakes are told at once.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	w := goodWebhook()
	w.URL, w.Timeout, w.Concurrency = "nonsense", 0, 0
	err, isOurs := w.Validate(posthorn.Production).(*posthorn.Error) //nolint:errorlint // Validate promises this very type
	if !isOurs || len(err.Others) != 2 {
		t.Errorf("got %+v", err)
	}
}

func longHeader(name, value int) []posthorn.Header {
	return []posthorn.Header{{Name: strings.Repeat("n", name), Value: strings.Repeat("v", value)}}
}
