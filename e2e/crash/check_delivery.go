package main

import (
	"slices"
	"time"
)

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

// checkMoves checks S8 and S11: attempts are numbered without gaps, and nothing
// follows a success, but for a replay.
func (c *checker) checkMoves(d *storedDelivery) {
	if d.attempts != len(d.tries) {
		c.complain("S11", "%s to %s counts %d attempts and has %d", d.nonce, d.hook, d.attempts, len(d.tries))
	}
	successes := 0
	for i, a := range d.tries {
		if a.number != i+1 {
			c.complain("S11", "%s to %s has attempt %d at place %d", d.nonce, d.hook, a.number, i+1)
		}
		isLast := i == len(d.tries)-1
		if a.succeeded() {
			successes++
		}
		if a.succeeded() && (!isLast && successes > d.again || isLast && d.status != isSucceeded) {
			c.complain("S8", "%s to %s went on after a success", d.nonce, d.hook)
		}
	}
	if d.status == isSucceeded && (len(d.tries) == 0 || !d.tries[len(d.tries)-1].succeeded()) {
		c.complain("S7", "%s to %s has succeeded without a successful attempt", d.nonce, d.hook)
	}
}

// rounds returns where the delivery's rounds end: with a success, or when all retries
// are used up. A replay begins another one. What is counted after the last of them is
// returned too.
func (d *storedDelivery) rounds(h hook) ([]int, int) {
	var ends []int
	counted := 0
	for i, a := range d.tries {
		if !a.isOurs() {
			counted++
		}
		if a.succeeded() || counted > h.retries {
			ends, counted = append(ends, i), 0
		}
	}
	return ends, counted
}

// checkSchedule checks S9: no attempt before its time, none too many, and what a
// receiver asked for is obeyed.
func (c *checker) checkSchedule(h hook, d *storedDelivery, got []*matched) {
	const earliest = retryDelay - time.Duration(jitterShare*float64(retryDelay))
	ends, counted := d.rounds(h)
	for i, a := range d.tries {
		if i == 0 {
			continue
		}
		before := d.tries[i-1]
		if wait := a.begun.Sub(before.ended); wait < earliest-clockGrain && !before.isOurs() && !slices.Contains(ends, i-1) {
			c.complain("S9", "attempt %d of %s to %s came %v after the one before", a.number, d.nonce, d.hook, wait)
		}
		for _, m := range got {
			asked := m.isHeard() && m.RetryAfter > 0 && !m.At.Before(before.begun.Add(-clockGrain)) && m.At.Before(a.begun)
			if asked && a.begun.Before(m.At.Add(m.RetryAfter-5*time.Millisecond)) {
				c.complain("S9", "attempt %d of %s to %s came %v after the receiver had asked for %v", a.number, d.nonce, d.hook, a.begun.Sub(m.At), m.RetryAfter)
			}
		}
	}
	if extra := len(ends) - 1 - d.again; extra > 0 || extra == 0 && counted > 0 {
		c.complain("S9", "%s to %s had %d attempts after all of its retries", d.nonce, d.hook, extra*(h.retries+1)+counted)
	}
}

// checkEnd checks S1 and L1: a delivery was taken, or it was given up after its
// whole schedule, or a person ended it.
func (c *checker) checkEnd(h hook, d *storedDelivery) {
	if ends, _ := d.rounds(h); len(ends) <= d.again && (d.status == isSucceeded || d.status == isExhausted) {
		c.complain("S13", "%s was made due again %d times for %s, and went all its way only %d times", d.nonce, d.again, d.hook, len(ends))
	}
	switch d.status {
	case isSucceeded:
	case isExhausted:
		if _, counted := d.rounds(h); counted > 0 || len(d.tries) == 0 {
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

// checkDuplicates checks S6: a second success needs an attempt that has lost its
// answer: by a crash before it was recorded, or because it came too late.
func (c *checker) checkDuplicates(d *storedDelivery, got []*matched) {
	taken, unheard := 0, 0
	for _, m := range got {
		if m.Status != 200 || !m.Written {
			continue
		}
		taken++
		if m.by != nil && !m.isHeard() {
			unheard++
		}
	}
	c.duplicates += max(0, taken-1-d.again)
	if taken-unheard > 1+d.again {
		c.complain("S6", "%s was taken %d times by %s, %d of them by attempts that did not hear of it, %d after replays", d.nonce, taken, d.hook, unheard, d.again)
	}
}
