package deliver_test

import (
	"fmt"
	"sync"
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

	mu   sync.Mutex
	busy time.Duration
	// now and most are how many of their claims are under way.
	now, most int
}

// await makes so many of them and pauses them while their deliveries are published; their
// claims will take so long.
func await(t *testing.T, count, waiting int, claimTime time.Duration) *backlogs {
	t.Helper()
	w := newWorld(t)
	b := &backlogs{world: w}
	b.healthy = w.webhook("https://healthy.example/", func(webhook *posthorn.Webhook) { webhook.Events = []string{"healthy"} })
	for n := range count {
		b.webhooks = append(b.webhooks, w.webhook(fmt.Sprintf("https://%d.example/", n), func(webhook *posthorn.Webhook) {
			webhook.Events, webhook.Status = []string{"backlog"}, posthorn.WebhookPaused
		}))
	}
	spy := w.spy()
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
// together, take a sixth of the time of one who claims, one at a time; all of them get
// their turns, and what is new isn't behind them. When nobody publishes they take all.
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
		const each, seconds = 30, 3 // three thousand a second
		for range seconds * 100 {
			b.publishType("backlog", each)
			b.publishFor(10 * time.Millisecond)
		}
		if waiting := len(b.deliveries(posthorn.DeliveryPending)); waiting > 0 {
			t.Errorf("%d wait although %d seconds have passed", waiting, seconds)
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
