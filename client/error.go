package client

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is an answer that says no: a problem document (RFC 9457) of the server.
// Status is 0 when the mistake was found before anything was sent.
type Error struct {
	Status    int            `json:"status"`
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Code      string         `json:"code"`
	Detail    string         `json:"detail"`
	Hint      string         `json:"hint"`
	RequestID string         `json:"requestId"`
	Errors    []ErrorAtPlace `json:"errors"`
	// RetryAfter is how long the server asked to wait, 0 when it didn't ask.
	RetryAfter time.Duration `json:"-"`
}

// ErrorAtPlace is one mistake in a request. Pointer is its place in the body, as
// a JSON pointer (RFC 6901).
type ErrorAtPlace struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint"`
}

// Codes that the client gives by itself, when there is no answer of Posthorn
// that could say more.
const (
	// CodeMalformed: the input can't be sent as it is.
	CodeMalformed = "malformed"
	// CodeUnexpectedAnswer: what answered doesn't speak like Posthorn.
	CodeUnexpectedAnswer = "unexpected_answer"
	// codeIdempotencyRunning: the first try of the same call is still under way.
	codeIdempotencyRunning = "idempotency_running"
)

// Error returns status, code and detail in one line.
func (e *Error) Error() string {
	var line strings.Builder
	line.WriteString("posthorn: ")
	if e.Status != 0 {
		fmt.Fprintf(&line, "%d ", e.Status)
	}
	if e.Code != "" {
		line.WriteString(e.Code + ": ")
	}
	line.WriteString(e.Message())
	return line.String()
}

// Message is what the server says in its longest words.
func (e *Error) Message() string {
	switch {
	case e.Detail != "":
		return e.Detail
	case e.Title != "":
		return e.Title
	default:
		return strings.TrimSpace("The server answered " + http.StatusText(e.Status) + " without saying why.")
	}
}

// ConnectionError says that no whole answer came: the server could not be
// reached, or the connection broke, or the time was up. Whether the request was
// carried out is unknown.
type ConnectionError struct {
	Server string
	Err    error
}

// Error returns the server and what went wrong.
func (e *ConnectionError) Error() string { return fmt.Sprintf("reaching %s: %v", e.Server, e.Err) }

// Unwrap returns what went wrong.
func (e *ConnectionError) Unwrap() error { return e.Err }

func malformed(pointer, detail, hint string) *Error {
	return &Error{Code: CodeMalformed, Detail: detail, Hint: hint, Errors: []ErrorAtPlace{{Pointer: pointer, Detail: detail, Hint: hint}}}
}
