package manage

import (
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// maxDetections bounds the searches that are under way at once; each is at work
// for a moment at most, see detect.SmallBudget.
const maxDetections = 2

// detectionPlaces are held by the searches that are under way: one of each
// workspace, so that none keeps the others out. The zero value is ready to use.
type detectionPlaces struct {
	mu    sync.Mutex
	taken map[posthorn.WorkspaceID]struct{}
}

// take returns what gives the place back. It returns an *posthorn.Error with
// posthorn.CodeRateLimited while the workspace has one, or posthorn.ErrBusy while
// others have all.
func (d *detectionPlaces) take(workspace posthorn.WorkspaceID) (func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, hasOne := d.taken[workspace]; hasOne {
		return nil, posthorn.RateLimited("A captured request of this workspace is being looked into already.", "Wait for its answer, and ask again then.", time.Second)
	}
	if len(d.taken) >= maxDetections {
		return nil, posthorn.ErrBusy
	}
	if d.taken == nil {
		d.taken = make(map[posthorn.WorkspaceID]struct{}, maxDetections)
	}
	d.taken[workspace] = struct{}{}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.taken, workspace)
	}, nil
}
