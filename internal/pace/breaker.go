package pace

import (
	"time"

	"github.com/posthorn/posthorn"
)

// breaker opens after failures in a row of whatever kind: breakerAfter of them
// over breakerPatience, or breakerBurst at once. Then one request at a time goes
// out as a probe, with a pause before each, and the rest waits in the database.
// The first success closes it.
type breaker struct {
	posthorn.Breaker
	// failingSince is when the failures in a row began.
	failingSince time.Time
}

// When the breaker opens, and how long it waits between probes: as long as it
// has been open, within these bounds.
const (
	breakerAfter    = 10
	breakerPatience = 10 * time.Second
	breakerBurst    = 100
	firstPause      = time.Second
	maxPause        = time.Minute
)

// learn reports whether anything has changed that must be kept.
func (b *breaker) learn(outcome posthorn.Outcome, startedAt, now time.Time) bool {
	if outcome.Succeeded() {
		if !b.IsOpen() {
			b.Failures = 0
			return false
		}
		*b = breaker{Breaker: posthorn.Breaker{ChangedAt: now}}
		return true
	}
	if !outcome.ChargedToReceiver() || startedAt.Before(b.ChangedAt) {
		return false // what left before the last change tells nothing new
	}
	if b.Failures == 0 {
		b.failingSince = now
	}
	b.Failures++
	isLasting := b.Failures >= breakerAfter && now.Sub(b.failingSince) >= breakerPatience
	if !b.IsOpen() && !isLasting && b.Failures < breakerBurst {
		return false
	}
	if !b.IsOpen() {
		b.OpenedAt = now
	}
	b.ChangedAt = now
	b.NextProbeAt = now.Add(max(firstPause, min(now.Sub(b.OpenedAt), maxPause)))
	return true
}
