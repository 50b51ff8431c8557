package manage

import (
	"context"
	"fmt"
	"sync"

	"github.com/posthorn/posthorn"
)

// turns are waited for by short work that costs the processor: a few have one at a
// time, and only one of each workspace, so that none keeps the others waiting.
type turns struct {
	all chan struct{}

	mu  sync.Mutex
	own map[posthorn.WorkspaceID]*ownTurn
}

// ownTurn is a workspace's turn; wanted counts those who have it or wait for it.
type ownTurn struct {
	taken  chan struct{}
	wanted int
}

func newTurns(limit int) *turns {
	return &turns{all: make(chan struct{}, limit), own: map[posthorn.WorkspaceID]*ownTurn{}}
}

// take waits for a turn and returns what ends it, or the error of a context that
// ended before.
func (t *turns) take(ctx context.Context, workspace posthorn.WorkspaceID) (func(), error) {
	own := t.want(workspace)
	if err := enter(ctx, own.taken); err != nil {
		t.unwant(workspace)
		return nil, err
	}
	if err := enter(ctx, t.all); err != nil {
		<-own.taken
		t.unwant(workspace)
		return nil, err
	}
	return func() {
		<-t.all
		<-own.taken
		t.unwant(workspace)
	}, nil
}

func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
}

func (t *turns) want(workspace posthorn.WorkspaceID) *ownTurn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.own[workspace]
	if own == nil {
		own = &ownTurn{taken: make(chan struct{}, 1)}
		t.own[workspace] = own
	}
	own.wanted++
	return own
}

func (t *turns) unwant(workspace posthorn.WorkspaceID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.own[workspace]
	if own.wanted--; own.wanted == 0 {
		delete(t.own, workspace)
	}
}
