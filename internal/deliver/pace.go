package deliver

import (
	"time"

	"github.com/posthorn/posthorn"
)

// pace is how many requests may be under way to one receiver at once. It halves
// when the receiver can't keep up and grows by about one for each round of
// successes (additive increase, multiplicative decrease), between one and the
// webhook's concurrency. A receiver that hangs so takes up one place, not many.
type pace struct {
	limit float64
	// slowedAt is when it was last halved: requests that left before then tell
	// nothing new.
	slowedAt time.Time
}

// allowed returns how many requests may be under way.
func (p *pace) allowed(concurrency int) int {
	if p.limit == 0 {
		return concurrency
	}
	return max(1, min(int(p.limit), concurrency))
}

// learn takes an outcome into account of a request that left at startedAt.
func (p *pace) learn(outcome posthorn.Outcome, concurrency int, startedAt, now time.Time) {
	if p.limit == 0 || p.limit > float64(concurrency) {
		p.limit = float64(concurrency)
	}
	switch {
	case outcome.Succeeded():
		p.limit = min(p.limit+1/p.limit, float64(concurrency))
	case asksForLess(outcome) && startedAt.After(p.slowedAt):
		p.limit = max(1, p.limit/2)
		p.slowedAt = now
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
