package deliver_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
)

// clock is one that can be set. What it says remembers nothing of the time that really
// passed: so are moments that come from a database.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())).Round(0) }

func (c *clock) jump(by time.Duration) { c.ahead.Add(int64(by)) }

func (c *clock) use(o *deliver.Options) { o.Now = c.now }

// soon is within how long a jump of the clock is followed.
const soon = 31 * time.Second

// Invariant: when the clock is put back nothing is stuck for as long as the jump: not
// what waits in the database, nor retries, nor what a receiver, a rate limit or a
// breaker holds up; nothing comes before its time; and signatures have the time that
// the clock says.
func TestClockIsPutBack(t *testing.T) {
	t.Parallel()
	const jump = -5 * time.Hour
	for name, c := range map[string]struct {
		change  func(*posthorn.Webhook)
		answers []posthorn.Outcome
		publish int
		// before is how long it runs before the jump; 2.5 s unless it is said.
		before time.Duration
		// opens says that the breaker is open at the jump.
		opens bool
		// least and most are when the last request goes out, after the jump.
		least, most time.Duration
	}{
		"backlog": {
			change:  func(h *posthorn.Webhook) { h.Concurrency, h.Timeout = 1, time.Minute },
			publish: 200, most: soon + 4*time.Minute,
		},
		"retry": {
			change:  func(h *posthorn.Webhook) { h.RetrySchedule = []time.Duration{10 * time.Minute} },
			answers: []posthorn.Outcome{status(500)}, publish: 1,
			least: 7 * time.Minute, most: soon + 13*time.Minute,
		},
		"asked to wait": {
			answers: []posthorn.Outcome{{Reason: posthorn.ReasonSuccess, StatusCode: 429, RetryAfter: 20 * time.Minute}}, publish: 3,
			least: 19 * time.Minute, most: soon + 25*time.Minute,
		},
		"rate limit": {
			change:  func(h *posthorn.Webhook) { h.RateLimit = new(1) },
			publish: 60, least: 50 * time.Second, most: soon + 70*time.Second,
		},
		"breaker": {
			change:  func(h *posthorn.Webhook) { h.RetrySchedule = slices.Repeat([]time.Duration{time.Minute}, 5) },
			answers: slices.Repeat([]posthorn.Outcome{{Reason: posthorn.ReasonConnectionRefused}}, 23), publish: 60,
			before: 14 * time.Second, opens: true, most: soon + 5*time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, c, clock := newWorld(t), c, &clock{}
				var change []func(*posthorn.Webhook)
				if c.change != nil {
					change = append(change, c.change)
				}
				webhook := w.webhook(url, change...)
				w.answer(url, inOrder(time.Second, c.answers))
				w.start(clock.use)
				w.publish(c.publish)
				pass(cmp.Or(c.before, 2500*time.Millisecond))
				if isOpen := w.kept(webhook).Breaker.IsOpen(); isOpen != c.opens {
					t.Fatalf("before the jump the breaker is open: %v", isOpen)
				}
				jumped := time.Now()
				clock.jump(jump)
				pass(time.Hour)
				if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != c.publish {
					t.Fatalf("%d of %d delivered an hour after the jump", len(done), c.publish)
				}
				requests := w.sentTo(url)
				if want := c.publish + len(c.answers); len(requests) != want {
					t.Errorf("%d requests, want %d", len(requests), want)
				}
				if took := requests[len(requests)-1].at.Sub(jumped); took < c.least || took > c.most {
					t.Errorf("the last request came %v after the jump, want %v to %v", took, c.least, c.most)
				}
				w.wantTimestamps(requests, clock, jumped, jump)
			})
		})
	}
}

// wantTimestamps wants that requests were signed with the time of the clock when they
// left.
func (w *world) wantTimestamps(requests []sent, c *clock, jumped time.Time, jump time.Duration) {
	w.t.Helper()
	for _, r := range requests {
		said := r.at.Add(time.Duration(c.ahead.Load()))
		if r.at.Before(jumped) {
			said = said.Add(-jump)
		}
		if signed := timestampOf(w.t, r.request); said.Sub(signed).Abs() > 2*time.Second {
			w.t.Errorf("signed at %v when the clock said %v", signed, said)
		}
	}
}

