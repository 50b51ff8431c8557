package deliver

import (
	"time"

	"github.com/posthorn/posthorn"
)

// pace is how many requests may be under way to one receiver at once. It begins
// low, doubles with each round of successes until the first trouble, and from
// then on grows by about one a round; it halves when the receiver can't keep up
// (slow start, additive increase, multiplicative decrease). It lies between one
// and the webhook's concurrency. A receiver that hangs so takes up few places.
//
// After failures in a row of whatever kind, breakerAfter of them over
// breakerPatience or breakerBurst at once, the breaker is open: one request at a
// time goes out as a probe, with a pause before each that grows to maxPause, and
// the rest waits in the database. The first success closes it, and the pace begins
// low again.
type pace struct {
	limit float64
	// slowedAt is when it was last halved: requests that left before then tell
	// nothing new. It is zero until the first trouble.
	slowedAt time.Time
	// failures counts failures in a row, since failingSince.
	failures     int
	failingSince time.Time
	// probes counts the failures since the breaker opened, 0 while it is closed;
	// pausedUntil is when the next probe may go out, and pausedAt when that was
	// decided.
	probes      int
	pausedAt    time.Time
	pausedUntil time.Time
}

// When the breaker opens, and how long it waits between probes.
const (
	breakerAfter    = 10
	breakerPatience = 10 * time.Second
	breakerBurst    = 100
	firstPause      = time.Second
	maxPause        = time.Minute
)

// isOpen reports whether only probes go out.
func (p *pace) isOpen() bool { return p.probes > 0 }

// firstPace is how many requests may be under way to a receiver of which nothing
// is known.
const firstPace = 2

// allowed returns how many requests may be under way.
func (p *pace) allowed(concurrency int) int {
	return max(1, min(int(p.current(concurrency)), concurrency))
}

func (p *pace) current(concurrency int) float64 {
	if p.isOpen() {
		return 1
	}
	if p.limit == 0 {
		return min(firstPace, float64(concurrency))
	}
	return min(p.limit, float64(concurrency))
}

// learn takes an outcome into account of a request that left at startedAt.
func (p *pace) learn(outcome posthorn.Outcome, concurrency int, startedAt, now time.Time) {
	p.count(outcome, startedAt, now)
	limit := p.current(concurrency)
	switch {
	case asksForLess(outcome) && startedAt.After(p.slowedAt):
		p.limit = max(1, limit/2)
		p.slowedAt = now
	case asksForLess(outcome):
	case p.slowedAt.IsZero():
		p.limit = limit + 1
	default:
		p.limit = limit + 1/limit
	}
}

// count opens and closes the breaker.
func (p *pace) count(outcome posthorn.Outcome, startedAt, now time.Time) {
	if outcome.Succeeded() {
		if p.isOpen() {
			*p = pace{}
		}
		p.failures = 0
		return
	}
	if !outcome.ChargedToReceiver() || startedAt.Before(p.pausedAt) {
		return
	}
	if p.failures == 0 {
		p.failingSince = now
	}
	p.failures++
	isLasting := p.failures >= breakerAfter && now.Sub(p.failingSince) >= breakerPatience
	if isLasting || p.failures >= breakerBurst {
		p.pausedAt = now
		p.pausedUntil = now.Add(min(firstPause<<min(p.probes, 10), maxPause))
		p.probes++
	}
}

// asksForLess reports whether an outcome says that the receiver has too much to
// do.
func asksForLess(outcome posthorn.Outcome) bool {
	switch outcome.StatusCode {
	case 429, 502, 503, 504:
		return true
	}
	return outcome.Reason == posthorn.ReasonTimeout || outcome.Reason == posthorn.ReasonConnectTimeout ||
		outcome.Reason == posthorn.ReasonTLSTimeout || outcome.Reason == posthorn.ReasonRateLimited
}
