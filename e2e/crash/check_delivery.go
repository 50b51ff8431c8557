package main

import (
	"slices"
	"time"
)

// clockSlack is how far two readings of one machine's clock may seem apart: the
// receiver's goroutine may run late.
const clockSlack = 150 * time.Millisecond

// checkDelivery holds a delivery's attempts against what its receiver got.
func (c *checker) checkDelivery(d *storedDelivery) {
	h, found := c.world.hook(d.hook)
	if !found {
		c.complain("S2", "there is a delivery for %s", d.hook)
		return
	}
	got := c.receipts[d.hook+" "+d.nonce]
	c.match(d, got)
	c.checkMoves(d)
	c.checkSchedule(h, d, got)
	c.checkEnd(h, d)
	c.checkDuplicates(d, got)
}

// match finds the receipt of each attempt, and checks S7: what is recorded as
// taken was taken.
func (c *checker) match(d *storedDelivery, got []*matched) {
	for _, a := range d.tries {
		if a.isLost() {
			if !c.isKilledAfter(a.begun) {
				c.complain("S7", "attempt %d of %s to %s is recorded as lost; there was no kill after it", a.number, d.nonce, d.hook)
			}
			continue
		}
		m := receiptOf(a, got)
		switch {
		case m == nil && a.succeeded():
			c.complain("S7", "attempt %d of %s to %s is recorded as a success; nothing arrived", a.number, d.nonce, d.hook)
		case m == nil: // the request was lost on its way
		case a.succeeded() && (m.Status != 200 || !m.Written):
			c.complain("S7", "attempt %d of %s to %s is recorded as a success; the answer was %d (written: %v)", a.number, d.nonce, d.hook, m.Status, m.Written)
		case a.status != 0 && a.status != m.Status:
			c.complain("S7", "attempt %d of %s to %s is recorded with status %d; the answer was %d", a.number, d.nonce, d.hook, a.status, m.Status)
		}
	}
}

// receiptOf takes the receipt of an attempt: one that came while it was under way,
// if possible with the status that the attempt has. An attempt may consist of two
// requests, when a kept connection breaks: then the first was a reset.
func receiptOf(a storedAttempt, got []*matched) *matched {
	var taken *matched
	for _, m := range got {
		if m.recorded || m.At.Before(a.begun.Add(-time.Millisecond)) || m.At.After(a.ended.Add(clockSlack)) {
			continue
		}
		if taken == nil || taken.Status != a.status && m.Status == a.status {
			if taken != nil {
				taken.recorded = taken.Reset
			}
			taken = m
		}
	}
	if taken != nil {
		taken.recorded = true
	}
	return taken
}

// isKilledAfter reports whether a kill came after a moment.
func (c *checker) isKilledAfter(moment time.Time) bool {
	return slices.ContainsFunc(c.kills, func(kill time.Time) bool { return kill.Add(clockSlack).After(moment) })
}

// checkMoves checks S8 and S11: attempts are numbered without gaps, and nothing
// follows a success.
func (c *checker) checkMoves(d *storedDelivery) {
	if d.attempts != len(d.tries) {
		c.complain("S11", "%s to %s counts %d attempts and has %d", d.nonce, d.hook, d.attempts, len(d.tries))
	}
	for i, a := range d.tries {
		if a.number != i+1 {
			c.complain("S11", "%s to %s has attempt %d at place %d", d.nonce, d.hook, a.number, i+1)
		}
		last := i == len(d.tries)-1
		if a.succeeded() && (!last || d.status != isSucceeded) {
			c.complain("S8", "%s to %s went on after a success", d.nonce, d.hook)
		}
	}
	if d.status == isSucceeded && (len(d.tries) == 0 || !d.tries[len(d.tries)-1].succeeded()) {
		c.complain("S7", "%s to %s has succeeded without a successful attempt", d.nonce, d.hook)
	}
}

