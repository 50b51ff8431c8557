package deliver_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
)

// Invariant: a receiver that hangs takes up one place after a few timeouts, and
// gets its concurrency back when it recovers.
func TestPaceFollowsTheReceiver(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]posthorn.Outcome{
		"timeout": {Reason: posthorn.ReasonTimeout}, "429": status(429), "503": status(503),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.webhook(url, func(webhook *posthorn.Webhook) {
					retries := 50
					webhook.Concurrency, webhook.Retries, webhook.RetrySchedule = 16, &retries, []time.Duration{10 * time.Second}
				})
				var healthy atomic.Bool
				var under, most atomic.Int32
				w.answer(url, func(ctx context.Context, r posthorn.Request) posthorn.Outcome {
					most.Store(max(most.Load(), under.Add(1)))
					defer under.Add(-1)
					after(time.Second, posthorn.Outcome{})(ctx, r)
					if healthy.Load() {
						return status(200)
					}
					return trouble
				})
				w.start()
				w.publish(300)
				pass(20 * time.Second)
				most.Store(0)
				pass(10 * time.Second)
				if most.Load() != 1 {
					t.Errorf("%d requests at once to a receiver in trouble", most.Load())
				}
				healthy.Store(true)
				pass(3 * time.Minute)
				if most.Load() != 16 {
					t.Errorf("%d requests at once after the recovery, want 16", most.Load())
				}
				if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 300 {
					t.Errorf("%d of 300 delivered", len(done))
				}
			})
		})
	}
}

// Invariant: ordinary failures between successes (a bug in the receiver) do not
// slow it down.
func TestOrdinaryFailuresKeepThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		none := 0
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = &none })
		var under, most, count atomic.Int32
		w.answer(url, func(ctx context.Context, r posthorn.Request) posthorn.Outcome {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			return after(time.Second, status(200+300*(int(count.Add(1))%2)))(ctx, r)
		})
		w.start()
		w.publish(30)
		pass(10 * time.Second)
		most.Store(0)
		w.publish(30)
		pass(10 * time.Second)
		if most.Load() != posthorn.DefaultConcurrency {
			t.Errorf("%d requests at once", most.Load())
		}
	})
}

// Invariant: many hanging webhooks leave places for a healthy one, even when all
// of their requests together would fill the engine.
func TestManyHangingNeighbours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const hanging, places = 40, 100
		for i := range hanging {
			u := fmt.Sprintf("https://hanging%d.example", i)
			w.webhook(u, func(webhook *posthorn.Webhook) { webhook.Events = []string{"user.*"} })
			w.answer(u, after(10*time.Second, posthorn.Outcome{Reason: posthorn.ReasonTimeout}))
		}
		w.start(func(o *deliver.Options) { o.MaxSending = places })
		w.publish(50)
		pass(time.Minute) // they are down to one request each
		w.webhook(url)
		w.answer(url, after(time.Millisecond, status(200)))
		for range 50 {
			before := len(w.sentTo(url))
			w.publish(1)
			pass(10 * time.Millisecond)
			if len(w.sentTo(url)) != before+1 {
				t.Fatal("the healthy webhook waited for hanging ones")
			}
		}
	})
}

// Invariant: a receiver that is dead gets a probe a minute, whatever waits for it;
// when it comes back, everything is delivered.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		retries := 50
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = &retries })
		dead := posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}
		w.answer(url, always(dead))
		w.start()
		w.publish(2000)
		pass(10 * time.Minute)
		before := len(w.sentTo(url))
		if before > 160 {
			t.Errorf("%d requests in the first ten minutes", before)
		}
		w.publish(100) // fresh ones wait like the rest
		pass(time.Hour)
		if probes := len(w.sentTo(url)) - before; probes < 50 || probes > 61 {
			t.Errorf("%d probes in an hour", probes)
		}
		if leased := w.deliveries(posthorn.DeliveryLeased); len(leased) > 1 {
			t.Errorf("%d deliveries of a dead webhook in memory", len(leased))
		}
		w.answer(url, nil)
		pass(2 * time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) < 2000 {
			t.Errorf("%d of 2100 delivered soon after the recovery", len(done))
		}
		pass(5 * 24 * time.Hour)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 2100 {
			t.Errorf("%d of 2100 delivered in the end", len(done))
		}
	})
}

