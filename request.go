package posthorn

import "time"

// Request is one HTTP POST, rendered and signed: exactly these bytes and
// headers are sent.
type Request struct {
	URL string
	// Headers are sent in addition to those that HTTP itself needs.
	Headers []Header
	Body    []byte
	// Timeout bounds the whole attempt: connecting, TLS, sending, and waiting for
	// the response's headers.
	Timeout time.Duration
	// EnvironmentKind decides which addresses may be reached.
	EnvironmentKind EnvironmentKind
}
