package intake

import (
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/posthorn/posthorn"
)

// Admission decides, before anything is read or kept, whether a request of a
// workspace is let in: each has a number of requests that may be in progress, and
// a bucket of events that fills at a steady rate. It is safe for concurrent use.
type Admission struct {
	limits    posthorn.Limits
	now       func() time.Time
	everybody everybody

	mu     sync.Mutex
	shares map[posthorn.WorkspaceID]*share
	// platform counts the requests in progress of each platform key that has any.
	platform map[posthorn.KeyID]int
	// pruneAt is how many shares there may be before idle ones are looked for.
	pruneAt int
}

// share is what one workspace has in progress, and its bucket.
type share struct {
	inProgress int
	// bucket is nil when there is no rate.
	bucket *rate.Limiter
	// refused is nil until a request was.
	refused *rate.Limiter
}

// minPrune keeps small numbers of shares from being looked through again and again.
const minPrune = 1024

// NewAdmission makes an Admission that holds EventRate, EventBurst, Requests and
// AllRequests of the limits. Without an EventBurst, it is a second's events.
func NewAdmission(limits posthorn.Limits, now func() time.Time) *Admission {
	if limits.EventBurst == 0 {
		limits.EventBurst = limits.EventRate
	}
	return &Admission{
		limits: limits, now: now, everybody: newEverybody(), shares: map[posthorn.WorkspaceID]*share{}, platform: map[posthorn.KeyID]int{}, pruneAt: minPrune,
	}
}

// Pass is a request that was let in. Leave must be called when the request has ended.
type Pass struct {
	admission *Admission
	share     *share
	hasLeft   bool
}

// Enter lets a request of a workspace in. It returns a *posthorn.Error with
// posthorn.CodeRateLimited if too many are in progress.
func (a *Admission) Enter(workspace posthorn.WorkspaceID) (*Pass, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.shareOf(workspace)
	if a.limits.Requests > 0 && s.inProgress >= a.limits.Requests {
		return nil, posthorn.RateLimited(
			fmt.Sprintf("The workspace has %d requests in progress, which is the limit.", a.limits.Requests),
			"Wait for answers before sending more; many events go into one batch. Whoever runs this server sets the limit (max-requests).", time.Second)
	}
	s.inProgress++
	return &Pass{admission: a, share: s}, nil
}

// Count counts events that are to be published. It returns a *posthorn.Error with
// posthorn.CodeRateLimited if the workspace may not publish that many now. More
// than the bucket ever holds are let through when it is full, and paid back before
// anything else is.
func (p *Pass) Count(events int) error {
	p.admission.mu.Lock()
	defer p.admission.mu.Unlock()
	return p.admission.count(p.share, events)
}

// Leave ends the request's being in progress. Leaving twice does nothing.
func (p *Pass) Leave() {
	p.admission.mu.Lock()
	defer p.admission.mu.Unlock()
	if !p.hasLeft {
		p.hasLeft = true
		p.share.inProgress--
	}
}

func (a *Admission) count(s *share, events int) error {
	if s.bucket == nil || events <= 0 {
		return nil
	}
	now, burst := a.now(), a.limits.EventBurst
	needed := min(events, burst)
	if !s.bucket.AllowN(now, needed) {
		missing := float64(needed) - s.bucket.TokensAt(now)
		return posthorn.RateLimited(
			fmt.Sprintf("The workspace publishes more than %d events a second.", a.limits.EventRate),
			"Nothing was kept. Send the same request again when Retry-After says. Whoever runs this server sets the limit (event-rate, event-burst).",
			a.timeFor(missing))
	}
	for owed := events - needed; owed > 0; owed -= burst {
		s.bucket.ReserveN(now, min(owed, burst))
	}
	return nil
}

// timeFor is how long the bucket takes to fill by so many events.
func (a *Admission) timeFor(events float64) time.Duration {
	return time.Duration(math.Ceil(max(events, 0) / float64(a.limits.EventRate) * float64(time.Second)))
}

// shareOf finds or makes a workspace's share.
func (a *Admission) shareOf(workspace posthorn.WorkspaceID) *share {
	if s, known := a.shares[workspace]; known {
		return s
	}
	if len(a.shares) >= a.pruneAt {
		a.prune()
		a.pruneAt = max(minPrune, 2*len(a.shares))
	}
	s := &share{}
	if a.limits.EventRate > 0 {
		s.bucket = rate.NewLimiter(rate.Limit(a.limits.EventRate), a.limits.EventBurst)
	}
	a.shares[workspace] = s
	return s
}

// prune forgets shares that are as good as new.
func (a *Admission) prune() {
	now := a.now()
	for workspace, s := range a.shares {
		if s.inProgress == 0 && (s.bucket == nil || s.bucket.TokensAt(now) >= float64(a.limits.EventBurst)) {
			delete(a.shares, workspace)
		}
	}
}

// Quota tells how a workspace stands with its bucket.
type Quota struct {
	// Burst is what the bucket holds, in events; Left what is in it now.
	Burst, Left int
	// Window is how long an empty bucket takes to fill; Full how long this one does.
	Window, Full time.Duration
}

// Quota returns how a workspace stands, and whether there is a rate at all.
func (a *Admission) Quota(workspace posthorn.WorkspaceID) (Quota, bool) {
	if a.limits.EventRate == 0 {
		return Quota{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	left := float64(a.limits.EventBurst)
	if s, known := a.shares[workspace]; known {
		left = s.bucket.TokensAt(a.now())
	}
	burst := float64(a.limits.EventBurst)
	return Quota{Burst: a.limits.EventBurst, Left: int(max(left, 0)), Window: a.timeFor(burst), Full: a.timeFor(burst - left)}, true
}
