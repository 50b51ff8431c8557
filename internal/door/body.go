package door

import (
	"errors"
	"io"
)

// body is what a request sends after its head. It is used again for the next one.
type body struct {
	connection *connection
	left       int64
}

// Read reads what has arrived already, then the connection, never beyond the
// body's end. It returns io.ErrUnexpectedEOF if the client ends earlier, and an
// error whose Timeout is true when the time for the request is over.
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
	case err == nil && b.left == 0:
		return n, io.EOF
	}
	return n, err
}

// Close does nothing: what is left of a body is read away when it is answered.
func (b *body) Close() error { return nil }

// drain reads away what is left, and reports whether nothing of it will come later.
func (b *body) drain() bool {
	for b.left > 0 {
		var away [4 << 10]byte
		if _, err := b.Read(away[:]); err != nil && !errors.Is(err, io.EOF) {
			return false
		}
	}
	return true
}
