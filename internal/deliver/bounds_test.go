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

func setConcurrency(n int) func(*posthorn.Webhook) {
	return func(webhook *posthorn.Webhook) { webhook.Concurrency = n }
}

// Invariant: a webhook's window closes when its receiver fails: what was opened
// by many successes holds only a little of a broken receiver's backlog.
func TestWindowClosesOnFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		w.start()
		synctest.Wait()
		w.answer(url, after(time.Hour, status(200)))
		w.publish(1) // a request under way keeps the webhook known to the engine
		synctest.Wait()
		w.answer(url, nil)
		for range 300 {
			w.publish(1)
			synctest.Wait()
		}
		w.answer(url, after(time.Second, status(200)))
		w.publish(200)
		if held := len(w.deliveries(posthorn.DeliveryLeased)); held != 201 {
			t.Fatalf("%d deliveries in memory: 300 successes didn't open the window for 201", held)
		}
		pass(time.Minute)
		w.answer(url, always(status(500)))
		w.publish(1)
		synctest.Wait()
		w.answer(url, after(time.Second, status(200)))
		w.publish(200)
		if held := len(w.deliveries(posthorn.DeliveryLeased)); held == 0 || held > 32 {
			t.Errorf("%d deliveries in memory after a failure, want at most 32", held)
		}
	})
}

// Invariant: one webhook's deliveries in memory have a bound in bytes, the fresh
// ones as well as those that are claimed from a backlog (by one delivery more).
func TestWebhookIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	const size, most = 512 << 10, (4 << 20) / (512 << 10)
	for name, wait := range map[string]time.Duration{"fresh": 0, "backlog": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url)
				w.answer(url, after(time.Hour, status(200)))
				w.start()
				synctest.Wait()
				if wait > 0 {
					w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookPaused })
				}
				w.publishBytes(40, size)
				w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookActive })
				pass(wait)
				if held := len(w.deliveries(posthorn.DeliveryLeased)); held < most || held > most+1 {
					t.Errorf("%d deliveries of 512 KiB in memory, want about %d", held, most)
				}
			})
		})
	}
}

// Invariant: what all webhooks hold together is at most twice the bound in bytes,
// however many of them there are (and one delivery for each claim under way).
func TestHeldBytesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 60 {
			address := fmt.Sprintf("https://r%d.example", i)
			w.webhook(address)
			w.answer(address, after(time.Hour, status(200)))
		}
		w.start(func(o *deliver.Options) { o.MaxHeldBytes = 1 << 20 })
		synctest.Wait()
		w.publishBytes(2, 100<<10)
		pass(10 * time.Second)
		if held := len(w.deliveries(posthorn.DeliveryLeased)); held < 10 || held > 20+8 {
			t.Errorf("%d deliveries of 100 KiB in memory under a bound of 1 MiB, want 10 to 28", held)
		}
	})
}

// Invariant: webhooks take turns: when few requests may be under way, a webhook
// with many deliveries waiting sends one, then another webhook does.
func TestWebhooksTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const one, other = "https://one.example", "https://other.example"
		for _, address := range []string{one, other} {
			w.webhook(address)
			w.answer(address, after(time.Second, status(200)))
		}
		w.start(func(o *deliver.Options) { o.MaxSending = 1 })
		synctest.Wait()
		w.publish(10)
		for range 20 {
			pass(time.Second)
			if first, second := len(w.sentTo(one)), len(w.sentTo(other)); first-second > 1 || second-first > 1 {
				t.Fatalf("%d requests went to one webhook and %d to the other", first, second)
			}
		}
		pass(time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 20 {
			t.Errorf("%d of 20 delivered", len(done))
		}
	})
}

// Invariant: a panic within an attempt is recorded as our own mistake, uses up no
// retry, and ends nobody's process.
func TestPanicIsRecordedAsInternal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		w.answer(url, func(context.Context, posthorn.Request) posthorn.Outcome { panic("boom") })
		w.start()
		synctest.Wait()
		w.publish(1)
		pass(time.Second)
		found := w.deliveries(posthorn.DeliveryPending)
		if len(found) != 1 || found[0].Attempts != 1 || found[0].Uncounted != 1 || found[0].LastReason != posthorn.ReasonInternal {
			t.Errorf("got %+v", w.deliveries(""))
		}
	})
}
