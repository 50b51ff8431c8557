package api

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// enterOwn counts a request against the share of the workspace whose key it has, before
// anything of the request is read, and an event if the route publishes. Whose share
// that of a platform key takes is known only later: until then it takes the key's own.
func (c *call) enterOwn() error {
	if c.principal.IsPlatform() {
		err := c.Admission.EnterPlatform(c.principal.KeyID)
		c.isPlatform = err == nil
		return err
	}
	if err := c.enter(c.principal.WorkspaceID); err != nil {
		return err
	}
	if !c.route.publishes {
		return nil
	}
	if err := c.Publisher.Welcome(c.workspace); err != nil {
		return err
	}
	return c.pass.Count(1)
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

// come takes one of the places that all requests share.
func (c *call) come() error {
	err := c.Admission.Come(c.route.publishes)
	c.hasCome = err == nil
	return err
}

// goOut gives that place back.
func (c *call) goOut() {
	if c.hasCome {
		c.Admission.Go(c.route.publishes)
	}
	c.hasCome = false
}

// leave gives back what the request has of a workspace's or a platform key's share.
func (c *call) leave() {
	if c.pass != nil {
		c.pass.Leave()
	}
	if c.isPlatform {
		c.Admission.LeavePlatform(c.principal.KeyID)
	}
}

// hold waits before a refusal for which somebody asks again and again.
func (c *call) hold(err error) {
	isOverload := errors.Is(err, posthorn.ErrBusy) || errors.Is(err, &posthorn.Error{Code: posthorn.CodeRateLimited})
	if !isOverload {
		return
	}
	wait := c.Admission.Refused(c.principal.WorkspaceID)
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.request.Context().Done():
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

// bodyShares bounds the bodies of all requests under way, and of each workspace's and
// platform key's, so that neither one of them nor a few together take the memory of all.
// It holds those with a body under way alone.
type bodyShares struct {
	// memory is what there is for all, most a workspace's share, mostOfPlatform a
	// platform key's, in bytes.
	memory, most, mostOfPlatform int64

	mu    sync.Mutex
	total int64
	taken map[bodyOwner]int64
}

// bodyOwner is a workspace, or a platform key.
type bodyOwner struct {
	workspace posthorn.WorkspaceID
	platform  posthorn.KeyID
}

// newBodyShares gives a workspace a quarter of the memory for bodies, and a platform key
// half, but each at least one body.
func newBodyShares(memory, body int64) *bodyShares {
	return &bodyShares{memory: memory, most: max(memory/4, body), mostOfPlatform: max(memory/2, body), taken: map[bodyOwner]int64{}}
}

// owner is whose share a body takes before it is read.
func (c *call) owner() bodyOwner {
	if c.principal.IsPlatform() {
		return bodyOwner{platform: c.principal.KeyID}
	}
	return bodyOwner{workspace: c.principal.WorkspaceID}
}

// take takes room for an owner. Who has some already gets no more than it leaves for the
// others: so n of them leave one part in n+1 of the memory, however slowly they send. It
// returns a *posthorn.Error with posthorn.CodeRateLimited when the owner's share is
// taken, and posthorn.ErrBusy when too much is taken by all.
func (b *bodyShares) take(owner bodyOwner, length int64) error {
	if length == 0 {
		return nil
	}
	whose, most := "workspace's", b.most
	if owner.workspace.IsZero() {
		whose, most = "platform key's", b.mostOfPlatform
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	had, left := b.taken[owner], b.memory-b.total-length
	if had+length > most {
		return posthorn.RateLimited("The bodies of the "+whose+" requests in progress are too large together.",
			"Wait for answers before sending more.", time.Second)
	}
	if left < 0 || had > 0 && had+length > left {
		return posthorn.ErrBusy
	}
	b.total += length
	b.taken[owner] += length
	return nil
}

// give gives room back.
func (b *bodyShares) give(owner bodyOwner, length int64) {
	if length == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total -= length
	if b.taken[owner] -= length; b.taken[owner] <= 0 {
		delete(b.taken, owner)
	}
}
