package manage

import (
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// maxDetections bounds the searches that are under way at once; each is at work
// for a moment at most, see detect.SmallBudget.
const maxDetections = 2

// places are held by work that is under way: one of each workspace, so that none
// keeps the others out.
type places struct {
	limit int
	// said tells a workspace that its place is taken.
	said string

	mu    sync.Mutex
	taken map[posthorn.WorkspaceID]struct{}
}

func newPlaces(limit int, said string) *places {
	return &places{limit: limit, said: said, taken: make(map[posthorn.WorkspaceID]struct{}, limit)}
}

// take returns what gives the place back. It returns an *posthorn.Error with
// posthorn.CodeRateLimited while the workspace has one, or posthorn.ErrBusy while
// others have all.
func (p *places) take(workspace posthorn.WorkspaceID) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, hasOne := p.taken[workspace]; hasOne {
		return nil, posthorn.RateLimited(p.said, "Wait for its answer, and ask again then.", time.Second)
	}
	if len(p.taken) >= p.limit {
		return nil, posthorn.ErrBusy
	}
	p.taken[workspace] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.taken, workspace)
	}, nil
}
