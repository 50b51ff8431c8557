package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: a fresh delivery does not overtake a backlog that is due, even when
// there is room for it in memory.
func TestFreshDoesNotOvertakeTheBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setConcurrency(1))
		w.answer(url, after(time.Second, status(200)))
		w.start()
		synctest.Wait()
		w.publish(60) // more than fit in memory
		pass(5500 * time.Millisecond)
		if len(w.deliveries(posthorn.DeliveryPending)) == 0 {
			t.Fatal("there is no backlog")
		}
		w.publish(3)
		var fresh []string
		for _, d := range w.deliveries("")[:3] {
			fresh = append(fresh, d.EventPublicID)
		}
		pass(2 * time.Minute)
		sent := w.sentTo(url)
		if len(sent) != 63 {
			t.Fatalf("%d requests, want 63", len(sent))
		}
		for i, s := range sent {
			if isFresh := slices.Contains(fresh, headers(s.request)["webhook-id"]); isFresh != (i >= 60) {
				t.Errorf("request %d of 63: fresh %v", i+1, isFresh)
			}
		}
	})
}

// Invariant: a claim that fails is tried again soon; nobody has to find the work
// a second time.
func TestFailedClaimIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		var refusals atomic.Int32
		w.spy().beforeClaim = func(store.Claim) error {
			if refusals.Add(1) <= 3 {
				return errors.New("the database is away")
			}
			return nil
		}
		w.answer(url, always(status(500)))
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(1)
		synctest.Wait()
		w.answer(url, nil)
		pass(15 * time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 1 {
			t.Errorf("not delivered after %d claims: %+v", refusals.Load(), w.deliveries(""))
		}
	})
}

// Invariant: claims are few and large: a webhook asks for more when at least
// half of what it may hold is gone, not after each delivery.
func TestClaimsAreFewAndLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setConcurrency(1))
		w.answer(url, after(time.Second, status(200)))
		q := w.spy()
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(500)
		pass(time.Hour)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 500 {
			t.Fatalf("%d of 500 delivered", len(done))
		}
		if count, jobs := q.claims(); count == 0 || jobs < 16*count {
			t.Errorf("%d claims for %d deliveries", count, jobs)
		}
	})
}

// Invariant: who publishes steadily while a short backlog is claimed does not feed
// the next one: what its receiver takes at once stays out of the database's queue.
func TestShortBacklogEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setConcurrency(64))
		w.answer(url, after(2*time.Millisecond, status(200)))
		q := w.spy()
		q.afterClaim = func(store.Claim) { pass(5 * time.Millisecond) }
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(50) // more than fit in memory at first
		for range 1000 {
			pass(time.Millisecond)
			w.publish(1)
		}
		pass(time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 1050 {
			t.Fatalf("%d of 1050 delivered", len(done))
		}
		if _, jobs := q.claims(); jobs == 0 || jobs > 100 {
			t.Errorf("%d of 1050 deliveries went through the database's queue", jobs)
		}
	})
}

// Invariant: work that nobody announced is found, also long after the start.
func TestSweepFindsWhatNobodyAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url)
		w.start(func(o *deliver.Options) { o.SweepEvery = time.Minute })
		synctest.Wait()
		for round := range 3 {
			pass(10 * time.Minute)
			w.publishUnannounced(2)
			pass(61 * time.Second)
			if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 2*(round+1) {
				t.Fatalf("round %d: %d delivered in all", round+1, len(done))
			}
		}
	})
}

// Invariant: one sweep finds every webhook that has work, however many they are.
func TestSweepFindsEveryWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const webhooks = 2001
		w := newWorld(t)
		for i := range webhooks {
			w.webhook(fmt.Sprintf("https://r%d.example", i))
		}
		w.start(func(o *deliver.Options) { o.SweepEvery = time.Minute })
		synctest.Wait()
		pass(time.Second)
		w.publishUnannounced(1)
		pass(90 * time.Second)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != webhooks {
			t.Errorf("%d of %d delivered by one sweep", len(done), webhooks)
		}
	})
}

// Invariant: many webhooks that are due at once are claimed side by side: the
// last one does not wait for a commit of each of the others.
func TestDueWebhooksAreClaimedSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const webhooks, commit = 1000, 5 * time.Millisecond
		w := newWorld(t)
		w.spy().afterClaim = func(store.Claim) { pass(commit) }
		var mu sync.Mutex
		tries := map[string]int{}
		for i := range webhooks {
			address := fmt.Sprintf("https://r%d.example", i)
			w.webhook(address, func(webhook *posthorn.Webhook) { webhook.RetrySchedule = []time.Duration{time.Nanosecond} })
			w.answer(address, func(context.Context, posthorn.Request) posthorn.Outcome {
				mu.Lock()
				defer mu.Unlock()
				if tries[address]++; tries[address] == 1 {
					return status(500)
				}
				return status(200)
			})
		}
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(1)
		pass(webhooks * commit / 4)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != webhooks {
			t.Errorf("%d of %d retries were made in a quarter of the time that their commits take one by one", len(done), webhooks)
		}
	})
}

// Invariant: cancelling the long backlogs of deleted webhooks, more of them than
// are looked after at once, does not hold up the retries of another webhook.
func TestDeletedBacklogHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const healthy, chunks = "https://healthy.example", 20_000
		var deleted []posthorn.WebhookID
		for range 10 {
			deleted = append(deleted, w.webhook(url, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookPaused }).ID)
		}
		w.webhook(healthy)
		var cancelled atomic.Int32
		w.spy().cancelPending = func() (int, error) { // nearly a minute's worth of full chunks
			pass(20 * time.Millisecond)
			if cancelled.Add(1) <= chunks {
				return 500, nil
			}
			return 0, nil
		}
		w.answer(healthy, always(status(500)))
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(1)
		synctest.Wait()
		w.answer(healthy, nil)
		for _, id := range deleted {
			w.update(id, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookDeleted })
		}
		pass(7 * time.Second)
		if len(w.sentTo(healthy)) != 2 {
			t.Error("the other webhook's retry, due after 4 to 6 s, has not left after 7 s")
		}
		pass(5 * time.Minute)
		if cancelled.Load() < chunks {
			t.Errorf("%d of %d chunks were cancelled", cancelled.Load(), chunks)
		}
	})
}

// Invariant: of a long backlog a little is claimed at a time, which publishers don't
// notice; what joins it meanwhile comes on top, so that it gets shorter while others
// publish.
func TestClaimsGrowWithWhatJoins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webhook(url, setConcurrency(64))
		w.answer(url, after(10*time.Millisecond, status(200)))
		var mu sync.Mutex
		largest := 0
		w.spy().beforeClaim = func(c store.Claim) error {
			mu.Lock()
			defer mu.Unlock()
			largest = max(largest, c.Limit)
			return nil
		}
		seen := func() int {
			mu.Lock()
			defer mu.Unlock()
			was := largest
			largest = 0
			return was
		}
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(5000)
		pass(200 * time.Millisecond)
		seen() // those first ones take what joined before them
		pass(200 * time.Millisecond)
		const usual, joining = 64, 100
		if claimed := seen(); claimed != usual {
			t.Errorf("up to %d claimed of a backlog, want %d", claimed, usual)
		}
		w.publish(joining)
		pass(200 * time.Millisecond)
		if claimed := seen(); claimed <= usual || claimed > usual+joining {
			t.Errorf("up to %d claimed after %d joined, want more than %d", claimed, joining, usual)
		}
		pass(time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 5000+joining {
			t.Errorf("%d delivered", len(done))
		}
	})
}
