package deliver

import (
	"container/heap"
	"time"

	"github.com/posthorn/posthorn"
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
	waiting     []store.Job
	concurrency int
	pace        pace
	// sending counts requests under way; held counts all deliveries in memory:
	// reserved, waiting, being sent and being recorded.
	sending   int
	held      int
	heldBytes int
	window    int
	// claimAt is when to ask the database for more; zero when nothing is known to
	// be pending there.
	claimAt time.Time
	// holdUntil is when the receiver allowed the next request.
	holdUntil time.Time
	// position is the lane's place in the timetable, -1 when it isn't there.
	position int
	hasTurn  bool
	// isClaiming keeps the lane known while its claim is under way.
	isClaiming bool
}

func (e *Engine) lane(environment posthorn.EnvironmentID, webhook posthorn.WebhookID) *lane {
	l, ok := e.lanes[webhook]
	if !ok {
		l = &lane{webhook: webhook, environment: environment, concurrency: posthorn.DefaultConcurrency, window: minWindow, position: -1}
		e.lanes[webhook] = l
	}
	return l
}

// sendFrom is when the next request may go out: when the receiver wants it, and
// when the breaker allows it.
func (l *lane) sendFrom() time.Time {
	if l.pace.pausedUntil.After(l.holdUntil) {
		return l.pace.pausedUntil
	}
	return l.holdUntil
}

// drop forgets a lane that has nothing to remember.
func (e *Engine) drop(l *lane, now time.Time) {
	if l.held == 0 && l.claimAt.IsZero() && !l.isClaiming && !l.sendFrom().After(now) {
		delete(e.lanes, l.webhook)
	}
}

// maxLaneBytes bounds the data of one webhook's deliveries in memory.
const maxLaneBytes = 4 << 20

// hasRoom reports whether the lane may hold one more delivery of so many bytes.
// A lane that holds nothing may take one out of a reserve as large as the bounds
// themselves, so that nobody's bulk keeps another out.
func (e *Engine) hasRoom(l *lane, bytes int) bool {
	if l.pace.isOpen() && l.held > 0 {
		return false // one probe at a time
	}
	if l.held == 0 {
		return e.heldJobs < 2*e.MaxHeldJobs && e.heldBytes+bytes <= 2*e.MaxHeldBytes
	}
	return l.held < l.window && l.heldBytes+bytes <= maxLaneBytes &&
		e.heldJobs < e.MaxHeldJobs && e.heldBytes+bytes <= e.MaxHeldBytes
}

func (e *Engine) hold(l *lane, bytes int) {
	l.held++
	l.heldBytes += bytes
	e.heldJobs++
	e.heldBytes += bytes
	e.arrange(l)
}

// letGo gives back the room of one delivery.
func (e *Engine) letGo(l *lane, bytes int) {
	l.held--
	l.heldBytes -= bytes
	e.heldJobs--
	e.heldBytes -= bytes
	if e.heldJobs == 0 {
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

// arrange puts the lane into the timetable, moves it there, or takes it out. A
// lane stands in the timetable while it has something to claim, no claim of it is
// under way, and it holds at most half of what it may: so claims are few and
// large. Whatever changes one of these calls arrange.
func (e *Engine) arrange(l *lane) {
	belongs := !l.claimAt.IsZero() && !l.isClaiming && l.held <= l.window/2
	switch {
	case belongs && l.position < 0:
		heap.Push(&e.timetable, l)
	case belongs:
		heap.Fix(&e.timetable, l.position)
	case l.position >= 0:
		heap.Remove(&e.timetable, l.position)
	}
	if belongs && l.position == 0 {
		signal(e.kick)
	}
}

// timetable orders lanes by when they claim next. It implements heap.Interface.
type timetable []*lane

func (t timetable) Len() int           { return len(t) }
func (t timetable) Less(i, j int) bool { return t[i].claimAt.Before(t[j].claimAt) }
func (t timetable) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].position, t[j].position = i, j
}

// Push implements heap.Interface.
func (t *timetable) Push(x any) {
	l := x.(*lane) //nolint:forcetypeassert // only arrange calls it
	l.position = len(*t)
	*t = append(*t, l)
}

// Pop implements heap.Interface.
func (t *timetable) Pop() any {
	last := len(*t) - 1
	l := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	l.position = -1
	return l
}

// turns is the order in which lanes send their next request.
type turns struct{ lanes []*lane }

func (t *turns) add(l *lane) {
	if !l.hasTurn {
		l.hasTurn = true
		t.lanes = append(t.lanes, l)
	}
}

func (t *turns) next() (*lane, bool) {
	if len(t.lanes) == 0 {
		return nil, false
	}
	l := t.lanes[0]
	t.lanes[0] = nil
	t.lanes = t.lanes[1:]
	l.hasTurn = false
	return l, true
}
