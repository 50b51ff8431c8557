package main

import (
	"slices"
	"time"
)

// matched is a receipt, and the attempt that it belongs to; nil if the database has
// none.
type matched struct {
	*receipt
	by *storedAttempt
}

// isHeard reports that the database has the answer that the receiver gave.
func (m *matched) isHeard() bool { return m.by != nil && m.by.status == m.Status }

// How far two readings of one machine's clock may seem apart, and how long after an
// attempt seems to have ended its receiver may note the request: either may have been
// short of processors, the server between the attempt's beginning and its sending, too.
const (
	clockGrain  = time.Millisecond
	clockSlack  = 150 * time.Millisecond
	receiverLag = 5 * time.Second
)

// match finds the receipts of each attempt, one for each, and checks S7: what is
// recorded happened. An attempt that has an answer belongs to the request that was
// answered so. One that has none, or that nobody knows the end of, may have arrived or
// not, while it was under way or a little later.
func (c *checker) match(d *storedDelivery, got []*matched) {
	for i := range d.tries {
		if a := &d.tries[i]; a.status != 0 {
			c.matchAnswer(d, a, got)
		}
	}
	for i := range d.tries {
		a := &d.tries[i]
		if a.status != 0 {
			continue
		}
		last := a.ended
		if a.isLost() {
			kill, found := c.killAfter(a.begun)
			if !found {
				c.complain("S7", "attempt %d of %s to %s is recorded as lost; there was no kill after it", a.number, d.nonce, d.hook)
				continue
			}
			last = kill
		}
		next := last.Add(receiverLag)
		if i+1 < len(d.tries) && d.tries[i+1].begun.Before(next) {
			next = d.tries[i+1].begun
		}
		take(a, got, last.Add(receiverLag), next)
	}
	c.matchCancelled(d, got)
}

// matchAnswer finds the request of an attempt whose answer is recorded.
func (c *checker) matchAnswer(d *storedDelivery, a *storedAttempt, got []*matched) {
	var broken *matched // by the receiver: then the same attempt sends once more
	for _, m := range got {
		if m.by != nil || m.At.Before(a.begun.Add(-clockGrain)) || m.At.After(a.ended.Add(receiverLag)) {
			continue
		}
		if m.Status == a.status && (m.Written || !a.succeeded()) {
			m.by = a
			if broken != nil {
				broken.by = a
			}
			return
		}
		if m.Reset {
			broken = m
		}
	}
	c.complain("S7", "attempt %d of %s to %s is recorded with status %d; no request that was answered so arrived meanwhile", a.number, d.nonce, d.hook, a.status)
}

// take gives an attempt the first request of its time that has none, and the one after
// that if the first was broken off by the receiver and no other attempt had begun.
func take(a *storedAttempt, got []*matched, last, next time.Time) {
	var first *matched
	for _, m := range got {
		switch {
		case m.by != nil || m.At.Before(a.begun.Add(-clockGrain)):
		case first == nil && !m.At.After(last):
			m.by, first = a, m
		case first != nil && first.Reset && m.At.Before(next):
			m.by = a
			return
		default:
			return
		}
	}
}

// matchCancelled explains the one request that was under way when its webhook was
// deleted: nothing is recorded of it any more.
func (c *checker) matchCancelled(d *storedDelivery, got []*matched) {
	if d.status != isCancelled || d.hook != removedHook || c.deletedAt.IsZero() {
		return
	}
	cancelled := &storedAttempt{begun: c.deletedAt.Add(-2 * attemptTimeout)}
	last := c.deletedBy.Add(receiverLag)
	if c.deletedBy.IsZero() {
		last = time.Now()
	}
	take(cancelled, got, last, last)
}

// killAfter returns the first kill after a moment.
func (c *checker) killAfter(moment time.Time) (time.Time, bool) {
	at := slices.IndexFunc(c.kills, func(kill time.Time) bool { return kill.Add(clockSlack).After(moment) })
	if at < 0 {
		return time.Time{}, false
	}
	return c.kills[at], true
}

// checkUnmatched checks the other half of S7: what happened is recorded, if only as an
// attempt that nobody knows the end of because of a kill.
func (c *checker) checkUnmatched() {
	for _, list := range c.receipts {
		for _, m := range list {
			switch {
			case m.by == nil:
				c.complain("S7", "%s arrived at %s, which no attempt explains", m.Nonce, m.Hook)
			case m.by.isLost():
				c.unrecorded++
			}
		}
	}
}
