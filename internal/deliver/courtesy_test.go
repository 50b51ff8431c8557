package deliver_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// How long claims of a backlog take at the database, and at one that is slow: so long that
// after the rest more have joined than a claim may have.
const (
	claimTime  = 2 * time.Millisecond
	slowClaims = 20 * time.Millisecond
)

// backlogs are webhooks that are resumed together, each with deliveries that wait, beside
// one that is healthy.
type backlogs struct {
	*world
	healthy  posthorn.Webhook
	webhooks []posthorn.Webhook
	// failing has the next claim of a backlog fail.
	failing atomic.Bool

	mu sync.Mutex
	// limits are what their claims asked for.
	limits []int
	busy   time.Duration
	// now and most are how many of their claims are under way.
	now, most int
}

// await makes so many of them and pauses them while their deliveries are published; their
// claims will take so long. What is published as only(n) goes to the one with that number.
func await(t *testing.T, count, waiting int, claimTime time.Duration) *backlogs {
	t.Helper()
	w := newWorld(t)
	b := &backlogs{world: w}
	b.healthy = w.webhook("https://healthy.example/", func(webhook *posthorn.Webhook) { webhook.Events = []string{"healthy"} })
	for n := range count {
		b.webhooks = append(b.webhooks, w.webhook(fmt.Sprintf("https://%d.example/", n), func(webhook *posthorn.Webhook) {
			webhook.Events, webhook.Status = []string{"backlog", only(n)}, posthorn.WebhookPaused
		}))
	}
	spy := w.spy()
	spy.beforeClaim = func(c store.Claim) error {
		if c.WebhookID == b.healthy.ID {
			return nil
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.limits = append(b.limits, c.Limit)
		if b.failing.Swap(false) {
			return errors.New("the database is away")
		}
		return nil
	}
	spy.afterClaim = func(c store.Claim) {
		if c.WebhookID == b.healthy.ID {
			return
		}
		b.note(1, claimTime)
		<-time.After(claimTime)
		b.note(-1, 0)
	}
	w.start(seldomSweeping)
	b.publishType("backlog", waiting)
	pass(time.Minute)
	return b
}

func only(number int) string { return fmt.Sprintf("only.%d", number) }

func (b *backlogs) note(claims int, busy time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy, b.now = b.busy+busy, b.now+claims
	b.most = max(b.most, b.now)
}

// spent returns for how long claims were under way, and how many at once, since it was
// called last.
func (b *backlogs) spent() (time.Duration, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	busy, most := b.busy, b.most
	b.busy, b.most = 0, b.now
	return busy, most
}

// asked returns what claims asked for since it was called last.
func (b *backlogs) asked() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	limits := b.limits
	b.limits = nil
	return limits
}

func (b *backlogs) resume() {
	b.t.Helper()
	for _, webhook := range b.webhooks {
		b.update(webhook.ID, func(webhook *posthorn.Webhook) { webhook.Status = posthorn.WebhookActive })
	}
}

func (b *backlogs) publishType(name string, count int) {
	b.t.Helper()
	for range count {
		receipt, err := b.intake.Publish(b.t.Context(), intake.Publication{EnvironmentID: b.environment.ID, Items: []intake.Item{{Type: name, Data: []byte("{}")}}})
		b.must(err)
		b.must(receipt.Results[0].Err)
	}
}

// publishFor publishes to the healthy webhook every ten milliseconds.
func (b *backlogs) publishFor(d time.Duration) {
	b.t.Helper()
	for range d / (10 * time.Millisecond) {
		b.publishType("healthy", 1)
		pass(10 * time.Millisecond)
	}
}

// Invariant: while others publish, the claims of long backlogs, however many came back
// together, take a sixth of the time of one who claims, one at a time, where claims are
// fast; all of them get their turns, and what is new isn't behind them. When nobody publishes they take all.
func TestLongBacklogsRestWhileOthersPublish(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 5} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := await(t, count, 6000, claimTime)
				b.publishFor(100 * time.Millisecond)
				b.resume()
				b.publishFor(200 * time.Millisecond) // they turn out to be long
				b.spent()
				const watched = time.Second
				b.publishFor(watched)
				if busy, most := b.spent(); busy > watched/6+claimTime || busy < watched/10 || most > 1 {
					t.Errorf("%v of %v were spent on claims of backlogs, %d at a time", busy, watched, most)
				}
				for _, webhook := range b.webhooks {
					if sent := len(b.sentTo(webhook.URL)); sent < 300/count {
						t.Errorf("%d deliveries of one of %d backlogs were sent", sent, count)
					}
				}
				if fresh := len(b.sentTo(b.healthy.URL)); fresh != 130 {
					t.Errorf("%d of 130 fresh deliveries were sent", fresh)
				}
				pass(time.Second)
				b.spent()
				pass(50 * time.Millisecond)
				if busy, _ := b.spent(); busy < 45*time.Millisecond {
					t.Errorf("%v of 50ms were spent on claims although nobody publishes", busy)
				}
			})
		})
	}
}

