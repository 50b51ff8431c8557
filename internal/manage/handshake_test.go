package manage

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// consenting is a receiver that answers a handshake with some headers.
type consenting struct {
	mu      sync.Mutex
	outcome posthorn.Outcome
	asked   []posthorn.Request
}

func (c *consenting) Send(_ context.Context, r posthorn.Request) posthorn.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	return c.outcome
}

func (c *consenting) answers(status int, headers ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcome = posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: status}
	for i := 0; i < len(headers); i += 2 {
		c.outcome.Headers = append(c.outcome.Headers, posthorn.Header{Name: headers[i], Value: headers[i+1]})
	}
}

func newHandshakeBench(t *testing.T) (*bench, *consenting) {
	t.Helper()
	receiver := &consenting{}
	b := newBench(t, receiver)
	b.origin = "webhooks.example.com"
	return b, receiver
}

func (b *bench) makeAsking(t *testing.T, url string) WebhookDetails {
	t.Helper()
	made, err := b.CreateWebhook(t.Context(), b.platform, posthorn.EnvironmentID{}, WebhookChange{
		URL: Set(url), Events: Set([]string{"*"}), Handshake: Set(true), RateLimit: Set(10), Headers: Set([]posthorn.Header{{Name: "Authorization", Value: "Bearer x"}}),
	})
	must(t, err)
	return made
}

// Invariant: a webhook is active only with its receiver's consent, and what is in
// the way of it is said.
func TestConsent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		headers []string
		reason  string // empty for a consent
		rate    int
	}{
		"by name":         {200, []string{"WebHook-Allowed-Origin", "Webhooks.example.com"}, "", 0},
		"for all":         {204, []string{"WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", "*"}, "", 0},
		"with a rate":     {200, []string{"WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", " 120 "}, "", 120},
		"with a high one": {200, []string{"WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", "999999999"}, "", 600_000},
		"silent":          {200, nil, "no WebHook-Allowed-Origin", 0},
		"another":         {200, []string{"WebHook-Allowed-Origin", "example.com"}, `"example.com"`, 0},
		"unknown method":  {405, []string{"WebHook-Allowed-Origin", "*"}, "status 405", 0},
		"no rate":         {200, []string{"WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", "0"}, "number of requests", 0},
		"doubled":         {200, []string{"WebHook-Allowed-Origin", "*", "WebHook-Allowed-Rate", "1, 2"}, "number of requests", 0},
	} {
		b, receiver := newHandshakeBench(t)
		receiver.answers(c.status, c.headers...)
		made := b.makeAsking(t, "https://example.com/in")
		asked := receiver.asked[0]
		if asked.Method != "OPTIONS" || asked.URL != made.URL || len(asked.Body) != 0 || asked.Headers[0] != (posthorn.Header{Name: "WebHook-Request-Origin", Value: "webhooks.example.com"}) ||
			asked.Headers[1] != (posthorn.Header{Name: "WebHook-Request-Rate", Value: "600"}) || asked.Headers[2].Name != "Authorization" {
			t.Errorf("%s: asked was %+v", name, asked)
		}
		if c.reason == "" {
			if made.Status != posthorn.WebhookActive || made.StatusReason != "" || !made.Consent.IsGiven() || made.Consent.PerMinute != c.rate {
				t.Errorf("%s: %s %q %+v", name, made.Status, made.StatusReason, made.Consent)
			}
			continue
		}
		if made.Status != posthorn.WebhookPaused || !strings.Contains(made.StatusReason, c.reason) || made.Consent.IsGiven() {
			t.Errorf("%s: %s %q %+v", name, made.Status, made.StatusReason, made.Consent)
		}
		_, err := b.ResumeWebhook(t.Context(), b.platform, made.ID)
		wantCode(t, name+": resuming", err, posthorn.CodeConflict, "handshake")
		_, err = b.TestWebhook(t.Context(), b.platform, made.ID, TestEvent{})
		wantCode(t, name+": testing", err, posthorn.CodeConflict, "handshake")
		_, err = b.TestFormat(t.Context(), b.platform, FormatTrial{WebhookID: made.ID})
		wantCode(t, name+": testing a format", err, posthorn.CodeConflict, "handshake")
		if len(receiver.asked) != 1 {
			t.Errorf("%s: %d requests were sent", name, len(receiver.asked))
		}
	}
}

// Invariant: consent is for one URL, may be given later, is withdrawn by an answer
// and not by silence, and is needed no more once nobody asks for it.
func TestConsentChanges(t *testing.T) {
	t.Parallel()
	b, receiver := newHandshakeBench(t)
	receiver.answers(404)
	made := b.makeAsking(t, "https://example.com/in")
	ask := func() (WebhookDetails, error) { return b.AskForConsent(t.Context(), b.platform, made.ID) }
	receiver.answers(200, "WebHook-Allowed-Origin", "*")
	if got, err := ask(); err != nil || got.Status != posthorn.WebhookActive {
		t.Errorf("consent given later: %v, %s", err, got.Status)
	}
	receiver.outcome = posthorn.Outcome{Reason: posthorn.ReasonTimeout, Detail: "It took too long."}
	_, err := ask()
	wantCode(t, "silence", err, posthorn.CodeConflict, "It took too long.")
	if got, err := b.Webhook(t.Context(), b.platform, made.ID); err != nil || got.Status != posthorn.WebhookActive || !got.Consent.IsGiven() {
		t.Errorf("after silence: %v, %s", err, got.Status)
	}
	receiver.answers(200)
	if got, err := ask(); err != nil || got.Status != posthorn.WebhookPaused || got.Consent.IsGiven() {
		t.Errorf("withdrawn: %v, %s", err, got.Status)
	}
	if _, err := b.PauseWebhook(t.Context(), b.platform, made.ID); err != nil {
		t.Error(err)
	}
	receiver.answers(200, "WebHook-Allowed-Origin", "*")
	if got, err := ask(); err != nil || got.Status != posthorn.WebhookPaused || got.StatusReason != pausedByPerson || !got.Consent.IsGiven() {
		t.Errorf("consent while a person paused it: %v, %s %q", err, got.Status, got.StatusReason)
	}
	if got, err := b.ResumeWebhook(t.Context(), b.platform, made.ID); err != nil || got.Status != posthorn.WebhookActive {
		t.Errorf("resumed: %v, %s", err, got.Status)
	}
	receiver.answers(403)
	got, err := b.UpdateWebhook(t.Context(), b.platform, made.ID, WebhookChange{URL: Set("https://other.example.com/")})
	if err != nil || got.Status != posthorn.WebhookPaused || receiver.asked[len(receiver.asked)-1].URL != got.URL {
		t.Errorf("another URL: %v, %s", err, got.Status)
	}
	count := len(receiver.asked)
	got, err = b.UpdateWebhook(t.Context(), b.platform, made.ID, WebhookChange{Description: Set("x")})
	if err != nil || got.Status != posthorn.WebhookPaused || len(receiver.asked) != count {
		t.Errorf("another description: %v, %s, asked %d times", err, got.Status, len(receiver.asked)-count)
	}
	got, err = b.UpdateWebhook(t.Context(), b.platform, made.ID, WebhookChange{Handshake: Set(false)})
	if err != nil || got.Status != posthorn.WebhookActive || got.StatusReason != "" {
		t.Errorf("without a handshake: %v, %s %q", err, got.Status, got.StatusReason)
	}
	_, err = ask()
	wantCode(t, "asking without a handshake", err, posthorn.CodeConflict, "need not consent")
}

// Invariant: a webhook that was saved is answered as saved although nobody could
// be asked just then; without a name nobody is asked.
func TestConsentWhenNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	b, receiver := newHandshakeBench(t)
	for range maxOwnTests {
		_, err := b.tests.take(b.home.WorkspaceID)
		must(t, err)
	}
	made := b.makeAsking(t, "https://example.com/in")
	if made.Status != posthorn.WebhookPaused || !strings.Contains(made.StatusReason, "not been asked") || len(receiver.asked) != 0 {
		t.Errorf("%s %q, asked %d times", made.Status, made.StatusReason, len(receiver.asked))
	}
	b.origin = ""
	_, err := b.UpdateWebhook(t.Context(), b.platform, made.ID, WebhookChange{Handshake: Set(true)})
	wantCode(t, "a server without a name", err, posthorn.CodeInvalid, "handshake-origin")
}

// Invariant: requests are as far apart as the slower of rate limit and consent
// wants it.
func TestSpacing(t *testing.T) {
	t.Parallel()
	ten := 10
	for _, c := range []struct {
		webhook posthorn.Webhook
		want    time.Duration
	}{
		{posthorn.Webhook{}, 0},
		{posthorn.Webhook{RateLimit: &ten}, 100 * time.Millisecond},
		{posthorn.Webhook{Handshake: true, Consent: posthorn.Consent{PerMinute: 30}}, 2 * time.Second},
		{posthorn.Webhook{RateLimit: &ten, Handshake: true, Consent: posthorn.Consent{PerMinute: 6000}}, 100 * time.Millisecond},
		{posthorn.Webhook{RateLimit: &ten, Consent: posthorn.Consent{PerMinute: 1}}, 100 * time.Millisecond},
	} {
		if got := c.webhook.Spacing(); got != c.want {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}
