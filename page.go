package posthorn

import "time"

// Limits of a page of a list.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 250
)

// Page asks for a part of a list: up to Limit items that come after the item
// After, newest first. A zero After asks for the first page.
type Page struct {
	Limit int
	After [16]byte
}

// Span is a stretch of time, From included and Until not; a zero bound is open.
type Span struct {
	From  time.Time
	Until time.Time
}

// Contains reports whether t lies within the span.
func (s Span) Contains(t time.Time) bool {
	return (s.From.IsZero() || !t.Before(s.From)) && (s.Until.IsZero() || t.Before(s.Until))
}
