package sqlite

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// BenchmarkGroups is the life of events with one delivery that succeeds at once, in
// commits of as many as a busy server gathers: what a row costs, without those who wait
// for it. The events are made before. It reports the processor's time for each event.
func BenchmarkGroups(b *testing.B) {
	const size = 16
	s := openStore(b)
	g := groupBench{
		environment: posthorn.NewID[posthorn.EnvironmentID](time.Now(), rand.Uint64), webhook: posthorn.NewID[posthorn.WebhookID](time.Now(), rand.Uint64),
		data: []byte(`"` + strings.Repeat("x", 498) + `"`),
	}
	err := s.CreateWorkspace(b.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, posthorn.Environment{ID: g.environment})
	if err != nil {
		b.Fatal(err)
	}
	submissions, recordings := make([]store.Submission, b.N), make([]store.Recording, b.N)
	for i := range b.N {
		submissions[i], recordings[i] = g.next()
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := usedByProcess(b)
	for from := 0; from < b.N; from += size {
		until := min(from+size, b.N)
		accept := func(tx *tx) error {
			for i := range submissions[from:until] {
				if _, err := tx.accept(&submissions[from+i]); err != nil {
					return err
				}
			}
			return nil
		}
		record := func(tx *tx) error {
			for i := range recordings[from:until] {
				if err := tx.record(&recordings[from+i]); err != nil {
					return err
				}
			}
			return nil
		}
		for _, write := range []func(tx *tx) error{accept, record} {
			if err := s.writeRows(b.Context(), size, write); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64((usedByProcess(b)-before).Microseconds())/float64(b.N), "cpu-µs/event")
}

type groupBench struct {
	environment posthorn.EnvironmentID
	webhook     posthorn.WebhookID
	data        []byte
}

// next makes an event and what is recorded of its delivery.
func (g groupBench) next() (store.Submission, store.Recording) {
	now := time.Now()
	node := posthorn.NodeID{1}
	event := posthorn.Event{
		ID: posthorn.NewID[posthorn.EventID](now, rand.Uint64), EnvironmentID: g.environment, Type: "bench.event", Data: g.data, Timestamp: now, AcceptedAt: now, Deliveries: 1,
	}
	delivery := posthorn.Delivery{
		ID: posthorn.NewID[posthorn.DeliveryID](now, rand.Uint64), EventID: event.ID, WebhookID: g.webhook, EnvironmentID: g.environment,
		Status: posthorn.DeliveryLeased, DueAt: now, CreatedAt: now, UpdatedAt: now,
	}
	submission := store.Submission{EnvironmentID: g.environment, Version: 1, NodeID: node, Entries: []store.Entry{{Event: event, Deliveries: []posthorn.Delivery{delivery}}}}
	return submission, store.Recording{
		Lease: store.Lease{DeliveryID: delivery.ID, NodeID: node, Epoch: store.FirstEpoch}, WebhookID: g.webhook,
		Attempt: posthorn.Attempt{
			ID: posthorn.NewID[posthorn.AttemptID](now, rand.Uint64), DeliveryID: delivery.ID, Number: 1, StartedAt: now, URL: "http://127.0.0.1:8080/hooks",
			Outcome: posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: 200, ResponseBody: []byte("ok"), ConnectionReused: true},
		},
		Next: posthorn.Next{Status: posthorn.DeliverySucceeded}, Now: now,
	}
}

func usedByProcess(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
