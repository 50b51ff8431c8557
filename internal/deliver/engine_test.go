package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: a webhook that hangs does not slow another one.
func TestHangingNeighbour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const hanging, healthy = "https://hanging.example", "https://healthy.example"
		w.webhook(hanging)
		w.webhook(healthy)
		w.answer(hanging, after(10*time.Second, posthorn.Outcome{Reason: posthorn.ReasonTimeout}))
		w.answer(healthy, after(time.Millisecond, status(200)))
		w.start()
		for range 200 {
			before := len(w.sentTo(healthy))
			w.publish(1)
			pass(5 * time.Millisecond)
			if len(w.sentTo(healthy)) != before+1 {
				t.Fatal("the healthy webhook waited for the hanging one")
			}
		}
	})
}

// Invariant: no more requests are under way than the webhook allows.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 3 })
		var now, most atomic.Int32
		w.answer(url, func(ctx context.Context, r posthorn.Request) posthorn.Outcome {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return after(time.Second, status(200))(ctx, r)
		})
		w.start()
		w.publish(30)
		pass(time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 30 || most.Load() != 3 {
			t.Errorf("%d delivered, at most %d at once; want 30 and 3", len(done), most.Load())
		}
	})
}

// Invariant: a webhook holds a bounded part of its backlog in memory, and the
// whole backlog is delivered all the same.
func TestBacklogStaysInTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 1 })
		w.answer(url, after(time.Second, status(200)))
		w.start()
		w.publish(3000)
		pass(30 * time.Second)
		leased := len(w.deliveries(posthorn.DeliveryLeased))
		if leased == 0 || leased > 100 {
			t.Errorf("%d deliveries in memory", leased)
		}
		pass(2 * time.Hour)
		if stats := w.stats(webhook.ID); stats.Succeeded != 3000 || stats.Attempts != 3000 {
			t.Errorf("stats %+v", stats)
		}
	})
}

// Invariant: the global bound on memory never shuts out a webhook that holds
// nothing, and everything is delivered.
func TestGlobalBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 20 {
			w.webhook(fmt.Sprintf("https://r%d.example", i))
		}
		w.start(func(o *deliver.Options) { o.MaxHeldJobs, o.MaxHeldBytes, o.MaxSending = 10, 100, 4 })
		w.publish(100)
		pass(10 * time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 2000 {
			t.Errorf("%d of 2000 delivered", len(done))
		}
	})
}

// Invariant: a paused webhook gets nothing and loses nothing; a deleted one has
// its deliveries cancelled; one paused for too long has them expired.
func TestPausedDeletedExpired(t *testing.T) {
	t.Parallel()
	set := func(status posthorn.WebhookStatus) func(*posthorn.Webhook) {
		return func(webhook *posthorn.Webhook) { webhook.Status = status }
	}
	for _, test := range []struct {
		name string
		wait time.Duration
		then posthorn.WebhookStatus
		want posthorn.DeliveryStatus
	}{
		{"resumed", time.Hour, posthorn.WebhookActive, posthorn.DeliverySucceeded},
		{"deleted", time.Hour, posthorn.WebhookDeleted, posthorn.DeliveryCancelled},
		{"expired", 31 * 24 * time.Hour, posthorn.WebhookPaused, posthorn.DeliveryExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url, set(posthorn.WebhookPaused))
				w.start()
				w.publish(40)
				pass(test.wait)
				if sent := w.sentTo(url); len(sent) != 0 {
					t.Fatalf("%d requests to a paused webhook", len(sent))
				}
				w.update(webhook.ID, set(test.then))
				pass(time.Minute)
				if found := w.deliveries(test.want); len(found) != 40 {
					t.Errorf("%d of 40 are %s: %+v", len(found), test.want, w.stats(webhook.ID))
				}
			})
		})
	}
}

// Invariant: what is in memory when a webhook is paused is given back, uncounted.
func TestPauseWithWorkInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 1 })
		w.answer(url, after(time.Second, status(200)))
		w.start()
		w.publish(20)
		synctest.Wait()
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookPaused })
		pass(time.Minute)
		if stats := w.stats(webhook.ID); stats.Succeeded != 1 || len(w.deliveries(posthorn.DeliveryPending)) != 19 {
			t.Errorf("stats %+v", stats)
		}
	})
}

// Invariant: a delivery that is under way when its webhook is deleted ends
// cancelled if it fails; it is not pending for ever.
func TestDeletedWhileUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		w.answer(url, after(time.Second, status(500)))
		w.start()
		w.publish(1)
		synctest.Wait()
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookDeleted })
		pass(time.Hour)
		if found := w.deliveries(posthorn.DeliveryCancelled); len(found) != 1 || found[0].Attempts != 1 {
			t.Errorf("got %+v", w.deliveries(""))
		}
	})
}

// slowRelease takes its time to give deliveries back.
type slowRelease struct{ store.Queue }

func (q slowRelease) Release(ctx context.Context, leases []store.Lease, now time.Time) error {
	pass(5 * time.Second)
	return q.Queue.Release(ctx, leases, now)
}