func timestampOf(t *testing.T, request posthorn.Request) time.Time {
	t.Helper()
	for _, h := range request.Headers {
		if strings.EqualFold(h.Name, "webhook-timestamp") {
			seconds, err := strconv.ParseInt(h.Value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return time.Unix(seconds, 0)
		}
	}
	t.Fatal("a request without a timestamp")
	return time.Time{}
}

// inOrder answers after a delay with one outcome after the other, and then with
// successes.
func inOrder(delay time.Duration, outcomes []posthorn.Outcome) receiver {
	var next atomic.Int64
	return func(ctx context.Context, request posthorn.Request) posthorn.Outcome {
		outcome := status(200)
		if n := int(next.Add(1)); n <= len(outcomes) {
			outcome = outcomes[n-1]
		}
		return after(delay, outcome)(ctx, request)
	}
}

// counted counts how many requests are under way at most.
func counted(answer receiver) (receiver, *atomic.Int64) {
	var now, most atomic.Int64
	return func(ctx context.Context, request posthorn.Request) posthorn.Outcome {
		defer now.Add(-1)
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		return answer(ctx, request)
	}, &most
}

// Invariant: when the clock jumps forward (also: the machine slept) everything is due,
// soon, each delivery once, no more at a time than the receiver gets otherwise; and
// what is under way isn't sent again.
func TestClockJumpsForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, clock := newWorld(t), &clock{}
		const slow = "https://slow.example/"
		w.webhook(url, func(h *posthorn.Webhook) { h.RetrySchedule = []time.Duration{3 * time.Hour} })
		w.webhook(slow, func(h *posthorn.Webhook) { h.Timeout = time.Minute })
		var failed []posthorn.Outcome
		for range 9 {
			failed = append(failed, status(404))
		}
		answer, most := counted(inOrder(time.Second, failed))
		w.answer(url, answer)
		w.answer(slow, after(50*time.Second, status(200)))
		w.start(clock.use)
		w.publish(9)
		pass(45 * time.Second)
		if again := len(w.deliveries(posthorn.DeliverySucceeded)); again != 0 {
			t.Fatalf("%d have succeeded before the jump", again)
		}
		before := most.Load()
		clock.jump(4 * time.Hour)
		pass(soon + 40*time.Second)
		for _, d := range w.deliveries(posthorn.DeliverySucceeded) {
			if d.Attempts > 2 {
				t.Errorf("a delivery was tried %d times", d.Attempts)
			}
		}
		if got := len(w.sentTo(url)); got != 18 {
			t.Errorf("%d requests to the receiver that failed, want 18", got)
		}
		pass(10 * time.Minute)
		if got := len(w.sentTo(slow)); got != 9 {
			t.Errorf("%d requests to the slow receiver, want 9: what was under way was sent again", got)
		}
		// The pace doubles with each round of successes, and in the instant in which a round ends
		// some of it are counted beside those of the next.
		if after := most.Load(); after > 3*before {
			t.Errorf("%d requests at once after the jump, %d before", after, before)
		}
	})
}

// Invariant: while the database follows a clock that was put back, for however long that
// takes, what becomes due is claimed.
func TestClaimsGoOnWhileTheClockIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, clock := newWorld(t), &clock{}
		spy, following := w.spy(), make(chan struct{})
		var rewinds atomic.Int64
		spy.beforeRewind = func() {
			rewinds.Add(1)
			<-following
		}
		w.webhook(url, func(h *posthorn.Webhook) { h.RetrySchedule = []time.Duration{time.Minute} })
		w.start(clock.use)
		pass(time.Second)
		clock.jump(-5 * time.Hour)
		pass(soon)
		w.answer(url, inOrder(time.Second, []posthorn.Outcome{status(500)}))
		w.publish(1)
		pass(2 * time.Minute)
		if n := rewinds.Load(); n != 1 {
			t.Errorf("%d calls of Rewind are under way, want 1", n)
		}
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 1 {
			t.Error("a retry was not sent while the clock was followed")
		}
		close(following)
		w.stop()
	})
}
