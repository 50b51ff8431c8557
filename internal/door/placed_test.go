package door

import (
	"testing"
	"time"
)

// Invariant: a place is taken from a connection or a request begins on it, never both:
// what began would be done and not answered.
func TestRequestBeginsOrPlaceIsTaken(t *testing.T) {
	t.Parallel()
	l := NewLimited(Limit{Now: func() time.Time { return time.Unix(1, 0) }})
	c := &placed{limited: l}
	l.open[c] = struct{}{}
	if l.evict() != nil {
		t.Error("a connection lost its place before its first request")
	}
	if !c.begin() || l.evict() != nil {
		t.Error("a connection lost its place during a request")
	}
	c.rest()
	if l.evict() != c || c.begin() {
		t.Error("a request began on a connection whose place was taken")
	}
}
