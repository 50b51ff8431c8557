package intake

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/posthorn/posthorn"
)

// turns makes a workspace do a thing for one publication after the other. It holds the
// workspaces that do it at this moment, and no others.
type turns struct {
	atOnce int

	mu         sync.Mutex
	workspaces map[posthorn.WorkspaceID]*turn
}

type turn struct {
	taken *semaphore.Weighted
	users int
}

// newTurns makes turns in which a workspace may have a weight of atOnce under way.
func newTurns(atOnce int) *turns {
	return &turns{atOnce: atOnce, workspaces: map[posthorn.WorkspaceID]*turn{}}
}

// take waits until a workspace may do something of this weight, and returns what gives its turn back. It returns the context's error.
func (t *turns) take(ctx context.Context, workspace posthorn.WorkspaceID, heavy int) (func(), error) {
	weight := int64(min(heavy, t.atOnce))
	mine := t.join(workspace)
	if err := mine.taken.Acquire(ctx, weight); err != nil {
		t.leave(workspace, mine)
		return nil, fmt.Errorf("waiting for the workspace's turn: %w", err)
	}
	return func() {
		mine.taken.Release(weight)
		t.leave(workspace, mine)
	}, nil
}

func (t *turns) join(workspace posthorn.WorkspaceID) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine, known := t.workspaces[workspace]
	if !known {
		mine = &turn{taken: semaphore.NewWeighted(int64(t.atOnce))}
		t.workspaces[workspace] = mine
	}
	mine.users++
	return mine
}

func (t *turns) leave(workspace posthorn.WorkspaceID, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.workspaces, workspace)
	}
}
