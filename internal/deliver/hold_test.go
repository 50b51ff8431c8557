package deliver_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

func waitAnHour() posthorn.Outcome {
	outcome := status(429)
	outcome.RetryAfter = time.Hour
	return outcome
}

// Invariant: a claim that was under way when the receiver asked to wait sends
// nothing within the hold; what it fetched goes back.
func TestHoldDuringAClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		var isClaiming atomic.Bool
		w.spy().afterClaim = func(store.Claim) {
			if isClaiming.CompareAndSwap(false, true) {
				pass(2500 * time.Millisecond) // meanwhile requests of a second end
			}
		}
		w.answer(url, func(ctx context.Context, r posthorn.Request) posthorn.Outcome {
			after(time.Second, status(200))(ctx, r)
			if isClaiming.Load() {
				return waitAnHour()
			}
			return status(200)
		})
		w.start()
		synctest.Wait()
		w.publish(100)
		for !isClaiming.Load() {
			pass(100 * time.Millisecond)
		}
		pass(1100 * time.Millisecond) // the first 429 is there
		before := len(w.sentTo(url))
		if before == 100 {
			t.Fatal("everything was sent before the receiver asked to wait")
		}
		pass(50 * time.Minute)
		if late := len(w.sentTo(url)) - before; late > 0 {
			t.Errorf("%d requests left within the hour that the receiver asked for", late)
		}
		w.answer(url, nil)
		pass(time.Hour)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 100 {
			t.Errorf("%d of 100 delivered after the hold", len(done))
		}
	})
}

// Invariant: a delivery that becomes durable after the receiver asked to wait is
// not sent within the hold, although its room was reserved before.
func TestDispatchDuringAHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url)
		w.answer(url, always(waitAnHour()))
		w.start()
		synctest.Wait()
		slow := slowCommit{w.store, func() {
			w.publish(1)
			synctest.Wait()
		}}
		w.publishWith(intake.New(intake.Options{Store: slow, Directories: w.directories, Dispatcher: w.engine, Now: time.Now, Random: w.random}), 1, []byte("{}"))
		pass(50 * time.Minute)
		if sent := len(w.sentTo(url)); sent != 1 {
			t.Errorf("%d requests within the hold, want the 1 that caused it", sent)
		}
		w.answer(url, nil)
		pass(time.Hour)
		if stats := w.stats(webhook.ID); stats.Succeeded != 2 {
			t.Errorf("after the hold: %+v", stats)
		}
	})
}

// slowCommit lets something happen between a reservation and its commit.
type slowCommit struct {
	intake.Store
	before func()
}

func (s slowCommit) Accept(ctx context.Context, submission store.Submission) (store.Receipt, error) {
	s.before()
	return s.Store.Accept(ctx, submission)
}

// Invariant: what waits in memory for a webhook that turns out to be gone is not
// sent, but for what was let go before its 410 was recorded; a publication right
// after makes no delivery.
func TestGoneStopsWhatWaitsInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, setConcurrency(1))
		w.answer(url, after(time.Second, status(410)))
		w.start()
		synctest.Wait()
		w.publish(20)
		pass(time.Minute)
		if sent := len(w.sentTo(url)); sent > 2 {
			t.Errorf("%d requests to a receiver that said with the first that it is gone", sent)
		}
		w.publish(3)
		pass(time.Minute)
		if stats := w.stats(webhook.ID); stats.Accepted != 20 || len(w.deliveries(posthorn.DeliveryLeased)) != 0 {
			t.Errorf("stats %+v", stats)
		}
	})
}
