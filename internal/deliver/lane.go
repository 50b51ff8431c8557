package deliver

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
	"github.com/posthorn/posthorn/internal/store"
)

// A lane's window is how many deliveries of one webhook may be in memory at
// once. It opens while the receiver takes what it is sent, and closes when it
// does not, so that what waits for a slow receiver waits in the database.
const (
	minWindow = 32
	maxWindow = 1024
)

// lane is the engine's state of one webhook. The engine's lock guards it.
type lane struct {
	webhook     posthorn.WebhookID
	environment posthorn.EnvironmentID
	// workspace is whose turn the lane takes; until the directory has been read for
	// it, the environment stands for its workspace.
	workspace   posthorn.WorkspaceID
	waiting     []*store.Job
	concurrency int
	pace        pace.Pace
	rate        pace.Rate
	// sending counts requests under way; held counts all deliveries in memory:
	// reserved, waiting, being sent and being recorded.
	sending   int
	held      int
	heldBytes int
	window    int
	// backlog is what is known of those that are due in the database.
	backlog pace.Backlog
	// claimAt is when to ask the database for more; zero when nothing is known to
	// be pending there.
	claimAt time.Time
	// holdUntil is when the receiver allowed the next request.
	holdUntil time.Time
	// hasTurn and isDue report that it stands in the engine's turns for sending and
	// for claiming.
	hasTurn, isDue bool
	// tried hears when the lane's suspect is held no longer.
	tried chan struct{}
	// isClaiming keeps the lane known while its claim is under way, and hasRested says that
	// this one was patient: others rest for it.
	isClaiming, hasRested bool
}

func (e *Engine) lane(environment posthorn.EnvironmentID, webhook posthorn.WebhookID) *lane {
	l, ok := e.lanes[webhook]
	if !ok {
		l = &lane{
			webhook: webhook, environment: environment, workspace: posthorn.WorkspaceID(environment),
			concurrency: posthorn.DefaultConcurrency, window: minWindow,
		}
		e.lanes[webhook] = l
	}
	return l
}

// learn takes over what the directory says of the webhook.
func (e *Engine) learn(l *lane, webhook *posthorn.Webhook) {
	l.workspace, l.concurrency = webhook.WorkspaceID, webhook.Concurrency
	if webhook.HoldUntil.After(l.holdUntil) {
		l.holdUntil = webhook.HoldUntil
	}
	l.pace.Adopt(webhook.Breaker)
	l.rate.Set(webhook.Spacing())
}

// sendFrom is when the next request may go out: when the receiver wants it, and
// when the breaker allows it.
func (l *lane) sendFrom() time.Time {
	if probe := l.pace.Breaker().NextProbeAt; probe.After(l.holdUntil) {
		return probe
	}
	return l.holdUntil
}

// widest is how far the window may open: for a webhook with a rate limit to what
// goes out in a while.
func (l *lane) widest() int {
	const while = 10 * time.Second
	if count, isLimited := l.rate.Within(while); isLimited {
		return max(minWindow, min(count, maxWindow))
	}
	return maxWindow
}

// drop forgets a lane that has nothing to remember. One whose breaker has moved
// remembers it: the directory in memory may be older.
func (e *Engine) drop(l *lane, now time.Time) {
	isBusy := l.held > 0 || !l.claimAt.IsZero() || l.isClaiming
	hasMoved := !l.pace.Breaker().ChangedAt.IsZero()
	if !isBusy && !hasMoved && !l.sendFrom().After(now) && !l.rate.From().After(now) {
		delete(e.lanes, l.webhook)
	}
}

// dropIdle forgets lanes that had to be remembered when their last work ended.
func (e *Engine) dropIdle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.lanes {
		e.drop(l, e.Now())
	}
}

// maxLaneBytes bounds the data of one webhook's deliveries in memory.
const maxLaneBytes = 4 << 20

// hasRoom reports whether the lane may hold one more delivery of so many bytes,
// beside what a claim under way may yield.
func (e *Engine) hasRoom(l *lane, bytes int) bool {
	claiming := l.backlog.Claiming()
	isFirst := l.held+claiming.Jobs == 0
	if !isFirst && (l.pace.IsOpen() || l.held+claiming.Jobs >= l.window || l.heldBytes+claiming.Bytes+bytes > maxLaneBytes) {
		return false // an open breaker lets out one probe at a time
	}
	return e.heldJobs.Fits(l.workspace, 1, isFirst) && e.heldBytes.Fits(l.workspace, bytes, isFirst)
}

func (e *Engine) hold(l *lane, bytes int) {
	l.held++
	l.heldBytes += bytes
	e.heldJobs.Take(l.workspace, 1)
	e.heldBytes.Take(l.workspace, bytes)
	e.arrange(l)
}

// letGo gives back the room of one delivery.
func (e *Engine) letGo(l *lane, bytes int) {
	l.held--
	l.heldBytes -= bytes
	e.heldJobs.Take(l.workspace, -1)
	e.heldBytes.Take(l.workspace, -bytes)
	if e.heldJobs.Taken() == 0 {
		signal(e.settled)
	}
	e.arrange(l)
	e.drop(l, e.Now())
}

// claimFrom makes sure that the lane claims at the given time or earlier.
func (e *Engine) claimFrom(l *lane, at time.Time) {
	if at.IsZero() || !l.claimAt.IsZero() && !at.Before(l.claimAt) {
		return
	}
	l.claimAt = at
	e.arrange(l)
}

// wantsClaim reports whether the lane has something to claim, no claim of it is
// under way, and it holds at most half of what it may: so claims are few and
// large.
func (l *lane) wantsClaim() bool {
	most := l.window / 2
	if l.pace.IsOpen() {
		most = 0
	}
	return !l.claimAt.IsZero() && !l.isClaiming && l.held <= most
}

// hasBacklog reports whether deliveries wait in the database that a fresh one must
// not overtake. A short backlog that is being claimed as a whole, or is about to be,
// is none: else those that come meanwhile would be the next one, for as long as
// somebody publishes.
func (l *lane) hasBacklog(now time.Time) bool {
	if l.isClaiming {
		return !l.backlog.IsBeingTaken()
	}
	isDue := !l.claimAt.IsZero() && !l.claimAt.After(now)
	return isDue && (!l.wantsClaim() || !l.backlog.IsShort(usualClaimJobs))
}

// arrange puts the lane into the timetable, moves it there, or takes it out.
// Whatever changes what wantsClaim says calls it.
func (e *Engine) arrange(l *lane) {
	if l.isDue {
		return // it is looked at when its turn comes
	}
	if !l.wantsClaim() {
		e.timetable.Remove(l)
		return
	}
	e.timetable.Set(l, l.claimAt)
	if first, _, _ := e.timetable.First(); first == l {
		signal(e.kick)
	}
}
