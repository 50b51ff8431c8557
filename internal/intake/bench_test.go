package intake_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// nowhere says that everything was kept, and keeps nothing. It is for one goroutine.
type nowhere struct {
	directory store.Snapshot
	results   []store.Result
}

func (n *nowhere) Snapshot(context.Context, posthorn.EnvironmentID) (store.Snapshot, error) {
	return n.directory, nil
}

func (n *nowhere) Accept(_ context.Context, s store.Submission) (store.Receipt, error) {
	n.results = n.results[:0]
	for i := range s.Entries {
		n.results = append(n.results, store.Result{Event: s.Entries[i].Event, Kept: true})
	}
	return store.Receipt{Results: n.results}, nil
}

// idle has room for everything and sends nothing.
type idle struct{}

func (idle) NodeID() posthorn.NodeID                         { return posthorn.NodeID{9} }
func (idle) Reserve(*posthorn.Webhook, int) bool             { return true }
func (idle) Unreserve(posthorn.WebhookID, int)               {}
func (idle) Dispatch(store.Job)                              {}
func (idle) Wake(posthorn.EnvironmentID, posthorn.WebhookID) {}

// BenchmarkPublish measures what intake itself adds to accepting an event, between
// whoever read it and the database.
func BenchmarkPublish(b *testing.B) {
	kept := &nowhere{directory: store.Snapshot{Webhooks: []posthorn.Webhook{{ID: posthorn.WebhookID{1}, Events: []string{"user.*"}, Status: posthorn.WebhookActive}}}}
	random := rand.New(rand.NewPCG(5, 6))
	taking := intake.New(intake.Options{Store: kept, Directories: snapshot.NewCache(kept), Dispatcher: idle{}, Now: time.Now, Random: random.Uint64})
	items := []intake.Item{{Type: "user.created", Data: []byte(`"` + strings.Repeat("x", 500) + `"`)}}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := taking.Publish(ctx, intake.Publication{Items: items}); err != nil {
			b.Fatal(err)
		}
	}
}
