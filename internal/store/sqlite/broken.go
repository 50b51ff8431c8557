package sqlite

import (
	"fmt"
	"sync/atomic"
)

// breakage remembers the first fatal error; after it the store does nothing more.
type breakage struct {
	cause atomic.Pointer[error]
	told  chan error
}

func newBreakage() *breakage { return &breakage{told: make(chan error, 1)} }

// happen breaks the store for good.
func (b *breakage) happen(cause error) {
	if b.cause.CompareAndSwap(nil, &cause) {
		b.told <- fmt.Errorf("the database failed: %w; what was acknowledged before is on disk, what was under way was not acknowledged. "+
			"Look at the disk (the system's log, free space and quota, posthorn db check) and start again", cause)
	}
}

// err is what everybody is told once the store is broken, nil before.
func (b *breakage) err() error {
	if cause := b.cause.Load(); cause != nil {
		return broken(*cause)
	}
	return nil
}

// Broken receives an error when the store has met a fault after which nobody can
// say what is on the disk: a failed sync, another failed input or output of the
// writing connection, or a damaged page. From then on every method returns
// store.ErrBroken, and the process must end: only a new one reads again what the
// disk really holds.
func (s *Store) Broken() <-chan error { return s.breakage.told }
