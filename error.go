package posthorn

import (
	"errors"
	"time"
)

// Code says what kind of mistake an Error is; every surface (API, CLI) has one
// way to show each code.
type Code string

// The codes.
const (
	// CodeMalformed: the input can't be read (syntax, type).
	CodeMalformed Code = "malformed"
	// CodeInvalid: the input can be read, but says something that isn't allowed.
	CodeInvalid Code = "invalid"
	// CodeTooLarge: the input is over a limit of size.
	CodeTooLarge Code = "too_large"
	// CodeUnauthenticated: no key, or not one of ours.
	CodeUnauthenticated Code = "unauthenticated"
	// CodeForbidden: the key is known and this kind of key may not do that.
	CodeForbidden Code = "forbidden"
	// CodeNotFound: there is no such thing, or it is somebody else's, or what names it
	// is no id of its kind.
	CodeNotFound Code = "not_found"
	// CodeConflict: the thing is not in a state that allows it.
	CodeConflict Code = "conflict"
	// CodeLimitReached: there are as many things of a kind as there may be.
	CodeLimitReached Code = "limit_reached"
	// CodeRateLimited: one workspace asks for more at once than its share.
	CodeRateLimited Code = "rate_limited"
	// CodeIdempotencyMismatch: the idempotency key was used with another request.
	CodeIdempotencyMismatch Code = "idempotency_mismatch"
	// CodeIdempotencyRunning: the first request with this idempotency key has not been answered yet.
	CodeIdempotencyRunning Code = "idempotency_running"
	// CodeBusy: a bounded queue is full; the same request may succeed in a moment.
	CodeBusy Code = "busy"
	// CodeStorageFull: the disk is full; nothing was kept.
	CodeStorageFull Code = "storage_full"
	// CodeUnavailable: the server can't answer now.
	CodeUnavailable Code = "unavailable"
)

// Error is a mistake that a user may see. Message says what is wrong, Hint what
// to do next. Pointer is the place in the request's body, as a JSON pointer
// (RFC 6901); it is empty when the error concerns no one place. Several
// mistakes of one request are joined in Others.
type Error struct {
	Code    Code
	Message string
	Hint    string
	Pointer string
	Others  []*Error
	// RetryAfter is how long to wait before the same request may succeed; zero when
	// that isn't known.
	RetryAfter time.Duration
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is an *Error of the same code, so that
// errors.Is(err, ErrNotFound) holds for every error of that code.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Code == e.Code
}

// Errors that need no more words. Compare with errors.Is.
var (
	ErrNotFound = &Error{Code: CodeNotFound, Message: "There is no such thing here.", Hint: "Check the id, and that your key belongs to its workspace."}
	ErrConflict = &Error{Code: CodeConflict, Message: "The current state doesn't allow this."}
	ErrLimit    = &Error{Code: CodeLimitReached, Message: "There are as many as there may be."}
	ErrBusy     = &Error{Code: CodeBusy, Message: "The server has more work waiting than it may hold.", Hint: "Send the same request again in a moment, with the same Idempotency-Key."}
)

// Invalid makes an Error with CodeInvalid about the place pointer.
func Invalid(pointer, message, hint string) *Error {
	return &Error{Code: CodeInvalid, Pointer: pointer, Message: message, Hint: hint}
}

// Problems gathers the mistakes of one input, so that a user sees them all at
// once. The zero value is ready to use.
type Problems struct{ found []*Error }

// Add keeps err, if it is not nil.
func (p *Problems) Add(err *Error) {
	if err != nil {
		p.found = append(p.found, err)
	}
}

// Err returns nil when nothing was added, else the first mistake with the rest
// in Others.
func (p *Problems) Err() error {
	if len(p.found) == 0 {
		return nil
	}
	first := *p.found[0]
	first.Others = p.found[1:]
	return &first
}