// Invariant: what is given back while its webhook is resumed is delivered soon, not
// at the next sweep.
func TestResumeWhileGivingBack(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(w *world, id posthorn.WebhookID){
		"paused": func(w *world, id posthorn.WebhookID) {
			w.update(id, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookPaused })
		},
		"held": func(w *world, _ posthorn.WebhookID) {
			busy := status(429)
			busy.RetryAfter = time.Hour
			w.answer(url, always(busy))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 1 })
				w.answer(url, after(time.Second, status(200)))
				w.queue = slowRelease{w.store}
				w.start()
				w.publish(10)
				pass(100 * time.Millisecond)
				stop(w, webhook.ID)
				pass(3 * time.Second)
				w.answer(url, nil)
				w.update(webhook.ID, func(webhook *posthorn.Webhook) {
					webhook.Status, webhook.HoldUntil = posthorn.WebhookActive, time.Time{}
				})
				pass(20 * time.Second)
				if done := w.deliveries(posthorn.DeliverySucceeded); len(done) < 9 {
					t.Errorf("%d of 10 delivered", len(done))
				}
			})
		})
	}
}

// Invariant: stopping finishes what is under way within the grace period, gives
// the rest back uncounted, and leaves nothing leased.
func TestStopInEveryState(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		takes    time.Duration
		outcome  posthorn.Outcome
		attempts int64
	}{
		{"quick", 20 * time.Second, status(200), 2},
		{"quick failure", 20 * time.Second, status(500), 2},
		{"too slow", time.Hour, status(200), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url)
				w.answer(url, after(test.takes, test.outcome))
				w.start()
				w.publish(100)
				pass(time.Second)
				started := time.Now()
				w.stop()
				if took := time.Since(started); took > 31*time.Second {
					t.Errorf("stopping took %v", took)
				}
				if leased := w.deliveries(posthorn.DeliveryLeased); len(leased) != 0 {
					t.Errorf("%d left leased", len(leased))
				}
				if stats := w.stats(webhook.ID); stats.Attempts != test.attempts || stats.Accepted != 100 {
					t.Errorf("stats %+v, want %d attempts", stats, test.attempts)
				}
				for _, d := range w.deliveries(posthorn.DeliveryPending) {
					if d.Attempts > 0 && d.Uncounted > 0 {
						t.Errorf("charged wrongly: %+v", d)
					}
				}
			})
		})
	}
}

// Invariant: after a death, the next process delivers everything that was
// accepted, the retries that were waiting included.
func TestTakeover(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		w.queue = deadQueue{w.store}
		w.start()
		w.stop()
		node := posthorn.NewID[posthorn.NodeID](time.Now(), w.random)
		w.leaseAll(node, webhook, 50) // by a node that then dies
		w.queue = w.store
		w.start()
		pass(time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 50 {
			t.Errorf("%d of 50 delivered after the takeover", len(done))
		}
		for _, d := range w.deliveries(posthorn.DeliverySucceeded) {
			if d.Attempts != 2 || d.Uncounted != 1 {
				t.Errorf("%d attempts, %d of them uncounted; want the lost one and the one that succeeded", d.Attempts, d.Uncounted)
			}
		}
	})
}

// deadQueue never hands out work.
type deadQueue struct{ store.Queue }

func (deadQueue) Claim(context.Context, store.Claim) (store.Claimed, error) {
	return store.Claimed{}, nil
}

// leaseAll makes deliveries that another node holds.
func (w *world) leaseAll(node posthorn.NodeID, webhook posthorn.Webhook, count int) {
	w.t.Helper()
	w.publish(count)
	for len(w.deliveries(posthorn.DeliveryPending)) > 0 {
		_, err := w.store.Claim(w.t.Context(), store.Claim{WebhookID: webhook.ID, NodeID: node, Now: time.Now(), Limit: 1000, MaxBytes: 1 << 20})
		w.must(err)
	}
}

// flakyQueue fails to record a number of times.
type flakyQueue struct {
	store.Queue
	failures atomic.Int32
}

func (q *flakyQueue) Record(ctx context.Context, r []store.Recording) ([]error, error) {
	if q.failures.Add(-1) >= 0 {
		return nil, errors.New("the database is away")
	}
	return q.Queue.Record(ctx, r)
}

// Invariant: an outcome that can't be recorded is recorded later; the request is
// not sent again.
func TestRecordInsists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		flaky := &flakyQueue{Queue: w.store}
		flaky.failures.Store(7)
		w.queue = flaky
		w.start()
		w.publish(3)
		pass(time.Minute)
		if sent := w.sentTo(url); len(sent) != 3 {
			t.Errorf("%d requests, want 3", len(sent))
		}
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 3 {
			t.Errorf("%d of 3 recorded", len(done))
		}
	})
}

// Invariant: a cancelled delivery that waits in memory is not sent.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Concurrency = 1 })
		w.answer(url, after(time.Second, status(200)))
		w.start()
		w.publish(5)
		synctest.Wait()
		cancelled := w.deliveries("")[0] // the newest waits
		_, err := w.store.Cancel(t.Context(), cancelled.ID, time.Now())
		w.must(err)
		w.engine.Withdraw(webhook.ID, cancelled.ID)
		pass(time.Minute)
		if sent := w.sentTo(url); len(sent) != 4 {
			t.Errorf("%d requests, want 4", len(sent))
		}
	})
}