// Invariant: a breaker outlives the process: the next one sends no more than the
// probes that were due anyway, whatever is published; what is kept with the webhook
// tells of it, and of its end.
func TestBreakerOutlivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = new(50) })
		w.answer(url, always(posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}))
		w.start()
		w.publish(50)
		pass(10 * time.Minute)
		w.stop()
		kept := w.kept(webhook).Breaker
		if !kept.IsOpen() || kept.Failures < 20 || !kept.NextProbeAt.After(time.Now()) || time.Until(kept.NextProbeAt) > time.Minute {
			t.Fatalf("what is kept: %+v at %v", kept, time.Now())
		}
		before := len(w.sentTo(url))
		for range 5 {
			w.start()
			w.publish(20)
			pass(time.Minute)
			w.stop()
		}
		if n := len(w.sentTo(url)) - before; n < 4 || n > 5 {
			t.Errorf("%d requests in five minutes and five starts", n)
		}
		if again := w.kept(webhook).Breaker; !again.OpenedAt.Equal(kept.OpenedAt) || again.Failures <= kept.Failures {
			t.Errorf("after the restarts: %+v, before: %+v", again, kept)
		}
		w.answer(url, nil)
		w.start()
		pass(2 * time.Minute)
		if closed := w.kept(webhook).Breaker; closed.IsOpen() || closed.Failures != 0 || !closed.NextProbeAt.IsZero() {
			t.Errorf("after a success: %+v", closed)
		}
	})
}

// Invariant: while all is well, and for failures that open nothing, nothing is
// written of the breaker.
func TestBreakerIsKeptOnlyWhenItMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{time.Second} })
		w.answer(url, always(status(500)))
		w.start()
		w.publish(3)
		synctest.Wait()
		w.answer(url, nil)
		w.publish(30)
		pass(time.Minute)
		if breaker := w.kept(webhook).Breaker; breaker != (posthorn.Breaker{}) {
			t.Errorf("kept: %+v", breaker)
		}
	})
}

// Invariant: a change that is not about the receiver leaves the breaker open.
func TestBreakerStaysOpenOverOtherChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Retries = new(50) })
		w.answer(url, always(posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}))
		w.start()
		w.publish(50)
		pass(10 * time.Minute)
		before := len(w.sentTo(url))
		for range 10 {
			w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Description += "x" })
			w.publish(10)
			pass(30 * time.Second)
		}
		if n := len(w.sentTo(url)) - before; n > 6 {
			t.Errorf("%d requests in five minutes", n)
		}
	})
}

func (w *world) kept(webhook posthorn.Webhook) posthorn.Webhook {
	w.t.Helper()
	kept, err := w.store.Webhook(context.Background(), webhook.ID)
	w.must(err)
	return kept
}

// Invariant: a person who changes the webhook closes the breaker.
func TestBreakerIsClosedByHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		w.answer(url, always(posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}))
		w.start()
		w.publish(50)
		pass(10 * time.Minute)
		const elsewhere = "https://elsewhere.example"
		w.update(webhook.ID, func(webhook *posthorn.Webhook) {
			webhook.URL, webhook.Breaker = elsewhere, posthorn.Breaker{ChangedAt: time.Now()}
		})
		w.publish(10)
		pass(time.Second)
		if sent := w.sentTo(elsewhere); len(sent) < 10 {
			t.Errorf("%d requests to the new place", len(sent))
		}
	})
}

// Invariant: a short burst of failures leaves each delivery its own schedule.
func TestBurstKeepsTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{time.Second, 2 * time.Second} })
		seen := map[string]int{}
		w.answer(url, func(_ context.Context, r posthorn.Request) posthorn.Outcome {
			w.mu.Lock()
			defer w.mu.Unlock()
			id := headers(r)["webhook-id"]
			if seen[id]++; seen[id] < 3 {
				return status(503)
			}
			return status(200)
		})
		w.start()
		w.publish(20)
		pass(10 * time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 20 {
			t.Errorf("%d of 20 delivered", len(done))
		}
	})
}
