// Package sweep looks now and then for what nobody told the engine about: webhooks
// with deliveries that are due, and a clock that was set.
//
// The time that the process itself measures goes on evenly whatever is done to the
// clock, so that waits in memory are right. What is kept in the database are moments
// of the clock: when that jumps forward (it was set, the machine slept, a snapshot
// of it was resumed) more is due than was expected; when it is put back, what was due
// isn't any more, for as long as the jump, unless somebody sees to it.
package sweep

import (
	"context"
	"log/slog"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Queue is what is asked of the database.
type Queue interface {
	// Due is described at store.Queue.
	Due(ctx context.Context, after posthorn.WebhookID, limit int) ([]store.DueWebhook, error)
	// Rewind is described at store.Queue.
	Rewind(ctx context.Context, after store.DuePlace, limit int, now time.Time) (store.Rewound, error)
}

// Sweeper looks whenever Sweep is called, by one goroutine at a time.
type Sweeper struct {
	Queue  Queue
	Logger *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Written is a moment at which something was written by an earlier process, or zero:
	// when the clock is before it, it was put back meanwhile. That may have been long ago,
	// and followed by an earlier process: it is told of if there is something to move.
	Written time.Time
	// Found hears of webhooks with pending deliveries.
	Found func(due []store.DueWebhook)
	// Jumped hears that the clock has jumped: moments that were read from the database
	// are to be read again.
	Jumped func()
	// SeenAll hears that a look has seen everything.
	SeenAll func()

	// last is when it looked before, by the clock; lastAt is the same moment by the time
	// that goes on evenly.
	last, lastAt time.Time
	// rewinds is how many times the database is still to be gone through for a clock that
	// was put back, and place is how far that has come.
	rewinds int
	place   store.DuePlace
	// doubtful is a jump before this process that nothing shows of yet but Written.
	doubtful time.Duration
	// mustTell is kept until Jumped has heard of a jump.
	mustTell bool
}

const (
	// noJump is how much the clock may differ from the time that passed, as it does when
	// it is slowed or hurried.
	noJump = 2 * time.Second
	// step is how many deliveries are looked at in one transaction: publishers wait for
	// no more.
	step = 500
	// allRewinds is twice: what was about to be written when the clock was put back has
	// the time of before, and may be written behind the place that was reached. The next
	// sweep finds it.
	allRewinds = 2
)

// Run looks at once and then so often, until ctx ends. It wants a goroutine of its own:
// to follow a clock that was put back takes long where much waits, and nobody's claims
// are to wait for it.
func (s *Sweeper) Run(ctx context.Context, every time.Duration) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if s.Sweep(ctx) {
			s.SeenAll()
		}
		next.Reset(every)
	}
}

// Sweep looks once, and reports whether it has seen everything.
func (s *Sweeper) Sweep(ctx context.Context) bool {
	if err := s.followClock(ctx); err != nil {
		if ctx.Err() != nil {
			return false
		}
		s.Logger.Error("following the clock failed, trying again later", "error", err)
		return false
	}
	const page = 1000
	var after posthorn.WebhookID
	for ctx.Err() == nil {
		due, err := s.Queue.Due(ctx, after, page)
		if err != nil {
			s.Logger.Error("looking for due deliveries failed, trying again later", "error", err)
			return false
		}
		s.Found(due)
		if len(due) < page {
			return true
		}
		after = due[len(due)-1].WebhookID
	}
	return false
}

// followClock does what a jump of the clock makes necessary. What fails is done by the
// next call, from where this one got to.
func (s *Sweeper) followClock(ctx context.Context) error {
	isFirst := s.last.IsZero()
	if jump := s.jump(); jump != 0 {
		if jump < 0 {
			s.rewinds, s.place = allRewinds, store.DuePlace{}
		}
		if isFirst {
			s.doubtful = jump
		} else {
			s.tell(jump)
		}
	}
	if s.rewinds > 0 {
		if err := s.rewind(ctx); err != nil {
			return err
		}
		if s.doubtful != 0 {
			s.rewinds, s.doubtful = 0, 0 // there was nothing to move
			return nil
		}
		s.rewinds--
		s.mustTell = true
	}
	if s.mustTell {
		s.mustTell = false
		s.Jumped()
	}
	return nil
}

// tell tells of a jump that is beyond doubt.
func (s *Sweeper) tell(jump time.Duration) {
	s.Logger.Warn("the clock has jumped: what waits for a moment that has come is sent now, and what was written in a time that is still to come waits from now on", "by", jump)
	s.mustTell, s.doubtful = true, 0
}

// rewind has the database follow a clock that was put back.
func (s *Sweeper) rewind(ctx context.Context) error {
	for {
		done, err := s.Queue.Rewind(ctx, s.place, step, s.Now())
		if err != nil {
			return err
		}
		if s.doubtful != 0 && done.Moved > 0 {
			s.tell(s.doubtful)
		}
		s.place = done.Next
		if s.place == (store.DuePlace{}) {
			return nil
		}
	}
}

// jump is how far the clock has jumped since it was last asked; 0 when it hasn't.
func (s *Sweeper) jump() time.Duration {
	// The second is not for what the clock says, but for how long ago it was asked.
	now, nowAt := s.Now().Round(0), time.Now()
	jump := now.Sub(s.last) - nowAt.Sub(s.lastAt)
	if s.last.IsZero() {
		jump = min(0, now.Sub(s.Written))
	}
	s.last, s.lastAt = now, nowAt
	if jump.Abs() < noJump {
		return 0
	}
	return jump
}
