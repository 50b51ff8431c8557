package deliver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// mortal is the queue of a process that may die: from then on nothing that it
// does has an effect.
type mortal struct {
	store.Queue
	isDead atomic.Bool
	died   chan struct{}
}

var errDead = errors.New("the process is dead")

func (m *mortal) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	if m.isDead.Load() {
		return store.Claimed{}, errDead
	}
	return m.Queue.Claim(ctx, c)
}

func (m *mortal) Record(ctx context.Context, r []store.Recording) ([]error, error) {
	if m.isDead.Load() {
		return nil, errDead
	}
	return m.Queue.Record(ctx, r)
}

func (m *mortal) Release(ctx context.Context, leases []store.Lease, now time.Time) error {
	if m.isDead.Load() {
		return errDead
	}
	return m.Queue.Release(ctx, leases, now)
}

func (m *mortal) die() {
	if !m.isDead.Swap(true) {
		close(m.died)
	}
}

// live starts a process, publishes, and ends it when it dies, or is killed after a
// while; it reports whether it died by itself.
func (w *world) live(events int, longest time.Duration) bool {
	w.t.Helper()
	m := &mortal{Queue: w.store, died: make(chan struct{})}
	w.queue = m
	w.answer(fatal, func(ctx context.Context, request posthorn.Request) posthorn.Outcome {
		if !bytes.Contains(request.Body, []byte("poison")) {
			return status(200)
		}
		m.die()
		<-ctx.Done()
		return posthorn.Outcome{Reason: posthorn.ReasonInterrupted}
	})
	w.start(func(o *deliver.Options) { o.Grace = time.Nanosecond })
	w.publish(events)
	killed := time.NewTimer(longest)
	defer killed.Stop()
	defer w.stop()
	select {
	case <-m.died:
		return true
	case <-killed.C:
		m.die()
		return false
	}
}

const fatal = "https://fatal.example/hooks"

// Invariant: a delivery that ends the process each time is quarantined after a
// handful of starts, everything else is delivered, and it goes out again when a
// person asks for it.
func TestFatalDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(fatal)
		w.webhook(url)
		w.start()
		w.stop()
		w.publish(50)
		receipt, err := w.intake.Publish(t.Context(), intake.Publication{
			EnvironmentID: w.environment.ID, Items: []intake.Item{{Type: "user.created", Data: []byte(`{"poison": 1}`)}},
		})
		w.must(errors.Join(err, receipt.Results[0].Err))
		deaths := 0
		for w.live(1, 10*time.Minute) {
			deaths++
		}
		found := w.deliveries(posthorn.DeliveryQuarantined)
		if len(found) != 1 || found[0].WebhookID != webhook.ID || found[0].Crashes != posthorn.QuarantineAfter || deaths != posthorn.QuarantineAfter {
			t.Fatalf("after %d deaths these are quarantined: %+v", deaths, found)
		}
		if open := append(w.deliveries(posthorn.DeliveryPending), w.deliveries(posthorn.DeliveryLeased)...); len(open) > 0 {
			t.Errorf("%d others are not delivered, the first is %+v", len(open), open[0])
		}
		w.queue = w.store
		w.answer(fatal, always(status(200)))
		w.start()
		_, err = w.store.Retry(t.Context(), found[0].ID, time.Now())
		w.must(err)
		w.engine.Wake(w.environment.ID, webhook.ID)
		synctest.Wait()
		if stats := w.stats(webhook.ID); stats.Quarantined != 0 || stats.Succeeded != stats.Accepted {
			t.Errorf("after the release: %+v", stats)
		}
	})
}

// Invariant: who merely was held by processes that something else ended is not
// quarantined, at whatever pace they end, and is delivered when it is over.
func TestKilledForOtherReasons(t *testing.T) {
	t.Parallel()
	for life := time.Second; life <= 40*time.Second; life += time.Second {
		t.Run(fmt.Sprint(life), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				slow := w.webhook("https://slow.example/hooks", func(webhook *posthorn.Webhook) { webhook.Concurrency = 2 })
				w.webhook(url)
				w.answer(slow.URL, after(9*time.Second, status(200)))
				suspects := 0
				for n := range 12 {
					w.live(max(0, 2-n), life) // the first are all that there are in the end: no others are tried before them
					for _, d := range w.deliveries("") {
						if d.IsSuspect() {
							suspects++
						}
					}
				}
				if life < 9*time.Second && suspects == 0 {
					t.Error("nobody was a suspect: the test shows nothing")
				}
				w.live(0, time.Hour)
				if done, all := w.deliveries(posthorn.DeliverySucceeded), w.deliveries(""); len(done) != len(all) {
					t.Errorf("%d of %d are delivered, %d quarantined", len(done), len(all), len(w.deliveries(posthorn.DeliveryQuarantined)))
				}
			})
		})
	}
}