// Invariant: a backlog that is published to heavily gets shorter all the same, and ends,
// beside others who publish.
func TestGrowingBacklogEndsBesideOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 1, 2000, slowClaims)
		b.resume()
		const each, seconds = 30, 4 // three thousand a second
		for range seconds * 100 {
			b.publishType("backlog", each)
			b.publishFor(10 * time.Millisecond)
		}
		if waiting := len(b.deliveries(posthorn.DeliveryPending)); waiting > 0 {
			t.Errorf("%d wait although %d seconds have passed", waiting, seconds)
		}
	})
}

// Invariant: a backlog that grows so fast that its claims don't rest keeps no other one
// from being sent, nor what is new.
func TestGrowingBacklogStarvesNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 2, 2000, slowClaims)
		growing, other := b.webhooks[0], b.webhooks[1]
		b.publishType(only(0), 8000)
		b.resume()
		b.publishFor(500 * time.Millisecond) // they turn out to be long
		before := len(b.sentTo(other.URL))
		const each = 60 // six thousand a second
		for range 100 {
			b.publishType(only(0), each)
			b.publishFor(10 * time.Millisecond)
		}
		if left := b.stats(growing.ID).Pending; left < 1000 {
			t.Fatalf("%d wait for the growing one: it proves nothing", left)
		}
		if sent := len(b.sentTo(other.URL)) - before; sent < 100 {
			t.Errorf("%d deliveries of the other backlog were sent in a second", sent)
		}
		if fresh := len(b.sentTo(b.healthy.URL)); fresh != 150 {
			t.Errorf("%d of 150 fresh deliveries were sent", fresh)
		}
	})
}

// Invariant: a long backlog that has rested is claimed next, however many other webhooks
// are due all the time.
func TestBusyClaimsStarveNoBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 1, 3000, slowClaims)
		var busy []posthorn.Webhook
		for range 50 { // more than are claimed at once
			busy = append(busy, b.webhook("https://busy.example/", func(webhook *posthorn.Webhook) { webhook.Events = []string{"nothing"} }))
		}
		b.publishFor(100 * time.Millisecond)
		b.resume()
		b.publishFor(200 * time.Millisecond) // it turns out to be long
		before := len(b.sentTo(b.webhooks[0].URL))
		for range 100 {
			for _, webhook := range busy {
				b.engine.Wake(b.environment.ID, webhook.ID)
			}
			b.publishFor(10 * time.Millisecond)
		}
		if sent := len(b.sentTo(b.webhooks[0].URL)) - before; sent < 100 {
			t.Errorf("%d deliveries of the backlog were sent in a second", sent)
		}
	})
}

// Invariant: a backlog whose turn it is goes on when another one's claim and the rest after
// it are over, also when that one has ended and nothing else happens.
func TestRestsEndWithTheClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 2, 300, 10*time.Millisecond)
		large := b.webhooks[0]
		b.publishType(only(0), 5700)
		b.publishFor(100 * time.Millisecond)
		b.resume()
		b.publishFor(3 * time.Second)
		if b.stats(large.ID).Pending == 0 || b.stats(b.webhooks[1].ID).Pending > 0 {
			t.Fatal("the large one has ended, or the small one has not: it proves nothing")
		}
		requests := append(b.sentTo(large.URL), sent{at: time.Now()})
		for i, request := range requests[1:] {
			if silent := request.at.Sub(requests[i].at); silent > 150*time.Millisecond {
				t.Errorf("nothing of the large one was sent for %v", silent)
			}
		}
	})
}

// Invariant: a claim that fails doesn't make a long backlog forget what it owes to others.
func TestFailedClaimEndsNoCourtesy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 1, 3000, claimTime)
		b.publishFor(100 * time.Millisecond)
		b.resume()
		b.publishFor(200 * time.Millisecond) // it turns out to be long
		b.asked()
		b.failing.Store(true)
		b.publishFor(2 * time.Second)
		if b.failing.Load() {
			t.Fatal("no claim has failed")
		}
		if largest := slices.Max(b.asked()); largest > 8 {
			t.Errorf("after a claim that failed one asks for %d", largest)
		}
	})
}

// Invariant: a retry that falls due waits for no long backlog, also while that rests.
func TestRetryWaitsForNoBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := await(t, 5, 2000, claimTime)
		const shy = "https://shy.example/"
		webhook := b.webhook(shy, func(webhook *posthorn.Webhook) {
			webhook.Events, webhook.RetrySchedule = []string{"shy"}, []time.Duration{time.Second}
		})
		b.answer(shy, inOrder(0, []posthorn.Outcome{{Reason: posthorn.ReasonConnectionRefused}}))
		b.publishType("shy", 1)
		synctest.Wait()
		b.resume()
		due, err := b.store.Deliveries(t.Context(), store.DeliveryQuery{WebhookID: webhook.ID, Page: posthorn.Page{Limit: 1}})
		b.must(err)
		b.publishFor(2 * time.Second)
		if len(b.deliveries(posthorn.DeliveryPending)) == 0 {
			t.Fatal("no backlog is left")
		}
		sent := b.sentTo(shy)
		if len(sent) != 2 || sent[1].at.After(due[0].DueAt.Add(claimTime+time.Millisecond)) {
			t.Errorf("the retry that was due at %v was sent at %v", due[0].DueAt, sent)
		}
	})
}
