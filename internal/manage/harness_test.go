package manage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/store/memstore"
	"github.com/posthorn/posthorn/internal/wire"
)

// noted is a Notifier that writes down what it is told.
type noted struct {
	mu    sync.Mutex
	lines []string
}

func (n *noted) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func (n *noted) DirectoryChanged(posthorn.EnvironmentID)                   { n.add("directory") }
func (n *noted) FormatsChanged(posthorn.WorkspaceID)                       { n.add("formats") }
func (n *noted) WebhookChanged(posthorn.Webhook)                           { n.add("changed") }
func (n *noted) DeliveryDue(posthorn.EnvironmentID, posthorn.WebhookID)    { n.add("due") }
func (n *noted) DeliveryCancelled(posthorn.WebhookID, posthorn.DeliveryID) { n.add("cancelled") }
func (n *noted) ReplayMade()                                               { n.add("replay") }

func (n *noted) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := n.lines
	n.lines = nil
	return lines
}

// sending is a Sender made of a function.
type sending func(ctx context.Context, r posthorn.Request) posthorn.Outcome

func (s sending) Send(ctx context.Context, r posthorn.Request) posthorn.Outcome { return s(ctx, r) }

type bench struct {
	*Manager
	store    *memstore.Store
	noted    *noted
	platform Principal
	home     posthorn.Environment
}

func newManager(t *testing.T, s *memstore.Store, n *noted, sender Sender) *Manager {
	t.Helper()
	formats, err := wire.BuiltIn()
	must(t, err)
	builtIn, err := wire.NewSet(formats)
	must(t, err)
	source := rand.New(rand.NewPCG(3, 4))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	return New(Options{
		Store: s, Formats: dialects.New(builtIn, s), Sender: sender, Notifier: n,
		CheckURL: func(string, posthorn.EnvironmentKind) *posthorn.Error { return nil },
		Message:  func(r posthorn.Request) ([]byte, error) { return r.Body, nil },
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			at = at.Add(time.Microsecond)
			return at
		},
		Random: func() uint64 {
			mu.Lock()
			defer mu.Unlock()
			return source.Uint64()
		},
	})
}

func newBench(t *testing.T, sender Sender) *bench {
	t.Helper()
	return newLimitedBench(t, sender, posthorn.Limits{})
}

func newLimitedBench(t *testing.T, sender Sender, limits posthorn.Limits) *bench {
	t.Helper()
	b := &bench{store: memstore.New(), noted: &noted{}}
	b.Manager = newManager(t, b.store, b.noted, sender)
	b.limits = limits
	first, err := b.Bootstrap(t.Context(), "", func(posthorn.Environment, posthorn.Secret) error { return nil })
	must(t, err)
	b.platform, b.home = principalOf(first.Key.Key), first.Environment
	return b
}

func (b *bench) makeWebhook(t *testing.T) WebhookDetails {
	t.Helper()
	made, err := b.CreateWebhook(t.Context(), b.platform, posthorn.EnvironmentID{}, WebhookChange{URL: Set("https://example.com/in"), Events: Set([]string{"*"})})
	must(t, err)
	return made
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
