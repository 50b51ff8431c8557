package deliver_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

const url = "https://receiver.example/hook"

// Invariant: a delivery that fails is tried again at the times of the schedule,
// for days, and is exhausted after its last retry.
func TestDaysOfRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		retries := 9
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = &retries })
		w.answer(url, always(status(500)))
		w.start()
		w.publish(1)
		pass(5 * 24 * time.Hour)
		sent := w.sentTo(url)
		if len(sent) != 10 {
			t.Fatalf("%d requests, want 10", len(sent))
		}
		for i, delay := range posthorn.DefaultRetryDelays() {
			waited := sent[i+1].at.Sub(sent[i].at)
			if waited < delay*8/10 || waited > delay*12/10+time.Second {
				t.Errorf("retry %d came after %v, scheduled after %v", i+1, waited, delay)
			}
		}
		if stats := w.stats(webhook.ID); stats.Exhausted != 1 || stats.Attempts != 10 || stats.Pending != 0 {
			t.Errorf("stats %+v", stats)
		}
	})
}

// Invariant: the id is the same in every attempt; timestamp and signature are fresh.
func TestAttemptsShareTheIDOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{10 * time.Second} })
		w.answer(url, always(status(500)))
		w.start()
		w.publish(1)
		pass(15 * time.Second)
		sent := w.sentTo(url)
		if len(sent) < 2 {
			t.Fatalf("%d requests", len(sent))
		}
		first, second := headers(sent[0].request), headers(sent[1].request)
		if first["webhook-id"] == "" || first["webhook-id"] != second["webhook-id"] {
			t.Errorf("ids %q and %q", first["webhook-id"], second["webhook-id"])
		}
		if first["webhook-timestamp"] == second["webhook-timestamp"] || first["webhook-signature"] == second["webhook-signature"] {
			t.Error("the second attempt repeats the first one's timestamp or signature")
		}
	})
}

func headers(request posthorn.Request) map[string]string {
	found := map[string]string{}
	for _, header := range request.Headers {
		found[header.Name] = header.Value
	}
	return found
}

// Invariant: the number of retries is the webhook's, else the event type's, else
// the format's, else the environment's.
func TestWhoseRetriesCount(t *testing.T) {
	t.Parallel()
	one, two := 1, 2
	for _, test := range []struct {
		name               string
		webhook, eventType *int
		format             string
		want               int
	}{
		{name: "webhook", webhook: &one, eventType: &two, format: "ascend", want: 1},
		{name: "event type", eventType: &two, format: "ascend", want: 2},
		{name: "format", format: "ascend", want: 10},
		{name: "environment", format: "standard", want: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.webhook(url, func(webhook *posthorn.Webhook) {
					webhook.Format, webhook.Retries, webhook.RetrySchedule = test.format, test.webhook, []time.Duration{time.Second}
				})
				if test.eventType != nil {
					_, err := w.store.CreateEventTypes(t.Context(), w.environment.ID, []posthorn.EventType{{Name: "user.created", Retries: test.eventType, Status: posthorn.EventTypeGA}}, 0)
					w.must(err)
				}
				w.answer(url, always(status(503)))
				w.start()
				w.publish(1)
				pass(time.Hour)
				if sent := w.sentTo(url); len(sent) != test.want+1 {
					t.Errorf("%d requests, want %d", len(sent), test.want+1)
				}
			})
		})
	}
}

// Invariant: what counts as success is the format's: 204 is a failure for one
// that takes only 200.
func TestSuccessIsTheFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]posthorn.DeliveryStatus{"ascend": posthorn.DeliveryExhausted, "standard": posthorn.DeliverySucceeded} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				none := 0
				w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Format, webhook.Retries = format, &none })
				w.answer(url, always(status(204)))
				w.start()
				w.publish(1)
				synctest.Wait()
				if found := w.deliveries(want); len(found) != 1 {
					t.Errorf("not %s: %+v", want, w.deliveries(""))
				}
			})
		})
	}
}

// Invariant: what a redirect points to is told with the failed attempt; that it
// is a failure is said first.
func TestRedirectTellsThePlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		moved := status(308)
		moved.Detail = `It points to "https://new.example/".`
		w.answer(url, always(moved))
		w.start()
		w.publish(1)
		synctest.Wait()
		attempts, err := w.store.Attempts(context.Background(), w.deliveries("")[0].ID, 0, 10)
		w.must(err)
		if len(attempts) != 1 || attempts[0].Outcome.Reason != posthorn.ReasonRedirect ||
			!strings.Contains(attempts[0].Outcome.Detail, `never followed`) || !strings.HasSuffix(attempts[0].Outcome.Detail, moved.Detail) {
			t.Errorf("got %+v", attempts)
		}
	})
}

