package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
)

// Invariant: when our own network fails, no webhook pays for it: few requests go
// out, failures to connect use up no retries and open no breaker, it is told once;
// and when the network is back everything is delivered.
func TestUplinkFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const webhooks = 60
		w := newWorld(t)
		var isCut atomic.Bool
		var under, most atomic.Int32
		var registered []posthorn.Webhook
		for i := range webhooks {
			address := fmt.Sprintf("https://r%d.example", i)
			registered = append(registered, w.webhook(address, func(webhook *posthorn.Webhook) { webhook.Retries = new(1) }))
			w.answer(address, func(ctx context.Context, r posthorn.Request) posthorn.Outcome {
				most.Store(max(most.Load(), under.Add(1)))
				defer under.Add(-1)
				if isCut.Load() {
					return after(5*time.Second, posthorn.Outcome{Reason: posthorn.ReasonConnectTimeout})(ctx, r)
				}
				return after(50*time.Millisecond, status(200))(ctx, r)
			})
		}
		var log bytes.Buffer
		w.start(seldomSweeping, func(o *deliver.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		synctest.Wait()
		w.publish(2)
		pass(time.Minute)
		isCut.Store(true)
		w.publish(5)
		pass(20 * time.Second)
		if since, isDown := w.engine.UplinkDown(); !isDown || time.Since(since) > 20*time.Second {
			t.Fatalf("down: %v since %v", isDown, since)
		}
		before := w.countSent()
		most.Store(0)
		pass(3 * time.Hour)
		if probes := w.countSent() - before; probes == 0 || most.Load() > 4 {
			t.Errorf("%d requests in three hours without a network, %d at once", probes, most.Load())
		}
		for _, status := range []posthorn.DeliveryStatus{posthorn.DeliveryExhausted, posthorn.DeliveryExpired} {
			if lost := w.deliveries(status); len(lost) > 0 {
				t.Fatalf("%d deliveries are %s, the first %+v", len(lost), status, lost[0])
			}
		}
		isCut.Store(false)
		pass(30 * time.Minute)
		if done := w.deliveries(posthorn.DeliverySucceeded); len(done) != 7*webhooks {
			t.Errorf("%d of %d delivered soon after the network came back", len(done), 7*webhooks)
		}
		for _, webhook := range registered {
			if w.kept(webhook).Breaker.IsOpen() {
				t.Error("a breaker is open")
			}
		}
		if _, isDown := w.engine.UplinkDown(); isDown {
			t.Error("the network is still taken to be down")
		}
		if begins, ends := strings.Count(log.String(), "taken to have failed"), strings.Count(log.String(), "reached again"); begins != 1 || ends != 1 {
			t.Errorf("told %d times that it failed and %d times that it is back:\n%s", begins, ends, log.String())
		}
	})
}

func (w *world) countSent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

// Invariant: a workspace whose receivers are all switched off pays for that itself,
// and the deliveries of others are not held up.
func TestOneWorkspaceIsNotTheUplink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 50 {
			w.webhook(fmt.Sprintf("https://r%d.example", i), func(webhook *posthorn.Webhook) { webhook.Retries = new(0) })
		}
		w.start()
		w.publish(2)
		w.elsewhere(func() {
			w.webhook(lone)
			w.publish(1)
			pass(time.Minute)
		})
		for i := range 50 {
			w.answer(fmt.Sprintf("https://r%d.example", i), always(posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused}))
		}
		w.publish(5)
		pass(time.Minute)
		if _, isDown := w.engine.UplinkDown(); isDown {
			t.Error("one workspace's receivers are taken for our own network")
		}
		if failed := w.deliveries(posthorn.DeliveryExhausted); len(failed) != 250 {
			t.Errorf("%d of 250 deliveries to receivers that are off ended", len(failed))
		}
	})
}
