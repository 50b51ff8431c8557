package intake_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// gate is a store in which writes wait until they are let through; it knows how
// many of each environment wait.
type gate struct {
	*memstore.Store
	waiting chan posthorn.EnvironmentID
	through chan struct{}
}

func (g gate) Accept(ctx context.Context, s store.Submission) (store.Receipt, error) {
	g.waiting <- s.EnvironmentID
	<-g.through
	return g.Store.Accept(ctx, s)
}

// Invariant: what one workspace has waiting to be written is bounded, whatever it
// sends; another's event isn't behind more than that, and the rest isn't lost but
// waits for its turn.
func TestWorkspacesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 0)
		for range 100 {
			f.webhook("*", posthorn.WebhookActive)
		}
		other := posthorn.Environment{ID: posthorn.EnvironmentID{2}, WorkspaceID: posthorn.WorkspaceID{2}}
		err := f.store.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{2}}, posthorn.Project{ID: posthorn.ProjectID{2}}, other)
		if err != nil {
			t.Fatal(err)
		}
		const batches = 10 // of 20 events for 100 webhooks: 2020 rows each
		g := gate{f.store, make(chan posthorn.EnvironmentID, 2*batches), make(chan struct{})}
		in := f.with(g)
		results := make(chan error, 2*batches)
		publish := func(environment posthorn.EnvironmentID, events int) {
			items := make([]intake.Item, events)
			for i := range items {
				items[i] = item("")
			}
			_, err := in.Publish(t.Context(), intake.Publication{EnvironmentID: environment, Items: items})
			results <- err
		}
		for range batches {
			go publish(f.environment, 20)
		}
		synctest.Wait()
		if n := len(g.waiting); n != 1 {
			t.Errorf("%d batches of the flooding workspace wait to be written, want 1", n)
		}
		go publish(other.ID, 1)
		synctest.Wait()
		if n := len(g.waiting); n != 2 {
			t.Errorf("the neighbour's event waits behind the flood: %d writes", n)
		}
		close(g.through)
		for range batches + 1 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if in.Turns() != 0 {
			t.Errorf("%d workspaces are still held", in.Turns())
		}
		if n := len(f.events(f.environment)); n != 20*batches {
			t.Errorf("%d events are kept", n)
		}
	})
}

// Invariant: who gives up waiting for a turn has published nothing, reserved
// nothing and holds up nobody.
func TestGivingUpATurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 100_000)
		for range 100 {
			f.webhook("*", posthorn.WebhookActive)
		}
		g := gate{f.store, make(chan posthorn.EnvironmentID, 4), make(chan struct{})}
		in := f.with(g)
		items := make([]intake.Item, 40)
		for i := range items {
			items[i] = item("")
		}
		first := make(chan error, 1)
		go func() {
			_, err := in.Publish(t.Context(), intake.Publication{EnvironmentID: f.environment, Items: items})
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := in.Publish(ctx, intake.Publication{EnvironmentID: f.environment, Items: items})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(g.through)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if f.dispatcher.reserved != 4000 || len(f.events(f.environment)) != 40 || in.Turns() != 0 {
			t.Errorf("reserved %d, events %d, turns %d", f.dispatcher.reserved, len(f.events(f.environment)), in.Turns())
		}
	})
}

func (f *fixture) events(environment posthorn.EnvironmentID) []posthorn.Event {
	f.Helper()
	found, err := f.store.Events(f.Context(), store.EventQuery{EnvironmentID: environment, Page: posthorn.Page{Limit: 1000}})
	if err != nil {
		f.Fatal(err)
	}
	return found
}
