package deliver_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
)

func setRate(perSecond int) func(*posthorn.Webhook) {
	return func(webhook *posthorn.Webhook) { webhook.RateLimit = &perSecond }
}

// Invariant: a webhook with a rate limit gets its requests evenly spaced, its
// retries counted, and every delivery in the end; none is refused.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setRate(5), func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{0} })
		isKnown := map[string]bool{}
		w.answer(url, func(_ context.Context, r posthorn.Request) posthorn.Outcome {
			w.mu.Lock()
			defer w.mu.Unlock()
			id := headers(r)["webhook-id"]
			isFirst := !isKnown[id]
			isKnown[id] = true
			if isFirst && len(isKnown)%2 == 0 { // never many failures in a row, which would open the breaker
				return status(500)
			}
			return status(200)
		})
		w.start()
		w.publish(100)
		pass(31 * time.Second)
		sent := w.sentTo(url)
		for i := range sent[1:] {
			if gap := sent[i+1].at.Sub(sent[i].at); gap < 200*time.Millisecond {
				t.Fatalf("a gap of %v between requests %d and %d", gap, i+1, i+2)
			}
		}
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 100 || len(sent) != 150 {
			t.Errorf("%d of 100 delivered with %d requests", len(done), len(sent))
		}
	})
}

// Invariant: a webhook that waits for its rate takes no place from others, and many
// of them are served each at its own rate.
func TestRateLimitedWebhooksTakeNoPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limited = 200
		w := newWorld(t)
		for i := range limited {
			w.webhook(fmt.Sprintf("https://limited%d.example", i), setRate(1))
		}
		w.webhook(url)
		w.answer(url, after(time.Millisecond, status(200)))
		w.start(func(o *deliver.Options) { o.MaxSending = 2 })
		synctest.Wait()
		w.publish(30)
		pass(100 * time.Millisecond)
		if n := len(w.sentTo(url)); n != 30 {
			t.Errorf("%d of 30 requests left for the webhook without a limit", n)
		}
		pass(9 * time.Second)
		for i := range limited {
			if n := len(w.sentTo(fmt.Sprintf("https://limited%d.example", i))); n != 10 {
				t.Fatalf("%d requests in nine seconds to webhook %d", n, i)
			}
		}
		pass(time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 30*(limited+1) {
			t.Errorf("%d of %d delivered", len(done), 30*(limited+1))
		}
	})
}

// Invariant: another limit, or none, holds at once for what is waiting already.
func TestRateLimitChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, setRate(1))
		w.start()
		w.publish(100)
		pass(4500 * time.Millisecond)
		if n := len(w.sentTo(url)); n != 5 {
			t.Fatalf("%d requests at one a second", n)
		}
		w.update(webhook.ID, setRate(10))
		pass(2950 * time.Millisecond)
		if n := len(w.sentTo(url)); n != 35 {
			t.Errorf("%d requests, want 5 and 30 at ten a second", n)
		}
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.RateLimit = nil })
		synctest.Wait()
		if n := len(w.sentTo(url)); n != 100 {
			t.Errorf("%d of 100 requests without a limit", n)
		}
	})
}

// Invariant: what waits for a slow rate waits in the database: the window of a
// webhook with a limit stays small, however well its receiver does.
func TestRateLimitedWindowStaysSmall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setRate(1))
		w.start()
		w.publish(500)
		for range 40 {
			pass(10 * time.Second)
			if held := len(w.deliveries(posthorn.DeliveryLeased)); held > 48 {
				t.Fatalf("%d deliveries in memory at one a second", held)
			}
		}
	})
}
