package deliver_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
	"github.com/posthorn/posthorn/internal/wire"
)

// receiver decides what comes of a request; it may take its time.
type receiver func(ctx context.Context, request posthorn.Request) posthorn.Outcome

// world is the engine and intake on the in-memory store, with scripted
// receivers, in a bubble of fake time. The bubble fails a test whose engine
// leaves a goroutine behind.
type world struct {
	t           *testing.T
	store       *memstore.Store
	queue       store.Queue
	directories *snapshot.Cache
	engine      *deliver.Engine
	intake      *intake.Intake
	environment posthorn.Environment
	random      posthorn.Randomness
	stop        func()

	mu        sync.Mutex
	receivers map[string]receiver
	sent      []sent
}

// sent is a request that left, and when.
type sent struct {
	at      time.Time
	request posthorn.Request
}

func newWorld(t *testing.T) *world {
	t.Helper()
	source := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	w := &world{t: t, store: memstore.New(), receivers: map[string]receiver{}, random: func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		return source.Uint64()
	}}
	w.queue = w.store
	now := time.Now()
	workspace := posthorn.Workspace{ID: posthorn.NewID[posthorn.WorkspaceID](now, w.random), Name: "W"}
	project := posthorn.Project{ID: posthorn.NewID[posthorn.ProjectID](now, w.random), WorkspaceID: workspace.ID, Name: "P"}
	w.environment = posthorn.Environment{
		ID: posthorn.NewID[posthorn.EnvironmentID](now, w.random), WorkspaceID: workspace.ID, ProjectID: project.ID,
		Name: "E", Kind: posthorn.Development, DefaultFormat: "standard", DefaultRetries: 3,
	}
	w.must(w.store.CreateWorkspace(t.Context(), workspace, project, w.environment))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start runs an engine; stopping it is the caller's, or the test's end.
func (w *world) start(change ...func(*deliver.Options)) {
	w.t.Helper()
	formats, err := wire.BuiltIn()
	w.must(err)
	builtIn, err := wire.NewSet(formats)
	w.must(err)
	w.directories = snapshot.NewCache(w.store)
	options := deliver.Options{
		Queue: w.queue, Directories: w.directories, Dialects: dialects.New(builtIn, w.store), Sender: w, Observer: w,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: w.random, Grace: 30 * time.Second,
	}
	for _, apply := range change {
		apply(&options)
	}
	w.engine = deliver.New(options)
	w.intake = intake.New(intake.Options{Store: w.store, Directories: w.directories, Dispatcher: w.engine, Now: options.Now, Random: w.random})
	w.must(w.engine.Join(w.t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.engine.Run(ctx)
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	w.t.Cleanup(w.stop)
}

// Send implements deliver.Sender.
func (w *world) Send(ctx context.Context, request posthorn.Request) posthorn.Outcome {
	w.mu.Lock()
	w.sent = append(w.sent, sent{time.Now(), request})
	answer := w.receivers[request.URL]
	w.mu.Unlock()
	if answer == nil {
		return status(200)
	}
	return answer(ctx, request)
}

// Attempted implements deliver.Observer.
func (w *world) Attempted(store.Job, posthorn.Attempt, posthorn.Next, error) {}

func (w *world) sentTo(url string) []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []sent
	for _, s := range w.sent {
		if s.request.URL == url {
			found = append(found, s)
		}
	}
	return found
}

func (w *world) answer(url string, r receiver) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.receivers[url] = r
}

func status(code int) posthorn.Outcome {
	return posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: code}
}

func always(outcome posthorn.Outcome) receiver {
	return func(context.Context, posthorn.Request) posthorn.Outcome { return outcome }
}

// after answers when a delay is over, or is interrupted.
func after(delay time.Duration, outcome posthorn.Outcome) receiver {
	return func(ctx context.Context, _ posthorn.Request) posthorn.Outcome {
		select {
		case <-time.After(delay):
			return outcome
		case <-ctx.Done():
			return posthorn.Outcome{Reason: posthorn.ReasonInterrupted}
		}
	}
}

func (w *world) webhook(url string, change ...func(*posthorn.Webhook)) posthorn.Webhook {
	w.t.Helper()
	webhook := posthorn.Webhook{
		ID: posthorn.NewID[posthorn.WebhookID](time.Now(), w.random), WorkspaceID: w.environment.WorkspaceID, ProjectID: w.environment.ProjectID,
		EnvironmentID: w.environment.ID, Name: url, URL: url, Events: []string{"*"}, Format: "standard",
		Secrets: []posthorn.SigningSecret{{Value: "a-secret-of-some-length"}}, Timeout: posthorn.DefaultTimeout,
		Concurrency: posthorn.DefaultConcurrency, Status: posthorn.WebhookActive,
	}
	for _, apply := range change {
		apply(&webhook)
	}
	w.must(w.store.CreateWebhook(w.t.Context(), webhook, 0))
	if w.directories != nil {
		w.directories.Forget(w.environment.ID)
	}
	return webhook
}

func (w *world) update(id posthorn.WebhookID, change func(*posthorn.Webhook)) {
	w.t.Helper()
	after, err := w.store.UpdateWebhook(w.t.Context(), id, func(webhook posthorn.Webhook) (posthorn.Webhook, error) {
		change(&webhook)
		return webhook, nil
	})
	w.must(err)
	w.directories.Forget(w.environment.ID)
	w.engine.Reconsider(&after)
}

func (w *world) publish(count int) {
	w.t.Helper()
	for range count {
		receipt, err := w.intake.Publish(w.t.Context(), intake.Publication{
			EnvironmentID: w.environment.ID,
			Items:         []intake.Item{{Type: "user.created", Data: []byte(`{"a": 1}`)}},
		})
		w.must(err)
		w.must(receipt.Results[0].Err)
	}
}

func (w *world) stats(webhook posthorn.WebhookID) posthorn.WebhookStats {
	w.t.Helper()
	stats, err := w.store.WebhookStats(context.Background(), []posthorn.WebhookID{webhook})
	w.must(err)
	return stats[webhook]
}

func (w *world) deliveries(status posthorn.DeliveryStatus) []posthorn.Delivery {
	w.t.Helper()
	found, err := w.store.Deliveries(context.Background(), store.DeliveryQuery{Status: status, Page: posthorn.Page{Limit: 100_000}})
	w.must(err)
	return found
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }
