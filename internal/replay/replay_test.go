package replay_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: a replay makes every wanted delivery due, once, however little its
// receiver takes at a time, and never more at once than one step's share; an event
// that is published meanwhile is sent after no more than that.
func TestNewEventsWaitBehindOneStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const old, each = 2000, 50
		w := newWorld(t)
		webhook := w.webhook()
		want := w.exhausted(webhook, old)
		id := w.replay(webhook)
		w.run()
		var sent []posthorn.DeliveryID
		fresh := map[posthorn.DeliveryID]int{} // how much had been sent when it came
		for len(sent) < 2*old && (w.kept(id).Status == posthorn.ReplayRunning || w.pending(webhook) > 0) {
			pass(100 * time.Millisecond)
			if pending := w.pending(webhook); pending > replay.Share+1 {
				t.Fatalf("%d deliveries are pending", pending)
			}
			fresh[w.publish(webhook, 1)[0]] = len(sent)
			sent = append(sent, w.send(webhook, each, posthorn.DeliverySucceeded)...)
		}
		for d, before := range fresh {
			at := slices.Index(sent, d)
			if behind := at - before; at >= 0 && behind > replay.Share+1 {
				t.Errorf("a new event was sent behind %d others", behind)
			}
		}
		again := slices.DeleteFunc(slices.Clone(sent), func(d posthorn.DeliveryID) bool { _, isFresh := fresh[d]; return isFresh })
		if !slices.Equal(again, want) {
			t.Errorf("%d deliveries were sent again, want each of %d once, in order", len(again), old)
		}
		if r := w.kept(id); r.Status != posthorn.ReplayDone || r.Replayed != old || r.Examined != old {
			t.Errorf("the replay: %+v", r)
		}
		if w.wakes(webhook) < old/replay.Share {
			t.Errorf("the engine was told %d times", w.wakes(webhook))
		}
	})
}

// Invariant: nothing is stepped while the webhook is paused; it goes on within
// seconds when the webhook is resumed, and at once when the runner is told.
func TestPausedWebhookPausesItsReplay(t *testing.T) {
	t.Parallel()
	for _, isTold := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			webhook := w.webhook()
			w.exhausted(webhook, 3*replay.Share)
			w.setStatus(webhook, posthorn.WebhookPaused)
			id := w.replay(webhook)
			w.run()
			pass(time.Hour)
			if r := w.kept(id); r.Examined != 0 || r.Status != posthorn.ReplayRunning {
				t.Fatalf("while it is paused: %+v", r)
			}
			w.setStatus(webhook, posthorn.WebhookActive)
			if isTold {
				w.runner.Kick()
				synctest.Wait()
			} else {
				pass(5 * time.Second)
			}
			if r := w.kept(id); r.Replayed != half {
				t.Errorf("after it was resumed: %+v", r)
			}
		})
	}
}

// Invariant: a cancelled replay makes nothing due any more, and the runner goes on
// with the others.
func TestCancelledReplayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook, other := w.webhook(), w.webhook()
		w.exhausted(webhook, 3*replay.Share)
		w.exhausted(other, half-1)
		id := w.replay(webhook)
		w.run()
		synctest.Wait()
		if _, err := w.CancelReplay(t.Context(), id, time.Now()); err != nil {
			t.Fatal(err)
		}
		w.send(webhook, 1000, posthorn.DeliverySucceeded)
		second := w.replay(other)
		pass(time.Minute)
		if r := w.kept(id); r.Replayed != half || w.pending(webhook) != 0 {
			t.Errorf("%d pending, and the replay: %+v", w.pending(webhook), r)
		}
		if r := w.kept(second); r.Status != posthorn.ReplayDone {
			t.Errorf("the other replay: %+v", r)
		}
	})
}

// Invariant: replays take turns, so that a long one doesn't hold up a short one.
func TestReplaysTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var ids []posthorn.ReplayID
		var webhooks []posthorn.WebhookID
		for range 4 {
			webhook := w.webhook()
			w.exhausted(webhook, 5*replay.Share)
			webhooks, ids = append(webhooks, webhook), append(ids, w.replay(webhook))
		}
		w.run()
		for range 40 {
			pass(50*time.Millisecond + time.Microsecond) // never at the instant of a step
			for _, webhook := range webhooks {
				w.send(webhook, 1000, posthorn.DeliverySucceeded)
			}
			var replayed []int64
			for _, id := range ids {
				replayed = append(replayed, w.kept(id).Replayed)
			}
			if ahead := slices.Max(replayed) - slices.Min(replayed); ahead > replay.Share {
				t.Fatalf("one is %d deliveries ahead of another: %v", ahead, replayed)
			}
		}
		for _, id := range ids {
			if r := w.kept(id); r.Status != posthorn.ReplayDone {
				t.Errorf("a replay: %+v", r)
			}
		}
	})
}

// Invariant: a runner that starts finds the replays that are running, and goes on
// where another one stopped: nothing is passed over, nothing made due twice.
func TestReplaysOutliveTheRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const old = 1000
		w := newWorld(t)
		webhook := w.webhook()
		want := w.exhausted(webhook, old)
		id := w.replay(webhook)
		var sent []posthorn.DeliveryID
		for range 2 * old / half {
			stop := w.run()
			synctest.Wait()
			stop()
			sent = append(sent, w.send(webhook, 1000, posthorn.DeliverySucceeded)...)
		}
		if r := w.kept(id); r.Status != posthorn.ReplayDone || !slices.Equal(sent, want) {
			t.Errorf("%d of %d were sent, and the replay: %+v", len(sent), old, r)
		}
	})
}

// Invariant: while somebody publishes few deliveries at a time are made due, however many places the webhook
// has; and when nobody does any more, it goes faster again.
func TestReplayIsGentleWhileOthersPublish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 4
		w := newWorld(t)
		webhook := w.webhook()
		w.exhausted(webhook, 40*replay.Share)
		w.publishing.Store(true)
		id := w.replay(webhook)
		w.run()
		for range 20 {
			pass(100 * time.Millisecond)
			if pending := w.pending(webhook); pending > most {
				t.Fatalf("%d are pending, want at most %d", pending, most)
			}
			w.send(webhook, most, posthorn.DeliverySucceeded)
		}
		if r := w.kept(id); r.Replayed == 0 {
			t.Error("nothing is replayed while others publish")
		}
		w.publishing.Store(false)
		freely := 0
		for range 20 {
			pass(100 * time.Millisecond)
			freely = max(freely, w.pending(webhook))
			w.send(webhook, 1000, posthorn.DeliverySucceeded)
		}
		if freely != replay.Share {
			t.Errorf("%d are pending when nobody publishes, want %d", freely, replay.Share)
		}
	})
}

// Invariant: however often the runner is told that something changed, it is a pause from
// one step to the next.
func TestKicksHurryNoStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const steps, longer, apart = 8, 4 + 8, 5 * time.Millisecond
		w := newWorld(t)
		webhook := w.webhook()
		w.exhausted(webhook, 2*steps*replay.Share)
		want := int64(longer + (steps-2)*replay.Share)
		id := w.replay(webhook)
		began := time.Now()
		w.run()
		for time.Since(began) < (steps-1)*apart+apart/2 {
			w.runner.Kick()
			pass(time.Millisecond)
			w.send(webhook, 1000, posthorn.DeliverySucceeded)
		}
		if r := w.kept(id); r.Replayed != want {
			t.Errorf("%d deliveries were made due, want %d in %d steps", r.Replayed, want, steps)
		}
	})
}

// Invariant: a receiver that hasn't taken one step's deliveries before the next gets no
// more than half of its places filled, so that a new event finds one free.
func TestSlowReceiverKeepsPlacesFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook()
		w.exhausted(webhook, 20*replay.Share)
		w.replay(webhook)
		w.run()
		for range 20 { // it is fast
			pass(20*time.Millisecond + time.Microsecond) // never at the instant of a step
			w.send(webhook, 1000, posthorn.DeliverySucceeded)
		}
		pass(20*time.Millisecond + time.Microsecond)
		if pending := w.pending(webhook); pending != replay.Share {
			t.Errorf("%d are pending for a fast receiver, want %d", pending, replay.Share)
		}
		w.send(webhook, replay.Share-1, posthorn.DeliverySucceeded)
		for range 1000 { // it takes one after the other now
			pass(50*time.Millisecond + time.Microsecond)
			if pending := w.pending(webhook); pending > half {
				t.Fatalf("%d are pending for a slow receiver, want at most %d", pending, half)
			}
			w.send(webhook, 1, posthorn.DeliverySucceeded)
		}
	})
}

