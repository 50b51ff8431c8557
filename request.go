package posthorn

import "time"

// Request is one HTTP request, rendered and signed: exactly these bytes and
// headers are sent.
type Request struct {
	// Method is POST when empty.
	Method string
	URL    string
	// Headers are sent in addition to those that HTTP itself needs.
	Headers []Header
	Body    []byte
	// Wanted are names of headers that the outcome is to hold of the response.
	Wanted []string
	// Timeout bounds the whole attempt: connecting, TLS, sending, and waiting for
	// the response's headers.
	Timeout time.Duration
	// EnvironmentKind decides which addresses may be reached.
	EnvironmentKind EnvironmentKind
}