// Invariant: Retry-After holds for the whole webhook, not for one delivery alone.
func TestRetryAfterHoldsTheWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 1 })
		busy := status(429)
		busy.RetryAfter = 10 * time.Minute
		w.answer(url, after(time.Millisecond, busy))
		w.start()
		w.publish(20)
		pass(time.Second)
		w.answer(url, nil)
		w.publish(5)
		pass(9 * time.Minute)
		if sent := w.sentTo(url); len(sent) != 1 {
			t.Errorf("%d requests within the hold, want the 1 that caused it", len(sent))
		}
		pass(2 * time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 25 {
			t.Errorf("%d of 25 delivered after the hold", len(done))
		}
	})
}

// Invariant: a hold outlives the process: what is published after a restart waits
// like the rest; lifting it by hand sends everything.
func TestHoldOutlivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		busy := status(429)
		busy.RetryAfter = time.Hour
		w.answer(url, always(busy))
		w.start()
		w.publish(1)
		synctest.Wait()
		w.stop()
		w.answer(url, nil)
		w.start()
		w.publish(3)
		pass(10 * time.Minute)
		if sent := w.sentTo(url); len(sent) != 1 {
			t.Errorf("%d requests within the hold, want the 1 that caused it", len(sent))
		}
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.HoldUntil = time.Time{} })
		pass(time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 3 {
			t.Errorf("%d of 3 delivered after the hold was lifted", len(done))
		}
		pass(time.Hour)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 4 {
			t.Errorf("%d of 4 delivered in the end", len(done))
		}
	})
}

// Invariant: lifting the hold works in the process that was told to wait, too.
func TestHoldIsLifted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		busy := status(503)
		busy.RetryAfter = time.Hour
		w.answer(url, always(busy))
		w.start()
		w.publish(1)
		synctest.Wait()
		w.answer(url, nil)
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.HoldUntil = time.Time{} })
		w.publish(3)
		pass(time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 3 {
			t.Errorf("%d of 3 delivered after the hold was lifted", len(done))
		}
	})
}

// Invariant: 410 disables the webhook: nothing more is sent and no delivery made
// for it, what waits is kept, and resuming delivers it.
func TestGoneDisablesTheWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		w.answer(url, always(status(410)))
		w.start()
		w.publish(1)
		pass(time.Hour)
		w.publish(3)
		pass(time.Hour)
		if sent := w.sentTo(url); len(sent) != 1 {
			t.Errorf("%d requests, want 1", len(sent))
		}
		if kept, err := w.store.Webhook(t.Context(), webhook.ID); err != nil || kept.Status != posthorn.WebhookDisabled || kept.StatusReason == "" {
			t.Errorf("webhook %+v, %v", kept, err)
		}
		if stats := w.stats(webhook.ID); stats.Accepted != 1 || stats.Pending != 1 {
			t.Errorf("stats %+v", stats)
		}
		w.answer(url, nil)
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookActive })
		pass(time.Second)
		if stats := w.stats(webhook.ID); stats.Succeeded != 1 {
			t.Errorf("after resuming: %+v", stats)
		}
	})
}

// Invariant: a retry goes to the URL that the webhook has by then, and each attempt
// keeps the one that it went to.
func TestRetriesGoToAChangedURL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{time.Minute} })
		w.answer(url, always(status(500)))
		w.start()
		w.publish(3)
		pass(time.Second)
		const elsewhere = "https://elsewhere.example"
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.URL = elsewhere })
		pass(2 * time.Minute)
		if before, after := w.sentTo(url), w.sentTo(elsewhere); len(before) != 3 || len(after) != 3 {
			t.Errorf("%d requests went to the old URL and %d to the new one", len(before), len(after))
		}
		for _, d := range w.deliveries(posthorn.DeliverySucceeded) {
			attempts, err := w.store.Attempts(t.Context(), d.ID, 0, 10)
			w.must(err)
			if len(attempts) != 2 || attempts[0].URL != url || attempts[1].URL != elsewhere {
				t.Errorf("attempts: %+v", attempts)
			}
		}
	})
}

// Invariant: a sender's panic is our fault: it is recorded, doesn't use up a
// retry, and harms nobody else.
func TestPanicIsNotCharged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		none := 0
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = &none })
		calls := 0
		w.answer(url, func(context.Context, posthorn.Request) posthorn.Outcome {
			if calls++; calls < 3 {
				panic("boom")
			}
			return status(200)
		})
		w.start()
		w.publish(1)
		pass(time.Minute)
		done := w.deliveries(posthorn.DeliverySucceeded)
		if len(done) != 1 || done[0].Attempts != 3 {
			t.Errorf("got %+v", w.deliveries(""))
		}
	})
}
