package door

import (
	"testing"
	"time"
)

// Invariant: a place is taken from a connection or a request begins on it, never both:
// what began would be done and not answered. Afterwards nothing begins on it any more.
func TestRequestBeginsOrPlaceIsTaken(t *testing.T) {
	t.Parallel()
	l := NewLimited(Limit{Most: 1, Now: func() time.Time { return time.Unix(1, 0) }})
	c := l.admit(nil)
	if !c.wait(l.Now()) || !c.begin() || l.evict() != nil {
		t.Error("a connection lost its place during a request")
	}
	c.rest(l.Now())
	if !c.wait(l.Now()) || l.evict() != c || c.begin() || c.wait(l.Now()) {
		t.Error("a request began on a connection whose place was taken")
	}
	if c.rest(l.Now()); c.begin() || l.evict() == c {
		t.Error("a request began after one that was too late")
	}
}

// Invariant: whose client has brought no whole request loses its place first, silent or
// slow, however new it is; then whose client has been waited for longest.
func TestWhoSaysNothingGoesFirst(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	l := NewLimited(Limit{Most: 10, Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	var known []*placed
	for range 2 {
		c := l.admit(nil)
		c.begin()
		c.rest(l.Now())
		known = append(known, c)
	}
	busy, slow, silent := l.admit(nil), l.admit(nil), l.admit(nil)
	busy.begin()
	slow.wait(l.Now())
	known[0].wait(l.Now())
	for i, want := range []*placed{silent, slow, known[1], known[0], nil} {
		got := l.evict()
		if got != want {
			t.Fatalf("the place that is taken as number %d is another's", i)
		}
		delete(l.open, got)
	}
}
