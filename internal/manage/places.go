package manage

import (
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// maxDetections bounds the searches that are under way at once; each is at work
// for a moment at most, see detect.SmallBudget.
const maxDetections = 2

// places are held by work that is under way: a share of them at most by each
// workspace, so that none keeps the others out.
type places struct {
	limit int
	share int
	// said tells a workspace that its places are taken.
	said string

	mu    sync.Mutex
	taken int
	own   map[posthorn.WorkspaceID]int
}

func newPlaces(limit, share int, said string) *places {
	return &places{limit: limit, share: share, said: said, own: make(map[posthorn.WorkspaceID]int, limit)}
}

// take returns what gives the place back. It returns an *posthorn.Error with
// posthorn.CodeRateLimited while the workspace has its share, or posthorn.ErrBusy while
// others have all.
func (p *places) take(workspace posthorn.WorkspaceID) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own[workspace] >= p.share {
		return nil, posthorn.RateLimited(p.said, "Wait for an answer, and ask again then.", time.Second)
	}
	if p.taken >= p.limit {
		return nil, posthorn.ErrBusy
	}
	p.taken++
	p.own[workspace]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken--
		if p.own[workspace]--; p.own[workspace] == 0 {
			delete(p.own, workspace)
		}
	}, nil
}