// checkSchedule checks S9: no attempt before its time, none too many, and what a
// receiver asked for is obeyed.
func (c *checker) checkSchedule(h hook, d *storedDelivery, got []*matched) {
	const earliest = retryDelay - time.Duration(jitterShare*float64(retryDelay))
	counted := 0
	for i, a := range d.tries {
		if !a.isOurs() {
			counted++
		}
		if i == 0 {
			continue
		}
		before := d.tries[i-1]
		if wait := a.begun.Sub(before.ended); wait < earliest-time.Millisecond && !before.isOurs() {
			c.complain("S9", "attempt %d of %s to %s came %v after the one before", a.number, d.nonce, d.hook, wait)
		}
		for _, m := range got {
			asked := m.recorded && m.RetryAfter > 0 && !m.At.Before(before.begun.Add(-time.Millisecond)) && m.At.Before(a.begun)
			if asked && a.begun.Before(m.At.Add(m.RetryAfter-5*time.Millisecond)) {
				c.complain("S9", "attempt %d of %s to %s came %v after the receiver had asked for %v", a.number, d.nonce, d.hook, a.begun.Sub(m.At), m.RetryAfter)
			}
		}
	}
	if counted > h.retries+1 {
		c.complain("S9", "%s to %s had %d attempts; %d are allowed", d.nonce, d.hook, counted, h.retries+1)
	}
}

// checkEnd checks S1 and L1: a delivery was taken, or it was given up after its
// whole schedule, or a person ended it.
func (c *checker) checkEnd(h hook, d *storedDelivery) {
	switch d.status {
	case isSucceeded:
	case isExhausted:
		counted := 0
		for _, a := range d.tries {
			if !a.isOurs() {
				counted++
			}
		}
		if counted != h.retries+1 {
			c.losses++
			c.complain("S1", "%s to %s was given up after %d attempts of %d", d.nonce, d.hook, counted, h.retries+1)
		}
	case isCancelled:
		if d.hook != removedHook || c.deletedAt.IsZero() {
			c.losses++
			c.complain("S1", "%s to %s was cancelled by nobody", d.nonce, d.hook)
		}
	case isPending, isLeased:
		c.complain("L1", "%s to %s still waits (status %d)", d.nonce, d.hook, d.status)
	case isQuarantined:
		c.losses++
		c.complain("S1", "%s to %s was quarantined, though it never ended the server", d.nonce, d.hook)
	default:
		c.losses++
		c.complain("S1", "%s to %s has the status %d", d.nonce, d.hook, d.status)
	}
}

// checkDuplicates checks S6: a second success needs a crash between the
// receiver's answer and its record.
func (c *checker) checkDuplicates(d *storedDelivery, got []*matched) {
	taken, unrecorded := 0, 0
	for _, m := range got {
		if m.Status != 200 || !m.Written {
			continue
		}
		taken++
		if !m.recorded && c.wasUnderWay(m) {
			unrecorded++
		}
	}
	c.duplicates += max(0, taken-1)
	if taken-1 > unrecorded {
		c.complain("S6", "%s was taken %d times by %s, %d of them unrecorded because of a kill", d.nonce, taken, d.hook, unrecorded)
	}
}

// checkUnmatched checks the other half of S7: a request that isn't recorded was
// under way at a kill.
func (c *checker) checkUnmatched() {
	for _, list := range c.receipts {
		for _, m := range list {
			if m.recorded {
				continue
			}
			c.unrecorded++
			if !c.wasUnderWay(m) {
				c.complain("S7", "%s arrived at %s, which no attempt and no kill explains", m.Nonce, m.Hook)
			}
		}
	}
}

// wasUnderWay reports whether a kill came while the request could still be on its
// way to being recorded.
func (c *checker) wasUnderWay(m *matched) bool {
	const longest = 2*attemptTimeout + time.Second
	return slices.ContainsFunc(c.kills, func(kill time.Time) bool {
		return !kill.Before(m.At) && kill.Sub(m.At) < longest
	})
}
