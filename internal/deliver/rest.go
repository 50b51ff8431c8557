package deliver

import (
	"context"
	"time"

	"github.com/posthorn/posthorn/internal/pace"
)

// rest has the lane, which takes no place meanwhile, wait for the moment that its
// rate allows the next request.
func (e *Engine) rest(l *lane, until time.Time) {
	_, earliest, isKnown := e.resting.First()
	e.resting.Set(l, until)
	if !isKnown || until.Before(earliest) {
		signal(e.rested)
	}
}

// restLoop gives lanes that have rested their turn again, until ctx ends.
func (e *Engine) restLoop(ctx context.Context) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for ctx.Err() == nil {
		alarm.Reset(e.endRests())
		select {
		case <-ctx.Done():
		case <-e.rested:
		case <-alarm.C:
		}
	}
}

// endRests lines up the lanes whose rest is over, and returns how long it is until
// the next one's is.
func (e *Engine) endRests() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.Now()
	l, at, ok := e.resting.First()
	for ; ok && !at.After(now); l, at, ok = e.resting.First() {
		e.resting.Remove(l)
		if l != nil {
			e.lineUp(l)
		}
	}
	e.dispatch()
	if !ok {
		return time.Hour
	}
	return at.Sub(now)
}

// startAfresh forgets until when receivers want to wait, and has every lane read it,
// and what is due, from the database: the clock has jumped.
func (e *Engine) startAfresh() {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.Now()
	for _, l := range e.lanes {
		e.Directories.Forget(l.environment)
		l.holdUntil, l.pace, l.rate = time.Time{}, pace.Pace{}, pace.Rate{}
		if !l.claimAt.IsZero() {
			l.claimAt = now
		}
		e.resting.Remove(l)
		e.arrange(l)
		e.lineUp(l)
	}
	e.dispatch()
}
