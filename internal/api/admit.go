package api

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// enterOwn counts a request of a workspace's own key against the workspace's
// share, before anything of the request is read, and an event if the route
// publishes.
func (c *call) enterOwn() error {
	if c.principal.IsPlatform() {
		return nil
	}
	if err := c.enter(c.principal.Key.WorkspaceID); err != nil {
		return err
	}
	if c.route.publishes {
		return c.pass.Count(1)
	}
	return nil
}

func (c *call) enter(workspace posthorn.WorkspaceID) error {
	c.workspace = workspace
	pass, err := c.Admission.Enter(workspace)
	if err != nil {
		return err
	}
	c.pass = pass
	return nil
}

// leave gives the request's place back.
func (c *call) leave() {
	if c.pass != nil {
		c.pass.Leave()
	}
}

// countEvents counts what is to be published against the rate of the environment's
// workspace. A platform key publishes for that workspace, and takes its share.
func (c *call) countEvents(ctx context.Context, environment posthorn.EnvironmentID, events int) error {
	if !c.principal.IsPlatform() {
		return c.pass.Count(events - 1) // one was counted on entering
	}
	workspace, err := c.Manager.WorkspaceOf(ctx, environment)
	if err != nil {
		return err
	}
	if err := c.enter(workspace); err != nil {
		return err
	}
	return c.pass.Count(events)
}

// showQuota tells publishers how their workspace stands, in the fields of
// draft-ietf-httpapi-ratelimit-headers-10.
func (c *call) showQuota() {
	if !c.route.publishes || c.workspace.IsZero() {
		return
	}
	quota, isLimited := c.Admission.Quota(c.workspace)
	if !isLimited {
		return
	}
	h := c.writer.Header()
	h["Ratelimit-Policy"] = []string{`"events";q=` + strconv.Itoa(quota.Burst) + ";w=" + strconv.FormatInt(wholeSeconds(quota.Window), 10)}
	h["Ratelimit"] = []string{`"events";r=` + strconv.Itoa(quota.Left) + ";t=" + strconv.FormatInt(wholeSeconds(quota.Full), 10)}
}

// wholeSeconds rounds up, so that nobody comes back too early.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// bodyShareOfMemory is the part of the memory for bodies that the requests of one
// workspace may take: a quarter.
const bodyShareOfMemory = 4

// bodyShares bounds the bodies of each workspace's requests under way, so that
// none takes the memory of all. It holds workspaces with a body under way alone.
type bodyShares struct {
	most  int64
	mu    sync.Mutex
	taken map[posthorn.WorkspaceID]int64
}

func newBodyShares(most int64) *bodyShares {
	return &bodyShares{most: most, taken: map[posthorn.WorkspaceID]int64{}}
}

// take takes room for a workspace; platform keys, which have none, take from
// nobody's share.
func (b *bodyShares) take(workspace posthorn.WorkspaceID, length int64) error {
	if workspace.IsZero() || length == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken[workspace]+length > b.most {
		return posthorn.RateLimited("The bodies of the workspace's requests in progress are too large together.",
			"Wait for answers before sending more.", time.Second)
	}
	b.taken[workspace] += length
	return nil
}

// give gives room back.
func (b *bodyShares) give(workspace posthorn.WorkspaceID, length int64) {
	if workspace.IsZero() || length == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken[workspace] -= length; b.taken[workspace] <= 0 {
		delete(b.taken, workspace)
	}
}
