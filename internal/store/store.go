// Package store states what the rest of the program asks of a database.
//
// Every method is one transaction: it happens whole or not at all, and when it
// returns without an error its effect is durable. No method takes or returns a
// transaction, so nobody can hold one open while waiting for the network.
//
// Methods return the errors that are written beside them, to be compared with
// errors.Is: posthorn.ErrNotFound, posthorn.ErrConflict, posthorn.ErrBusy, and
// this package's ErrStale and ErrLeaseLost. Any method may also return the
// context's error; an error with posthorn.CodeStorageFull when the disk is full,
// or posthorn.CodeUnavailable when the database can't be used for a while (nothing
// was kept, unless the error is ErrBroken as well); or any other error, which
// means that the database failed.
//
// Times are kept in microseconds, UTC; what a given time has beyond that is
// dropped, also where it is only compared. The zero time stays zero. Text is
// compared byte by byte: letter case counts. An empty slice or map is the same as
// a nil one. Slices and maps given to a method are not changed and not kept by it;
// what a method returns belongs to the caller, except Event.Data, which nobody may
// change.
package store

import "errors"

// Errors of the store alone.
var (
	// ErrStale means that the directory has changed since the version that was given.
	ErrStale = errors.New("the environment's directory has changed")
	// ErrLeaseLost means that the delivery is no longer held under that lease.
	ErrLeaseLost = errors.New("the lease on the delivery is lost")
	// ErrBroken means that the database failed for good: every later call fails
	// too. Whether the write that met the failure was kept shows after the next
	// start.
	ErrBroken = errors.New("the database is broken")
)

// Store is a database engine.
type Store interface {
	Intake
	Queue
	Ledger
	Directory
	Replays
	Replaying
	Upkeep
}
