package pace

import (
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// Uplink notices when it is our own network that fails, and not the receivers:
// when more than half of the webhooks that were tried within a minute, at least
// minVoters, can't be connected to, and more than half of their workspaces and of
// their hosts agree. Then it lets only a few probes out until most of those connect
// again, and afterwards more and more.
//
// A webhook has a vote only if it could be connected to within the last hour, so
// that receivers that never existed prove nothing. One workspace that switches its
// receivers off, or one host that many webhooks share, is no majority.
type Uplink struct {
	votes map[posthorn.WebhookID]*vote
	// order has the webhooks in the order in which they first had a vote; the one at
	// next makes room for a new one when maxVotes have one.
	order []posthorn.WebhookID
	next  int
	// moved counts the votes that changed since they were last counted, at countedAt.
	moved     int
	countedAt time.Time
	isDown    bool
	// since is when it last failed or came back; zero when it never failed.
	since   time.Time
	probeAt time.Time
}

type vote struct {
	workspace   posthorn.WorkspaceID
	host        string
	connectedAt time.Time
	// triedAt is when the newest request left of which it is known whether it failed.
	triedAt time.Time
	failed  bool
}

// What makes a majority, how long votes count, and how few go out.
const (
	minVoters    = 20
	minHosts     = 3
	minConnected = 3
	voteLasts    = time.Minute
	voterLasts   = time.Hour
	maxVotes     = 4096
	probePlaces  = 4
	probePause   = time.Second
	resumeStep   = 2 * time.Second
)

// Tried is what an attempt says of the network.
type Tried struct {
	Webhook   posthorn.WebhookID
	Workspace posthorn.WorkspaceID
	URL       string
	Reason    posthorn.Reason
	StartedAt time.Time
}

// IsDown reports whether our own network is taken to have failed, and since when.
func (u *Uplink) IsDown() (bool, time.Time) { return u.isDown, u.since }

// Excuses reports whether a failure for this reason is to be blamed on our own
// network.
func (u *Uplink) Excuses(reason posthorn.Reason) bool { return u.isDown && failedToConnect(reason) }

// Places returns how many of most requests may be under way, and when that may
// change by itself; zero when it won't.
func (u *Uplink) Places(most int, now time.Time) (int, time.Time) {
	switch {
	case u.isDown && now.Before(u.probeAt):
		return 0, u.probeAt
	case u.isDown:
		return min(most, probePlaces), time.Time{}
	case u.since.IsZero():
		return most, time.Time{}
	}
	const maxSteps = 20 // beyond any bound
	steps := min(int(now.Sub(u.since)/resumeStep), maxSteps)
	if places := 2 * probePlaces << steps; places < most {
		return places, u.since.Add(time.Duration(steps+1) * resumeStep)
	}
	return most, time.Time{}
}

// Learn takes an attempt into account, and reports whether the network has just
// failed or come back.
func (u *Uplink) Learn(tried Tried, now time.Time) bool {
	failed := failedToConnect(tried.Reason)
	if !failed && !connected(tried.Reason) {
		return false
	}
	if failed && u.isDown {
		u.probeAt = now.Add(probePause)
	}
	v := u.votes[tried.Webhook]
	if v == nil && !failed {
		v = u.admit(tried)
	}
	if v == nil || tried.StartedAt.Before(v.triedAt) || failed && v.connectedAt.Before(u.votersFrom(now)) {
		return u.judge(tried.StartedAt, now)
	}
	if v.failed != failed {
		u.moved++
	}
	v.host, v.triedAt, v.failed = hostOf(tried.URL), tried.StartedAt, failed
	if !failed {
		v.connectedAt = now
	}
	return u.judge(tried.StartedAt, now)
}

// votersFrom is since when a webhook must have been connected to for its vote to
// count. While the network is down nobody loses it.
func (u *Uplink) votersFrom(now time.Time) time.Time {
	if u.isDown {
		now = u.since
	}
	return now.Add(-voterLasts)
}

// admit gives a webhook a vote, and takes that of another if there are too many.
func (u *Uplink) admit(tried Tried) *vote {
	if u.votes == nil {
		u.votes = map[posthorn.WebhookID]*vote{}
	}
	if len(u.order) < maxVotes {
		u.order = append(u.order, tried.Webhook)
	} else {
		delete(u.votes, u.order[u.next])
		u.order[u.next] = tried.Webhook
		u.next = (u.next + 1) % maxVotes
	}
	v := &vote{workspace: tried.Workspace}
	u.votes[tried.Webhook] = v
	return v
}

// judge counts the votes if enough of them have changed, and moves. While the
// network is down only those of requests count that have left since.
func (u *Uplink) judge(startedAt, now time.Time) bool {
	if u.isDown {
		if startedAt.Before(u.since) || !u.isBack(now) {
			return false
		}
		for _, v := range u.votes {
			if v.failed { // it says no more that the network fails
				v.failed, v.triedAt = false, time.Time{}
			}
		}
		u.isDown, u.since = false, now
		return true
	}
	const share = 16
	if u.moved == 0 || u.moved*share < len(u.votes) && now.Sub(u.countedAt) < time.Second {
		return false
	}
	u.moved, u.countedAt = 0, now
	c := u.count(now.Add(-voteLasts), now)
	hasEnough := c.webhooks.all >= minVoters && c.hosts.all >= minHosts && c.workspaces.all >= min(2, c.knownWorkspaces)
	if !hasEnough || !c.agree() {
		return false
	}
	u.isDown, u.since, u.probeAt = true, now, now.Add(probePause)
	return true
}

// isBack reports whether the probes show that the network works: most of some of
// them connect, or for a while none has failed.
func (u *Uplink) isBack(now time.Time) bool {
	from := u.since
	if oldest := now.Add(-voteLasts); oldest.After(from) {
		from = oldest
	}
	c := u.count(from, now)
	if c.webhooks.failed == 0 && now.Sub(u.since) >= voteLasts {
		return true
	}
	return c.webhooks.all-c.webhooks.failed >= minConnected && !c.agree()
}

// connected reports whether an outcome for this reason shows that a connection was
// made.
func connected(reason posthorn.Reason) bool {
	switch reason {
	case posthorn.ReasonAddressForbidden, posthorn.ReasonRenderFailed, posthorn.ReasonLocalResource, posthorn.ReasonLocalNetwork,
		posthorn.ReasonEgressProxy, posthorn.ReasonInterrupted, posthorn.ReasonInternal:
		return false // no connection was tried
	default:
		return !failedToConnect(reason)
	}
}

func failedToConnect(reason posthorn.Reason) bool {
	switch reason {
	case posthorn.ReasonDNSNotFound, posthorn.ReasonDNSError, posthorn.ReasonConnectTimeout, posthorn.ReasonConnectionRefused, posthorn.ReasonUnreachable:
		return true
	default:
		return false
	}
}

// hostOf returns a URL's host and port.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return strings.ToLower(rest)
}
