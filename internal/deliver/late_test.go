package deliver_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: another try that a person asks for doesn't end the wait that the
// receiver asked for.
func TestRetryByAPersonKeepsTheHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook(url, func(x *posthorn.Webhook) { x.RetrySchedule = []time.Duration{time.Second} })
		asks := status(503)
		asks.RetryAfter = time.Hour
		w.answer(url, always(asks))
		w.start()
		w.publish(1)
		pass(time.Second)
		_, err := w.store.Retry(t.Context(), w.deliveries(posthorn.DeliveryPending)[0].ID, time.Now())
		w.must(err)
		w.engine.Wake(w.environment.ID, webhook.ID)
		pass(time.Second)
		w.publish(1)
		pass(time.Second)
		if n := len(w.sentTo(url)); n != 1 {
			t.Errorf("%d requests during the hold", n-1)
		}
	})
}

// lateRecord tells of an error after the first recording has happened.
type lateRecord struct {
	store.Queue
	failed bool
}

func (q *lateRecord) Record(ctx context.Context, r []store.Recording) ([]error, error) {
	results, err := q.Queue.Record(ctx, r)
	if err == nil && !q.failed {
		q.failed = true
		return nil, errors.New("the connection broke after the commit")
	}
	return results, err
}

// Invariant: a webhook whose receiver is gone gets nothing more.
func TestGoneAlthoughTheCommitWasNotHeardOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.queue = &lateRecord{Queue: w.store}
		w.webhook(url, func(x *posthorn.Webhook) { x.Concurrency = 1 })
		pass(time.Second)
		answers := 0
		w.answer(url, func(context.Context, posthorn.Request) posthorn.Outcome {
			if answers++; answers == 1 {
				return status(410)
			}
			return status(200)
		})
		w.start()
		w.publish(20)
		pass(time.Minute)
		if n := len(w.sentTo(url)); n > 2 {
			t.Errorf("%d requests to a receiver that is gone", n)
		}
	})
}

// Invariant: the retry of a delivery whose lease is lost is its new holder's: the lane that
// lost it doesn't ask the database for it.
func TestLostLeaseIsNotClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		claims := 0
		w.spy().beforeClaim = func(store.Claim) error {
			claims++
			return nil
		}
		w.webhook(url, func(x *posthorn.Webhook) { x.RetrySchedule = []time.Duration{time.Minute} })
		w.answer(url, func(ctx context.Context, _ posthorn.Request) posthorn.Outcome {
			_, err := w.store.Cancel(ctx, w.deliveries("")[0].ID, time.Now())
			w.must(err)
			return status(500)
		})
		w.start(seldomSweeping)
		synctest.Wait() // else it is claimed, not dispatched
		w.publish(1)
		pass(time.Hour)
		if sent := len(w.sentTo(url)); sent != 1 || claims != 0 {
			t.Errorf("%d requests and %d claims; want one request and no claim", sent, claims)
		}
	})
}