// Invariant: replays leave the database to others for half of its time at least, and for
// nine tenths while somebody publishes; where steps are slow for less, but each makes more
// due, so that replays go on.
func TestReplaysLeaveTheDatabaseToOthers(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		isPublishing bool
		each         time.Duration
		least, most  float64
		// slowest and fastest is what is replayed in a second.
		slowest, fastest int64
	}{
		{true, 4 * time.Millisecond, 0.08, 0.11, 80, 100},
		{true, 5 * time.Millisecond, 0.08, 0.11, 250, 320},
		{true, 30 * time.Millisecond, 0.2, 0.24, 100, 130},
		{false, 4 * time.Millisecond, 0.4, 0.51, 1500, 2000},
		{false, 30 * time.Millisecond, 0.4, 0.51, 200, 270},
	} {
		synctest.Test(t, func(t *testing.T) {
			const lasts = 2
			each := one.each
			w := newWorld(t)
			webhook := w.webhook()
			w.exhausted(webhook, 260*replay.Share)
			w.publishing.Store(one.isPublishing)
			slow := &slowQueue{Replaying: w, each: each}
			w.runner = replay.New(replay.Options{Queue: slow, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Due: w.due, Publishing: w.isPublishing})
			id := w.replay(webhook)
			stop := w.run()
			for began := time.Now(); time.Since(began) < lasts*time.Second; {
				pass(3 * time.Millisecond)
				w.send(webhook, 1000, posthorn.DeliverySucceeded)
			}
			stop()
			if part := slow.busy.Seconds() / lasts; part > one.most || part < one.least {
				t.Errorf("with steps of %v the database was busy for %.2f of the time, want %.2f to %.2f", each, part, one.least, one.most)
			}
			if rate := w.kept(id).Replayed / lasts; rate < one.slowest || rate > one.fastest {
				t.Errorf("with steps of %v %d a second were replayed, want %d to %d", each, rate, one.slowest, one.fastest)
			}
		})
	}
}

// slowQueue takes a while for each step.
type slowQueue struct {
	store.Replaying
	each, busy time.Duration
}

func (s *slowQueue) StepReplay(ctx context.Context, step store.ReplayStep) (posthorn.Replay, error) {
	pass(s.each)
	s.busy += s.each
	return s.Replaying.StepReplay(ctx, step)
}

// Invariant: while the webhook's receiver fails, a replay sends one delivery at a time,
// when a probe is due and nothing else is there to be it: else nothing would ever find
// out that the receiver answers again.
func TestReplayProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		webhook := w.webhook()
		w.exhausted(webhook, 3*half)
		setBreaker := func(breaker posthorn.Breaker) {
			_, err := w.UpdateWebhook(t.Context(), webhook, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
				changed.Breaker = breaker
				return changed, nil
			})
			w.must(err)
		}
		setBreaker(posthorn.Breaker{OpenedAt: time.Now(), NextProbeAt: time.Now().Add(time.Minute), ChangedAt: time.Now()})
		id := w.replay(webhook)
		w.run()
		for _, want := range []int64{0, 1, 2} {
			pass(50 * time.Second)
			if r := w.kept(id); r.Replayed != want || w.pending(webhook) != int(min(want, 1)) {
				t.Fatalf("%d are pending, want %d sent again: %+v", w.pending(webhook), want, r)
			}
			w.send(webhook, 10, posthorn.DeliveryExhausted)
		}
		setBreaker(posthorn.Breaker{})
		pass(time.Minute)
		w.send(webhook, 100, posthorn.DeliverySucceeded)
		pass(time.Minute)
		if r := w.kept(id); r.Replayed < 3+half {
			t.Errorf("when the receiver answers again: %+v", r)
		}
	})
}
