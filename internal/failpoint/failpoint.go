// Package failpoint breaks the server on purpose, so that the crash harness can
// show what it would notice. All of it is compiled out unless the build tag
// failpoint is given.
//
// A [Point] is a moment at which something may go wrong: the variable FAILPOINT
// names one, behind a colon at which passing, and behind an equals sign what
// happens ("before_commit:7=error"). Without the latter the process ends at that
// passing. The others happen at every seventh: error fails with [ErrInjected],
// panic panics, and sleep(2s) holds up whoever came by. A [Mutant] is a mistake
// somebody could make in the code: the variable MUTANT names the one that the
// process makes.
package failpoint

import "errors"

// ErrInjected is what fails at a point whose action is error.
var ErrInjected = errors.New("a failpoint fails here")

// Point is a moment at which a crash would hurt.
type Point string

// The points.
const (
	// BeforeCommit: a group of writes is done, and not durable.
	BeforeCommit Point = "before_commit"
	// AfterCommitBeforeAck: it is durable, and nobody knows.
	AfterCommitBeforeAck Point = "after_commit_before_ack"
	// MidFanout: an event and some of its deliveries are written.
	MidFanout Point = "mid_fanout"
	// AfterClaim: deliveries are leased, and not sent.
	AfterClaim Point = "after_claim"
	// AfterSendBeforeRead: a request has been on its way for a moment, and its answer
	// is not known.
	AfterSendBeforeRead Point = "after_send_before_read"
	// AfterSendBeforeRecord: the receiver has answered, and it is not written down.
	AfterSendBeforeRecord Point = "after_send_before_record"
)

// Points lists every point.
func Points() []Point {
	return []Point{BeforeCommit, AfterCommitBeforeAck, MidFanout, AfterClaim, AfterSendBeforeRead, AfterSendBeforeRecord}
}

// Mutant is a mistake that a test of the harness makes.
type Mutant string

// The mutants.
const (
	// AckBeforeCommit answers writes before they are durable.
	AckBeforeCommit Mutant = "ack_before_commit"
	// SynchronousOff leaves it to the operating system when to write.
	SynchronousOff Mutant = "synchronous_off"
	// SynchronousNormal syncs the log only before it is moved into the database.
	SynchronousNormal Mutant = "synchronous_normal"
	// JournalInMemory writes into the database without keeping on disk what was there.
	JournalInMemory Mutant = "journal_in_memory"
	// StartSlowly takes as long to start as if it went through everything.
	StartSlowly Mutant = "start_slowly"
	// PatternsIgnored sends every event to every webhook.
	PatternsIgnored Mutant = "patterns_ignored"
	// TakeoverOfEverything makes due at a start what a dead process had ended, too.
	TakeoverOfEverything Mutant = "takeover_of_everything"
	// FanoutOutsideTransaction commits an event before its deliveries.
	FanoutOutsideTransaction Mutant = "fanout_outside_transaction"
	// PromisesForgotten makes up at a start for nothing that a dead process had promised.
	PromisesForgotten Mutant = "promises_forgotten"
	// IdempotencyInMemory keeps no answer on disk.
	IdempotencyInMemory Mutant = "idempotency_in_memory"
	// TakeoverForgotten leaves a dead process's leases as they are.
	TakeoverForgotten Mutant = "takeover_forgotten"
	// ClaimWithoutLease leaves claimed deliveries for others to claim.
	ClaimWithoutLease Mutant = "claim_without_lease"
	// BodyChangedAfterSigning sends other bytes than those that were signed.
	BodyChangedAfterSigning Mutant = "body_changed_after_signing"
	// StatsForgotten does not count the deliveries that are made.
	StatsForgotten Mutant = "stats_forgotten"
	// SuccessBeforeSend records a success without waiting for the answer.
	SuccessBeforeSend Mutant = "success_before_send"
	// TimeoutIsSuccess takes no answer for a good answer.
	TimeoutIsSuccess Mutant = "timeout_is_success"
	// DropOn429 gives up a delivery when the receiver asks to wait.
	DropOn429 Mutant = "drop_on_429"
	// RetryAfterIgnored does not wait as long as the receiver asks.
	RetryAfterIgnored Mutant = "retry_after_ignored"
	// MaxAttemptsIgnored never gives up.
	MaxAttemptsIgnored Mutant = "max_attempts_ignored"
	// RetryForgotten gives up after the first failure.
	RetryForgotten Mutant = "retry_forgotten"
	// SuccessRepeated sends again what was taken.
	SuccessRepeated Mutant = "success_repeated"
	// ReplayCursorInMemory keeps in memory alone where a replay stands.
	ReplayCursorInMemory Mutant = "replay_cursor_in_memory"
	// ReplayDoneEarly takes a step of a replay that moved all it may for the last one.
	ReplayDoneEarly Mutant = "replay_done_early"
	// ReplayWithoutEnd lets a replay go on with what was made after it.
	ReplayWithoutEnd Mutant = "replay_without_end"
	// DataEncodedAgain sends the data in another form than it came in.
	DataEncodedAgain Mutant = "data_encoded_again"
)
