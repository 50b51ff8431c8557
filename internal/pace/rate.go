package pace

import "time"

// Rate spaces requests evenly, so many a second. Whoever could not send in time
// may catch up on catchUp, no more. The zero Rate has no limit.
type Rate struct {
	perSecond int
	// next is when the next request would go out if all were spaced evenly.
	next time.Time
}

// catchUp is how much lateness is made good: it keeps a fast rate from being lost
// to the grain of timers, and is too little for a burst at a slow one.
const catchUp = 20 * time.Millisecond

// Set makes it so many requests a second; 0 is no limit. Another rate than before
// holds at once.
func (r *Rate) Set(perSecond int) {
	if perSecond != r.perSecond {
		*r = Rate{perSecond: perSecond}
	}
}

// From is when the next request may go out; zero without a limit.
func (r *Rate) From() time.Time {
	if r.perSecond == 0 || r.next.IsZero() {
		return time.Time{}
	}
	return r.next.Add(-max(0, catchUp-r.interval()))
}

// Within is how many requests may go out in a time; false without a limit.
func (r *Rate) Within(time time.Duration) (int, bool) {
	return int(time.Seconds() * float64(r.perSecond)), r.perSecond > 0
}

// Take counts a request that goes out now.
func (r *Rate) Take(now time.Time) {
	if r.perSecond == 0 {
		return
	}
	if r.next.Before(now) {
		r.next = now
	}
	r.next = r.next.Add(r.interval())
}

func (r *Rate) interval() time.Duration { return time.Second / time.Duration(r.perSecond) }
