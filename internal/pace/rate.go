package pace

import "time"

// Rate spaces requests evenly. Whoever could not send in time may catch up on
// catchUp, no more. The zero Rate has no limit.
type Rate struct {
	// spacing is the time from one request to the next.
	spacing time.Duration
	// next is when the next request would go out if all were spaced evenly.
	next time.Time
}

// catchUp is how much lateness is made good: it keeps a fast rate from being lost
// to the grain of timers, and is too little for a burst at a slow one.
const catchUp = 20 * time.Millisecond

// Set makes it the time from one request to the next; 0 is no limit. Another than
// before holds at once.
func (r *Rate) Set(spacing time.Duration) {
	if spacing != r.spacing {
		*r = Rate{spacing: spacing}
	}
}

// From is when the next request may go out; zero without a limit.
func (r *Rate) From() time.Time {
	if r.spacing == 0 || r.next.IsZero() {
		return time.Time{}
	}
	return r.next.Add(-max(0, catchUp-r.spacing))
}

// Within is how many requests may go out in a time; false without a limit.
func (r *Rate) Within(time time.Duration) (int, bool) {
	if r.spacing == 0 {
		return 0, false
	}
	return int(time / r.spacing), true
}

// Take counts a request that goes out now.
func (r *Rate) Take(now time.Time) {
	if r.spacing == 0 {
		return
	}
	if r.next.Before(now) {
		r.next = now
	}
	r.next = r.next.Add(r.spacing)
}
