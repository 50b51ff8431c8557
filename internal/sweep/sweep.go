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
	Rewind(ctx context.Context, limit int, now time.Time) (int, error)
}

// Sweeper looks whenever Sweep is called, by one goroutine at a time.
type Sweeper struct {
	Queue  Queue
	Logger *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Found hears of webhooks with pending deliveries.
	Found func(due []store.DueWebhook)
	// Jumped hears that the clock has jumped: moments that were read from the database
	// are to be read again.
	Jumped func()

	// last is when it looked before, by the clock; lastAt is the same moment by the time
	// that goes on evenly.
	last, lastAt time.Time
	// mustRewind is kept until the database has followed a clock that was put back.
	mustRewind bool
}

// How much the clock may differ from the time that passed, as it does when it is
// slowed or hurried, and how much the database moves in one transaction.
const (
	noJump = 2 * time.Second
	chunk  = 5000
)

// Sweep looks once, and reports whether it has seen everything.
func (s *Sweeper) Sweep(ctx context.Context) bool {
	if err := s.followClock(ctx); err != nil {
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

func (s *Sweeper) followClock(ctx context.Context) error {
	jump := s.jump()
	if jump < 0 {
		s.mustRewind = true
	}
	for s.mustRewind {
		moved, err := s.Queue.Rewind(ctx, chunk, s.Now())
		if err != nil {
			return err
		}
		s.mustRewind = moved == chunk
	}
	if jump != 0 {
		s.Logger.Warn("the clock has jumped: what waits for a moment that has come is sent now, and what was written in a time that is still to come waits from now on", "by", jump)
		s.Jumped()
	}
	return nil
}

// jump is how far the clock has jumped since it was last asked; 0 when it hasn't.
func (s *Sweeper) jump() time.Duration {
	// The second is not for what the clock says, but for how long ago it was asked.
	now, nowAt := s.Now().Round(0), time.Now()
	jump := now.Sub(s.last) - nowAt.Sub(s.lastAt)
	isFirst := s.last.IsZero()
	s.last, s.lastAt = now, nowAt
	if isFirst || jump.Abs() < noJump {
		return 0
	}
	return jump
}
