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
type pace struct {
	limit float64
	// slowedAt is when it was last halved: requests that left before then tell
	// nothing new. It is zero until the first trouble.
	slowedAt time.Time
}

// firstPace is how many requests may be under way to a receiver of which nothing
// is known.
const firstPace = 2

// allowed returns how many requests may be under way.
func (p *pace) allowed(concurrency int) int {
	return max(1, min(int(p.current(concurrency)), concurrency))
}

func (p *pace) current(concurrency int) float64 {
	if p.limit == 0 {
		return min(firstPace, float64(concurrency))
	}
	return min(p.limit, float64(concurrency))
}

// learn takes an outcome into account of a request that left at startedAt.
func (p *pace) learn(outcome posthorn.Outcome, concurrency int, startedAt, now time.Time) {
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
