package posthorn

import "time"

// Breaker keeps a receiver that fails again and again from being sent to: while
// it is open only probes go out, one at a time. The zero Breaker is closed.
type Breaker struct {
	// OpenedAt is when it opened; zero while it is closed.
	OpenedAt time.Time
	// Failures counts the failures in a row, probes included; what is kept of a
	// closed breaker says 0.
	Failures int
	// NextProbeAt is when the next request may go out; zero while it is closed.
	NextProbeAt time.Time
	// ChangedAt is when it last opened, put off its next probe, or closed: of two
	// accounts of the same breaker the later one is true.
	ChangedAt time.Time
}

// IsOpen reports whether only probes go out.
func (b Breaker) IsOpen() bool { return !b.OpenedAt.IsZero() }
