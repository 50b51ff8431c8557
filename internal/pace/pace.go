package pace

import (
	"time"

	"github.com/posthorn/posthorn"
)

// Pace is how many requests may be under way to one receiver at once. It begins
// low, doubles with each round of successes until the first trouble, and from
// then on grows by about one a round; it halves when the receiver can't keep up
// (slow start, additive increase, multiplicative decrease). It lies between one
// and the webhook's concurrency. A receiver that hangs so takes up few places.
// While the breaker is open it is one; when that closes, the pace begins low again.
// The zero Pace is that of a receiver of which nothing is known.
type Pace struct {
	breaker breaker
	limit   float64
	// slowedAt is when it was last halved: requests that left before then tell
	// nothing new. It is zero until the first trouble.
	slowedAt time.Time
}

// firstPace is how many requests may be under way to a receiver of which nothing
// is known.
const firstPace = 2

// Allowed returns how many requests may be under way.
func (p *Pace) Allowed(concurrency int) int {
	return max(1, min(int(p.current(concurrency)), concurrency))
}

func (p *Pace) current(concurrency int) float64 {
	if p.IsOpen() {
		return 1
	}
	if p.limit == 0 {
		return min(firstPace, float64(concurrency))
	}
	return min(p.limit, float64(concurrency))
}

// Learn takes an outcome into account of a request that left at startedAt. It
// reports whether the breaker has opened, has put off its next probe or has
// closed: what Breaker returns is then to be kept.
func (p *Pace) Learn(outcome posthorn.Outcome, concurrency int, startedAt, now time.Time) bool {
	wasOpen := p.IsOpen()
	changed := p.breaker.learn(outcome, startedAt, now)
	if wasOpen && !p.IsOpen() {
		p.limit, p.slowedAt = 0, time.Time{}
	}
	limit := p.current(concurrency)
	switch {
	case asksForLess(outcome) && startedAt.After(p.slowedAt):
		p.limit = max(1, limit/2)
		p.slowedAt = now
	case !outcome.Succeeded():
	case p.slowedAt.IsZero():
		p.limit = limit + 1
	default:
		p.limit = limit + 1/limit
	}
	return changed
}

// asksForLess reports whether an outcome says that the receiver has too much to
// do, or its name servers.
func asksForLess(outcome posthorn.Outcome) bool {
	switch outcome.StatusCode {
	case 429, 502, 503, 504:
		return true
	}
	switch outcome.Reason {
	case posthorn.ReasonTimeout, posthorn.ReasonConnectTimeout, posthorn.ReasonTLSTimeout, posthorn.ReasonRateLimited, posthorn.ReasonDNSError:
		return true
	default:
		return false
	}
}

// Breaker returns the breaker as it is now.
func (p *Pace) Breaker() posthorn.Breaker { return p.breaker.Breaker }

// IsOpen reports whether only probes go out.
func (p *Pace) IsOpen() bool { return p.breaker.IsOpen() }

// Adopt takes over a breaker that was kept, if it is newer than what is known
// here.
func (p *Pace) Adopt(kept posthorn.Breaker) {
	if kept.ChangedAt.After(p.breaker.ChangedAt) {
		*p = Pace{breaker: breaker{Breaker: kept}}
	}
}
