package deliver_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/store"
)

// heldUp are claims that were made and of which the engine has not heard yet.
type heldUp struct {
	*spyQueue
	made, goOn chan struct{}
}

// holdUp holds up so many claims of the engine that is started next.
func (w *world) holdUp(claims int32) heldUp {
	h := heldUp{w.spy(), make(chan struct{}), make(chan struct{})}
	var seen atomic.Int32
	h.afterClaim = func(store.Claim) {
		if seen.Add(1) <= claims {
			h.made <- struct{}{}
			<-h.goOn
		}
	}
	return h
}

// failFirst has the first claim fail.
func (h heldUp) failFirst() {
	var seen atomic.Int32
	h.beforeClaim = func(store.Claim) error {
		if seen.Add(1) == 1 {
			return errors.New("the database is away")
		}
		return nil
	}
}

// during does something while a claim is under way.
func (h heldUp) during(do func()) {
	<-h.made
	do()
	h.goOn <- struct{}{}
}

// publishFresh publishes events and returns their ids.
func (w *world) publishFresh(count int) []string {
	w.t.Helper()
	w.publish(count)
	var fresh []string
	for _, d := range w.deliveries("")[:count] {
		fresh = append(fresh, d.EventPublicID)
	}
	return fresh
}

// wantBehind wants that all of the fresh ones were sent, behind so many other requests.
func (w *world) wantBehind(fresh []string, others int) {
	w.t.Helper()
	sent := 0
	for i, s := range w.sentTo(url) {
		if !slices.Contains(fresh, eventOf(s.request)) {
			continue
		}
		if sent++; i < others {
			w.t.Errorf("a fresh delivery was sent behind %d others, want %d", i, others)
		}
	}
	if sent != len(fresh) {
		w.t.Errorf("%d of %d fresh ones were sent", sent, len(fresh))
	}
}

// Invariant: what is published while a part of a long backlog is being claimed does not
// overtake the rest, also when the claim leaves room in memory.
func TestFreshDoesNotOvertakeWhatIsBeingClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const claims, backlog = 9, 800 // the window opens as they are sent
		w := newWorld(t)
		w.webhook(url, setConcurrency(1))
		w.answer(url, after(time.Second, status(200)))
		held := w.holdUp(claims)
		w.start(seldomSweeping, func(o *deliver.Options) { o.MaxHeldBytes = 1 << 20 }) // less than a webhook may hold
		synctest.Wait()
		w.publish(backlog)
		var fresh []string
		for range claims {
			held.during(func() { fresh = append(fresh, w.publishFresh(2)...) })
		}
		pass(time.Hour)
		w.wantBehind(fresh, backlog)
	})
}

// Invariant: what is published while nobody knows how much waits in the database does not
// overtake it: after a resume, after a claim that failed, and when the sweep has found it.
func TestFreshDoesNotOvertakeWhatWasNotCounted(t *testing.T) {
	t.Parallel()
	const backlog = 200
	setStatus := func(status posthorn.WebhookStatus) func(*posthorn.Webhook) {
		return func(webhook *posthorn.Webhook) { webhook.Status = status }
	}
	for name, wait := range map[string]func(w *world, webhook posthorn.Webhook){
		"resumed": func(w *world, webhook posthorn.Webhook) {
			w.update(webhook.ID, setStatus(posthorn.WebhookPaused))
			w.publish(backlog)
			pass(time.Minute)
			w.update(webhook.ID, setStatus(posthorn.WebhookActive))
		},
		"failed claim": func(w *world, _ posthorn.Webhook) { w.publish(backlog) },
		"swept":        func(w *world, _ posthorn.Webhook) { w.publishUnannounced(backlog) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url, setConcurrency(1))
				w.answer(url, after(time.Second, status(200)))
				held := w.holdUp(1)
				if name == "failed claim" {
					held.failFirst()
				}
				w.start()
				pass(time.Second)
				wait(w, webhook)
				var fresh []string
				held.during(func() { fresh = w.publishFresh(2) })
				pass(10 * time.Minute)
				w.wantBehind(fresh, backlog)
			})
		})
	}
}

// Invariant: what is published while a long backlog waits until it can be claimed, because
// so many others are, does not overtake it.
func TestFreshDoesNotOvertakeWhatIsToBeClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const claimsAtOnce, backlog = 8, 200
		w := newWorld(t)
		webhook := w.webhook(url, setConcurrency(1), func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookPaused })
		w.answer(url, after(time.Second, status(200)))
		held := w.holdUp(claimsAtOnce)
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(backlog)
		pass(time.Minute)
		for range claimsAtOnce {
			other := w.webhook("https://other.example", func(webhook *posthorn.Webhook) { webhook.Events = []string{"nothing"} })
			w.engine.Wake(w.environment.ID, other.ID)
		}
		synctest.Wait()
		w.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookActive })
		fresh := w.publishFresh(2)
		for range claimsAtOnce {
			held.during(func() {})
		}
		pass(10 * time.Minute)
		w.wantBehind(fresh, backlog)
	})
}

// Invariant: what is published when the wait that a receiver asked for is over does not
// overtake what was given back at its beginning.
func TestFreshDoesNotOvertakeWhatWasGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const first = 30 // fit in memory
		w := newWorld(t)
		w.webhook(url, setConcurrency(1))
		w.answer(url, inOrder(time.Second, []posthorn.Outcome{waitAnHour()}))
		held := w.holdUp(1)
		w.start(seldomSweeping)
		synctest.Wait()
		w.publish(first)
		var fresh []string
		held.during(func() { fresh = w.publishFresh(2) })
		pass(10 * time.Minute)
		const asked = 1 // the request whose answer was to wait
		w.wantBehind(fresh, asked+first-1)
	})
}

// Invariant: what is let in while a claim is under way and what that yields together fit
// into the webhook's window, and into its bound in bytes.
func TestRoomIsKeptForTheClaim(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ size, claimed, letIn, most int }{
		"deliveries": {size: 2, claimed: 16, letIn: 16, most: 32},
		"bytes":      {size: 512 << 10, claimed: 4, letIn: 4, most: 8},
		"large ones": {size: 3 << 20, claimed: 1, letIn: 0, most: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				webhook := w.webhook(url)
				w.answer(url, after(time.Hour, status(200)))
				held := w.holdUp(1)
				w.start(seldomSweeping)
				synctest.Wait()
				w.publishWith(w.unannounced(), 40, dataOf(c.size))
				w.engine.Wake(w.environment.ID, webhook.ID)
				held.during(func() {
					claimed := len(w.deliveries(posthorn.DeliveryLeased))
					w.publishBytes(40, c.size)
					if both := len(w.deliveries(posthorn.DeliveryLeased)); claimed != c.claimed || both-claimed != c.letIn {
						t.Errorf("%d claimed and %d let in meanwhile, want %d and %d", claimed, both-claimed, c.claimed, c.letIn)
					}
				})
				pass(time.Minute)
				const alone = 1 // a claim yields one delivery, however large
				if leased := len(w.deliveries(posthorn.DeliveryLeased)); leased < c.most || leased > c.most+alone {
					t.Errorf("%d deliveries in memory, want %d", leased, c.most)
				}
			})
		})
	}
}
