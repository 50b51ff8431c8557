package door

import "time"

// deadline is a deadline of a connection. Moving one costs about as much as reading
// a head does, so it stays where it is as long as it is late by no more than a
// hundredth.
type deadline struct {
	set func(time.Time) error
	at  time.Time
}

// allow sets a deadline that is a timeout after a moment, or slightly later.
func (d *deadline) allow(from time.Time, timeout time.Duration) {
	earliest := from.Add(timeout)
	latest := earliest.Add(timeout / 100)
	if d.at.Before(earliest) || d.at.After(latest) {
		d.at = latest
		_ = d.set(latest) // a connection that can't have one is closed, and reading or writing tells
	}
}
