package intake

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/posthorn/posthorn"
)

// maxWaitingRows is how many events and deliveries of one workspace may wait to be
// written at once. What is beyond that waits for the workspace's own writes, not in
// front of everybody else's. A publication that is larger waits until it is alone.
const maxWaitingRows = 5000

// turns makes the publications of one workspace take turns. It holds the
// workspaces that publish at this moment, and no others.
type turns struct {
	mu         sync.Mutex
	workspaces map[posthorn.WorkspaceID]*turn
}

type turn struct {
	rows  *semaphore.Weighted
	users int
}

func newTurns() *turns { return &turns{workspaces: map[posthorn.WorkspaceID]*turn{}} }

// take waits until a workspace may write so many rows, and returns what gives its
// turn back. It returns the context's error.
func (t *turns) take(ctx context.Context, workspace posthorn.WorkspaceID, rows int) (func(), error) {
	weight := int64(min(rows, maxWaitingRows))
	mine := t.join(workspace)
	if err := mine.rows.Acquire(ctx, weight); err != nil {
		t.leave(workspace, mine)
		return nil, fmt.Errorf("waiting for the workspace's turn: %w", err)
	}
	return func() {
		mine.rows.Release(weight)
		t.leave(workspace, mine)
	}, nil
}

func (t *turns) join(workspace posthorn.WorkspaceID) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine, known := t.workspaces[workspace]
	if !known {
		mine = &turn{rows: semaphore.NewWeighted(maxWaitingRows)}
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
