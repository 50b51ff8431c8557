package store

import (
	"context"
	"time"
)

// Upkeep is what running the database needs.
type Upkeep interface {
	// Ping returns an error if the database can't be written to now.
	Ping(ctx context.Context) error
	// ForgetAnswers drops up to limit answers under idempotency keys that were
	// made before a moment, and tells how many.
	ForgetAnswers(ctx context.Context, before time.Time, limit int) (int, error)
	// Close finishes what is under way and lets go of the database. Closing twice
	// does nothing; other methods then return an error.
	Close() error
}
