package signature

import (
	"cmp"
	"strconv"
	"time"
)

// Problem is the one precise reason why a request wasn't accepted. It is an
// error itself, for errors.Is(err, signature.NoMatch).
type Problem string

// The problems.
const (
	// MissingHeader: the request lacks a header that the format needs.
	MissingHeader Problem = "missing_header"
	// DoubledHeader: a header that must stand once stands several times.
	DoubledHeader Problem = "doubled_header"
	// MalformedHeader: a header is there and can't be read.
	MalformedHeader Problem = "malformed_header"
	// NoMatch: no signature of the request was made with any of the secrets over
	// this body. The secret is another one, or the body isn't the one that was
	// sent: often it was decoded and encoded again.
	NoMatch Problem = "no_matching_signature"
	// TooOld: the signature is good, and was made too long ago or has expired.
	TooOld Problem = "timestamp_too_old"
	// TooNew: the signature is good, and was made too far in the future: one of
	// the clocks is wrong.
	TooNew Problem = "timestamp_too_new"
	// BadSecret: the receiver has no secret, or one that can't be read.
	BadSecret Problem = "bad_secret"
	// MissingURL: the format signs the URL, and the receiver doesn't say which one
	// the request was sent to: see WithURL.
	MissingURL Problem = "missing_url"
	// UnknownFormat: there is no built-in format of that name.
	UnknownFormat Problem = "unknown_format"
	// BadScheme: the Scheme makes no sense.
	BadScheme Problem = "bad_scheme"
)

// Error returns the word itself.
func (p Problem) Error() string { return "signature: " + string(p) }

// Error says why a request wasn't accepted. It never holds a secret, nor the
// signature that would have been right.
type Error struct {
	Problem Problem
	// Header is the header concerned, if it is one.
	Header string
	// Age is how long ago the request was signed, below zero in the future; set
	// with TooOld and TooNew.
	Age time.Duration
	// Tolerance is what was allowed; set with TooOld and TooNew, and zero where the
	// request itself says until or from when it is good.
	Tolerance time.Duration
	// Detail says more; it may be empty.
	Detail string
}

// Error returns a sentence that a person understands.
func (e *Error) Error() string {
	switch e.Problem {
	case MissingHeader:
		return "signature: the header " + e.Header + " is missing"
	case DoubledHeader:
		return "signature: the header " + e.Header + " stands more than once"
	case MalformedHeader:
		return "signature: the header " + e.Header + " can't be read: " + e.Detail
	case NoMatch:
		return "signature: no signature in " + e.Header + " fits this body and secret"
	case TooOld, TooNew:
		return e.timeError()
	case MissingURL:
		return "signature: the format signs the URL: " + cmp.Or(e.Detail, "it wasn't given")
	case BadSecret:
		return "signature: the secret can't be used: " + e.Detail
	default:
		return e.Problem.Error() + ": " + e.Detail
	}
}

func (e *Error) timeError() string {
	switch {
	case e.Problem == TooOld && e.Tolerance == 0:
		return "signature: expired " + e.Age.String() + " ago"
	case e.Tolerance == 0:
		return "signature: not valid before " + (-e.Age).String() + " from now"
	case e.Problem == TooOld:
		return "signature: signed " + e.Age.String() + " ago, more than the " + e.Tolerance.String() + " allowed"
	default:
		return "signature: signed " + (-e.Age).String() + " in the future, more than the " + e.Tolerance.String() + " allowed"
	}
}

// Unwrap returns the Problem.
func (e *Error) Unwrap() error { return e.Problem }

// quote shows a text that somebody else chose, on one line and not for ever.
func quote(text string) string {
	const shown = 64
	return strconv.Quote(text[:min(len(text), shown)])
}
