package door

import (
	"errors"
	"io"
	"time"
)

// body is what a request sends after its head. It is used again for the next one.
type body struct {
	connection *connection
	left       int64
	// from and within say how long the client has for it.
	from   time.Time
	within time.Duration
	// hasFailed reports that reading it has failed, and something of it may still come.
	hasFailed bool
}

// begin expects a body of this length.
func (b *body) begin(length int64, from time.Time, within time.Duration) {
	b.left, b.from, b.within, b.hasFailed = length, from, within, false
}

// Read reads what has arrived already, then the connection, never beyond the
// body's end. It returns io.ErrUnexpectedEOF if the client ends earlier, an error
// whose Timeout is true when the time for the request is over, and errClosed instead of
// the last bytes when the place of the connection is somebody else's.
func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.left)]
	n, err := b.connection.read(p)
	b.left -= int64(n)
	switch {
	case b.left > 0 && errors.Is(err, io.EOF):
		b.left = 0 // nothing comes any more
		return n, io.ErrUnexpectedEOF
	case b.left > 0:
		b.hasFailed = err != nil
		return n, err
	case !b.connection.place.begin():
		return 0, errClosed
	case err == nil:
		return n, io.EOF
	}
	return n, err
}

// Close does nothing: what is left of a body is read away when it is answered.
func (b *body) Close() error { return nil }

// drain reads away what is left and comes soon, and reports whether nothing of it will
// come later.
func (b *body) drain() bool {
	if b.left == 0 {
		return true
	}
	b.from, b.within = b.connection.server.Now(), refusalPatience
	for b.left > 0 {
		var away [4 << 10]byte
		if _, err := b.Read(away[:]); err != nil && !errors.Is(err, io.EOF) {
			return false
		}
	}
	return true
}
