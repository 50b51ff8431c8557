package pace

import "time"

// Courtesy has the claims of long backlogs rest while others publish: one of them is
// under way at a time, and the next one waits calm times as long as the last one took,
// up to longestRest. So all long backlogs together, however many come back at once, take
// a sixth of what can be written; more of it where claims are slow, for a rest may not
// keep them from going out at all. The claims of a backlog that isn't spared neither
// rest nor have others rest. The zero Courtesy has seen nobody publish.
type Courtesy struct {
	// freshAt is when a fresh delivery was last taken into memory.
	freshAt time.Time
	// underWay counts the claims between Begin and End. The last one began at began, and
	// the rest after it ends at restsUntil.
	underWay          int
	began, restsUntil time.Time
}

// How long the rest is, in times of what the claim took and at all, and for how long after
// a fresh delivery somebody is taken to publish.
const (
	calm         = 5
	shortestRest = time.Millisecond
	longestRest  = 25 * time.Millisecond
	remembers    = time.Second
)

// Fresh notes that a fresh delivery was taken into memory: its webhook has no long backlog.
func (c *Courtesy) Fresh(now time.Time) { c.freshAt = now }

// Spares reports whether others publish, for whose sake the backlog is to be claimed with
// courtesy: it is long, and a claim for which there is so much room takes more of it than
// it grows by. What was published before it became long may have been its own.
func (c *Courtesy) Spares(b *Backlog, room int, now time.Time) bool {
	return b.IsLong() && !b.outgrows(room) && c.freshAt.After(b.longSince) && c.IsPublishing(now)
}

// IsPublishing reports whether a fresh delivery was taken into memory within the last second.
func (c *Courtesy) IsPublishing(now time.Time) bool {
	ago := now.Sub(c.freshAt)
	return ago >= 0 && ago < remembers
}

// Rests reports whether others publish and a claim is under way, or the rest after the
// last one isn't over, and how much is left of that.
func (c *Courtesy) Rests(now time.Time) (bool, time.Duration) {
	left := c.restsUntil.Sub(now)
	if left < 0 || left > longestRest || !c.IsPublishing(now) { // more is left only if the clock was put back
		left = 0
	}
	return c.IsPublishing(now) && c.underWay > 0 || left > 0, left
}

// Begin notes that a claim begins that has waited for the rest of others; End must follow.
func (c *Courtesy) Begin(now time.Time) { c.underWay, c.began = c.underWay+1, now }

// End notes that such a claim has ended, and begins the rest after it.
func (c *Courtesy) End(now time.Time) {
	c.underWay--
	c.restsUntil = now.Add(max(shortestRest, min(calm*now.Sub(c.began), longestRest)))
}
