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
