package deliver_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/replay"
)

// Invariant: a new event finds a place free, while a replay goes on to a slow receiver
// that had been so fast that much of what is for it may be held in memory: it isn't
// behind the replay's requests, but for one that was claimed with it.
func TestNewEventsFindAPlaceBesideAReplay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const old, concurrency = 2000, 8
		w := newWorld(t)
		w.start()
		webhook := w.webhook("r", func(webhook *posthorn.Webhook) { webhook.Concurrency = concurrency })
		w.publish(old)
		pass(time.Minute)
		if done := w.stats(webhook.ID).Succeeded; done != old {
			t.Fatalf("%d deliveries succeeded", done)
		}
		w.answer("r", after(100*time.Millisecond, status(200)))
		runner := replay.New(replay.Options{Queue: w.store, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Due: w.engine.Wake, Publishing: w.engine.Publishing})
		w.must(w.store.CreateReplay(t.Context(), posthorn.Replay{
			ID: posthorn.NewID[posthorn.ReplayID](time.Now(), w.random), WebhookID: webhook.ID, EnvironmentID: webhook.EnvironmentID,
			Statuses: []posthorn.DeliveryStatus{posthorn.DeliverySucceeded}, Status: posthorn.ReplayRunning, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			runner.Run(ctx)
		}()
		pass(5 * time.Second)
		before := w.sentTo("r")
		w.publish(1)
		pass(10 * time.Second)
		cancel()
		<-done
		known := map[string]bool{}
		for _, s := range before[:old] {
			known[eventOf(s.request)] = true
		}
		later := w.sentTo("r")[len(before):]
		own := slices.IndexFunc(later, func(s sent) bool { return !known[eventOf(s.request)] })
		if own < 0 {
			t.Fatal("the new event was not sent")
		}
		behind := 0
		for _, s := range later { // those of the same moment are sent in no order
			if s.at.Before(later[own].at) {
				behind++
			}
		}
		if behind > 1 {
			t.Errorf("the new event was sent behind %d others", behind)
		}
		if len(before) == old {
			t.Error("nothing was replayed before it")
		}
	})
}

// eventOf returns the id of the event that a request tells of.
func eventOf(request posthorn.Request) string {
	for _, header := range request.Headers {
		if header.Name == "webhook-id" {
			return header.Value
		}
	}
	return ""
}
