package sqlite_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// publishers is how many write at once: what a group commit lives from.
const publishers = 64

// BenchmarkAccept keeps events with one delivery each.
func BenchmarkAccept(b *testing.B) {
	w := newBench(b)
	w.inParallel(func() { w.accept() })
}

// BenchmarkRecord keeps the attempts of deliveries that succeed at once.
func BenchmarkRecord(b *testing.B) {
	w := newBench(b)
	leases := make(chan store.Lease, b.N)
	w.inParallel(func() { leases <- w.accept() })
	w.inParallel(func() { w.record(<-leases) })
}

// BenchmarkAcceptAndRecord is the whole life of a delivery that succeeds at once.
func BenchmarkAcceptAndRecord(b *testing.B) {
	w := newBench(b)
	w.inParallel(func() { w.record(w.accept()) })
}

// BenchmarkClaimAndRecord is the life of deliveries that wait in the database.
func BenchmarkClaimAndRecord(b *testing.B) {
	w := newBench(b)
	const chunk = 256
	w.node, w.status = posthorn.NodeID{}, posthorn.DeliveryPending
	w.inParallel(func() { w.accept() })
	b.ResetTimer()
	for done := 0; done < b.N; {
		claimed, err := w.store.Claim(w.ctx, store.Claim{WebhookID: w.webhook, NodeID: posthorn.NodeID{1}, Now: time.Now().Add(time.Hour), Limit: chunk, MaxBytes: 1 << 30})
		if err != nil || len(claimed.Jobs) == 0 {
			b.Fatal(len(claimed.Jobs), err)
		}
		var group sync.WaitGroup
		for _, job := range claimed.Jobs {
			group.Go(func() { w.record(job.Lease) })
		}
		group.Wait()
		done += len(claimed.Jobs)
	}
}

// BenchmarkFanOut keeps events with a thousand deliveries each, to a thousand
// webhooks.
func BenchmarkFanOut(b *testing.B) {
	w := newBench(b)
	const width = 1000
	webhooks := make([]posthorn.WebhookID, width)
	for i := range webhooks {
		webhooks[i] = newID[posthorn.WebhookID](w)
	}
	w.ReportAllocs()
	w.ResetTimer()
	before := processorTime(w)
	for range b.N {
		w.acceptFor(webhooks)
	}
	w.ReportMetric(float64((processorTime(w)-before).Microseconds())/float64(w.N*width), "cpu-µs/delivery")
}

type bench struct {
	*testing.B
	ctx         context.Context //nolint:containedctx // a benchmark's
	store       *sqlite.Store
	environment posthorn.EnvironmentID
	webhook     posthorn.WebhookID
	node        posthorn.NodeID
	version     store.Version
	status      posthorn.DeliveryStatus
	data        []byte
	random      posthorn.Randomness
}

func newBench(b *testing.B) *bench {
	b.Helper()
	w := &bench{B: b, ctx: b.Context(), node: posthorn.NodeID{1}, status: posthorn.DeliveryLeased, data: []byte(`"` + strings.Repeat("x", 498) + `"`), random: rand.Uint64}
	opened, err := sqlite.Open(w.ctx, filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := opened.Close(); err != nil {
			b.Error(err)
		}
	})
	w.store = opened
	w.settle()
	return w
}

func (w *bench) settle() {
	now := time.Now()
	workspace := posthorn.Workspace{ID: newID[posthorn.WorkspaceID](w), Name: "bench", CreatedAt: now, UpdatedAt: now}
	project := posthorn.Project{ID: newID[posthorn.ProjectID](w), WorkspaceID: workspace.ID, Name: "bench", CreatedAt: now, UpdatedAt: now}
	w.environment = newID[posthorn.EnvironmentID](w)
	environment := posthorn.Environment{ID: w.environment, WorkspaceID: workspace.ID, ProjectID: project.ID, Name: "bench", Kind: posthorn.Development, CreatedAt: now, UpdatedAt: now}
	w.webhook = newID[posthorn.WebhookID](w)
	webhook := posthorn.Webhook{ID: w.webhook, WorkspaceID: workspace.ID, ProjectID: project.ID, EnvironmentID: w.environment, Status: posthorn.WebhookActive}
	_, errJoin := w.store.Join(w.ctx, posthorn.NodeID{1}, now, rand.Uint64)
	for _, err := range []error{
		errJoin,
		w.store.CreateWorkspace(w.ctx, workspace, project, environment),
		w.store.CreateWebhook(w.ctx, webhook, 1),
	} {
		if err != nil {
			w.Fatal(err)
		}
	}
	snapshot, err := w.store.Snapshot(w.ctx, w.environment)
	if err != nil {
		w.Fatal(err)
	}
	w.version = snapshot.Version
}

func newID[T ~[16]byte](w *bench) T {
	return posthorn.NewID[T](time.Now(), w.random)
}

func (w *bench) accept() store.Lease {
	return store.Lease{DeliveryID: w.acceptFor([]posthorn.WebhookID{w.webhook}), NodeID: w.node, Epoch: store.FirstEpoch}
}

// acceptFor keeps an event with a delivery to each webhook, and returns the last
// one.
func (w *bench) acceptFor(webhooks []posthorn.WebhookID) posthorn.DeliveryID {
	now := time.Now()
	event := posthorn.Event{
		ID: posthorn.NewID[posthorn.EventID](now, w.random), EnvironmentID: w.environment, Type: "bench.event", Data: w.data, Timestamp: now, AcceptedAt: now,
		Deliveries: len(webhooks),
	}
	deliveries := make([]posthorn.Delivery, len(webhooks))
	for i, webhook := range webhooks {
		deliveries[i] = posthorn.Delivery{
			ID: posthorn.NewID[posthorn.DeliveryID](now, w.random), EventID: event.ID, WebhookID: webhook, EnvironmentID: w.environment,
			Status: w.status, DueAt: now, CreatedAt: now, UpdatedAt: now,
		}
	}
	submission := store.Submission{EnvironmentID: w.environment, Version: w.version, NodeID: w.node, Entries: []store.Entry{{Event: event, Deliveries: deliveries}}}
	if _, err := w.store.Accept(w.ctx, submission); err != nil {
		w.Error(err)
	}
	return deliveries[len(deliveries)-1].ID
}

func (w *bench) record(lease store.Lease) {
	now := time.Now()
	attempt := posthorn.Attempt{
		ID: newID[posthorn.AttemptID](w), DeliveryID: lease.DeliveryID, Number: 1, StartedAt: now, URL: "http://127.0.0.1:8080/hooks",
		Outcome: posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200, ResponseBody: []byte("ok"), ConnectionReused: true},
	}
	_, err := w.store.Record(w.ctx, []store.Recording{{Lease: lease, WebhookID: w.webhook, Attempt: attempt, Next: posthorn.Next{Status: posthorn.DeliverySucceeded}, Now: now}})
	if err != nil {
		w.Error(err)
	}
}

// inParallel runs an operation b.N times from all publishers, and reports the
// processor's time for each, which is steadier than the clock's on a busy machine.
func (w *bench) inParallel(operation func()) {
	w.ReportAllocs()
	w.ResetTimer()
	before := processorTime(w)
	var group sync.WaitGroup
	for i := range publishers {
		group.Go(func() {
			for range (w.N + i) / publishers {
				operation()
			}
		})
	}
	group.Wait()
	w.ReportMetric(float64((processorTime(w)-before).Microseconds())/float64(w.N), "cpu-µs/op")
}

func processorTime(w *bench) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		w.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
