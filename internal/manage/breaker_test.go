package manage

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: a person closes the breaker by resuming the webhook or by giving it
// another URL, and by nothing else.
func TestBreakerClosedByHand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do     func(b *bench, id posthorn.WebhookID) (WebhookDetails, error)
		isOpen bool
	}{
		"resume": {func(b *bench, id posthorn.WebhookID) (WebhookDetails, error) {
			return b.ResumeWebhook(t.Context(), b.platform, id)
		}, false},
		"another URL": {func(b *bench, id posthorn.WebhookID) (WebhookDetails, error) {
			return b.UpdateWebhook(t.Context(), b.platform, id, WebhookChange{URL: Set("https://example.com/other")})
		}, false},
		"the same URL": {func(b *bench, id posthorn.WebhookID) (WebhookDetails, error) {
			return b.UpdateWebhook(t.Context(), b.platform, id, WebhookChange{URL: Set("https://example.com/in")})
		}, true},
		"a rate limit": {func(b *bench, id posthorn.WebhookID) (WebhookDetails, error) {
			return b.UpdateWebhook(t.Context(), b.platform, id, WebhookChange{RateLimit: Set(5)})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			made := b.makeWebhook(t)
			opened := posthorn.Breaker{OpenedAt: made.CreatedAt, Failures: 12, NextProbeAt: made.CreatedAt.Add(time.Minute), ChangedAt: made.CreatedAt}
			_, err := b.store.UpdateWebhook(t.Context(), made.ID, func(w posthorn.Webhook) (posthorn.Webhook, error) {
				w.Breaker = opened
				return w, nil
			})
			must(t, err)
			after, err := test.do(b, made.ID)
			must(t, err)
			if after.Breaker.IsOpen() != test.isOpen || !test.isOpen && !after.Breaker.ChangedAt.After(opened.ChangedAt) {
				t.Errorf("the breaker is %+v", after.Breaker)
			}
		})
	}
}
