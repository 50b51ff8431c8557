package manage

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/posthorn/posthorn"
)

// Guards that a workspace has one turn at a time, however many it wants, that there is
// a turn for others meanwhile, and that nothing is remembered of those that are over.
func TestTurnsGoRoundWorkspaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		one, other, third := posthorn.WorkspaceID{1}, posthorn.WorkspaceID{2}, posthorn.WorkspaceID{3}
		end, err := turns.take(t.Context(), one)
		must(t, err)
		second := make(chan func(), 1)
		go func() {
			end, err := turns.take(t.Context(), one)
			if err != nil {
				t.Error(err)
			}
			second <- end
		}()
		synctest.Wait()
		if len(second) > 0 {
			t.Error("a workspace has two turns")
		}
		endOther, err := turns.take(t.Context(), other)
		must(t, err)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, workspace := range []posthorn.WorkspaceID{one, third} {
			if _, err := turns.take(ended, workspace); !errors.Is(err, context.Canceled) {
				t.Errorf("beyond the limit: %v", err)
			}
		}
		end()
		(<-second)()
		endOther()
		if len(turns.own)+len(turns.all) > 0 {
			t.Errorf("%d workspaces are remembered, %d turns are taken", len(turns.own), len(turns.all))
		}
	})
}

// Guards that schemas are checked and formats are listed in turn: what a workspace
// wants beside its own turn waits for it to end, and nothing of another workspace does.
func TestChecksAndListsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.saveFormats(t, 3, 0)
		n := NewEventType{Name: "a"}
		n.Schema = Set([]byte(`{"type":"integer"}`))
		for _, c := range []struct {
			turns *turns
			work  func() error
		}{
			{b.checks, func() error {
				_, err := b.CreateEventType(t.Context(), b.platform, b.home.ID, n)
				return err
			}},
			{b.listings, func() error {
				listed, err := b.Formats(t.Context(), b.platform, Scope{}, "", 100)
				if own := len(listed) - len(b.formats.Formats()); own != 3 {
					t.Errorf("%d formats of its own", own)
				}
				return err
			}},
		} {
			end, err := c.turns.take(t.Context(), b.home.WorkspaceID)
			must(t, err)
			done := make(chan error, 1)
			go func() { done <- c.work() }()
			synctest.Wait()
			if len(done) > 0 {
				t.Error("a workspace has two turns")
			}
			endOther, err := c.turns.take(t.Context(), posthorn.WorkspaceID{1})
			must(t, err)
			endOther()
			end()
			must(t, <-done)
			if len(c.turns.all) > 0 {
				t.Error("a turn was not given back")
			}
		}
	})
}
