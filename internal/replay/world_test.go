package replay_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// world is a runner on a store in memory, in a bubble of fake time. The test itself
// is the engine: it sends when it wants to.
type world struct {
	*memstore.Store
	t           *testing.T
	runner      *replay.Runner
	environment posthorn.Environment
	random      posthorn.Randomness

	// publishing is what the runner is told of others.
	publishing atomic.Bool

	mu sync.Mutex
	// woken counts how often the engine was told of each webhook.
	woken map[posthorn.WebhookID]int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	source := rand.New(rand.NewPCG(1, 2))
	w := &world{Store: memstore.New(), t: t, random: source.Uint64, woken: map[posthorn.WebhookID]int{}}
	workspace := posthorn.Workspace{ID: newID[posthorn.WorkspaceID](w)}
	project := posthorn.Project{ID: newID[posthorn.ProjectID](w), WorkspaceID: workspace.ID}
	w.environment = posthorn.Environment{ID: newID[posthorn.EnvironmentID](w), WorkspaceID: workspace.ID, ProjectID: project.ID}
	w.must(w.CreateWorkspace(t.Context(), workspace, project, w.environment))
	w.runner = replay.New(replay.Options{Queue: w, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Due: w.due, Publishing: w.isPublishing})
	return w
}

func (w *world) isPublishing() bool { return w.publishing.Load() }

func newID[T ~[16]byte](w *world) T { return posthorn.NewID[T](time.Now(), w.random) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) due(_ posthorn.EnvironmentID, webhook posthorn.WebhookID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken[webhook]++
}

func (w *world) wakes(webhook posthorn.WebhookID) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.woken[webhook]
}

// run has the runner run until the function that is returned is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.runner.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	w.t.Cleanup(stop)
	return stop
}

// half is half of a webhook's concurrency: what the first step makes due.
const half = 4

func (w *world) webhook() posthorn.WebhookID {
	w.t.Helper()
	id := newID[posthorn.WebhookID](w)
	w.must(w.CreateWebhook(w.t.Context(), posthorn.Webhook{
		ID: id, WorkspaceID: w.environment.WorkspaceID, ProjectID: w.environment.ProjectID, EnvironmentID: w.environment.ID, Status: posthorn.WebhookActive,
		Concurrency: 2 * half,
	}, 0))
	return id
}

func (w *world) setStatus(id posthorn.WebhookID, status posthorn.WebhookStatus) {
	w.t.Helper()
	_, err := w.UpdateWebhook(w.t.Context(), id, func(webhook posthorn.Webhook) (posthorn.Webhook, error) {
		webhook.Status = status
		return webhook, nil
	})
	w.must(err)
}

// publish makes pending deliveries of new events, and returns their ids in order.
func (w *world) publish(webhook posthorn.WebhookID, n int) []posthorn.DeliveryID {
	w.t.Helper()
	snapshot, err := w.Snapshot(w.t.Context(), w.environment.ID)
	w.must(err)
	submission := store.Submission{EnvironmentID: w.environment.ID, Version: snapshot.Version}
	var ids []posthorn.DeliveryID
	for range n {
		now := time.Now()
		event := posthorn.Event{ID: newID[posthorn.EventID](w), EnvironmentID: w.environment.ID, Type: "a", Data: []byte("{}"), AcceptedAt: now, Deliveries: 1}
		d := posthorn.Delivery{
			ID: newID[posthorn.DeliveryID](w), EventID: event.ID, WebhookID: webhook, EnvironmentID: w.environment.ID,
			Status: posthorn.DeliveryPending, DueAt: now, CreatedAt: now, UpdatedAt: now,
		}
		ids = append(ids, d.ID)
		submission.Entries = append(submission.Entries, store.Entry{Event: event, Deliveries: []posthorn.Delivery{d}})
	}
	_, err = w.Accept(w.t.Context(), submission)
	w.must(err)
	pass(time.Microsecond) // so that what is made next has a later id
	slices.SortFunc(ids, func(a, b posthorn.DeliveryID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// send claims up to so many deliveries that are due and ends them, in the order in
// which they are claimed.
func (w *world) send(webhook posthorn.WebhookID, limit int, end posthorn.DeliveryStatus) []posthorn.DeliveryID {
	w.t.Helper()
	claimed, err := w.Claim(w.t.Context(), store.Claim{WebhookID: webhook, NodeID: posthorn.NodeID{1}, Now: time.Now(), Limit: limit, MaxBytes: 1 << 30})
	w.must(err)
	var ids []posthorn.DeliveryID
	for _, job := range claimed.Jobs {
		ids = append(ids, job.Delivery.ID)
		results, err := w.Record(w.t.Context(), []store.Recording{{
			Lease: job.Lease, WebhookID: webhook, Next: posthorn.Next{Status: end}, Now: time.Now(),
			Attempt: posthorn.Attempt{ID: newID[posthorn.AttemptID](w), DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts + 1, StartedAt: time.Now()},
		}})
		w.must(errors.Join(append(results, err)...))
	}
	return ids
}

// exhausted makes deliveries that have failed for the last time.
func (w *world) exhausted(webhook posthorn.WebhookID, n int) []posthorn.DeliveryID {
	w.t.Helper()
	ids := w.publish(webhook, n)
	w.send(webhook, n, posthorn.DeliveryExhausted)
	return ids
}

// replay makes a replay of what is exhausted.
func (w *world) replay(webhook posthorn.WebhookID) posthorn.ReplayID {
	w.t.Helper()
	id := newID[posthorn.ReplayID](w)
	w.must(w.CreateReplay(w.t.Context(), posthorn.Replay{
		ID: id, WebhookID: webhook, EnvironmentID: w.environment.ID, Statuses: []posthorn.DeliveryStatus{posthorn.DeliveryExhausted},
		Status: posthorn.ReplayRunning, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}))
	w.runner.Kick()
	return id
}

func (w *world) kept(id posthorn.ReplayID) posthorn.Replay {
	w.t.Helper()
	r, err := w.Replay(w.t.Context(), id)
	w.must(err)
	return r
}

func (w *world) pending(webhook posthorn.WebhookID) int {
	w.t.Helper()
	stats, err := w.WebhookStats(w.t.Context(), []posthorn.WebhookID{webhook})
	w.must(err)
	return int(stats[webhook].Pending)
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }
