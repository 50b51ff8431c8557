package door

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Limit is what a Limited listener is made of. All fields are needed.
type Limit struct {
	net.Listener

	// Most is how many connections there may be at once.
	Most int
	// Refusal is the body of the answer to whoever comes when there are as many; its
	// type is application/problem+json.
	Refusal []byte
	Now     func() time.Time
}

// Limited is a listener with a bound of connections. Whoever comes when there are as
// many gets the place of the connection on which nobody has asked for longest; if
// somebody is being answered on all of them it gets 503 with Retry-After, and is let go.
type Limited struct {
	Limit
	answer []byte
	// refusing counts those that are being refused; places bounds them.
	refusing sync.WaitGroup
	places   chan struct{}

	mu   sync.Mutex
	open map[*placed]struct{}
}

// NewLimited bounds a listener.
func NewLimited(l Limit) *Limited {
	const refusedAtOnce = 256
	head := fmt.Sprintf("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(l.Refusal))
	return &Limited{Limit: l, answer: append([]byte(head), l.Refusal...), places: make(chan struct{}, refusedAtOnce), open: map[*placed]struct{}{}}
}

// Accept waits for a connection for which there is a place.
func (l *Limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // whoever serves looks what kind it is
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
		l.refuse(conn)
	}
}

// Wait waits until all who were refused have gone, which takes a moment.
func (l *Limited) Wait() { l.refusing.Wait() }

// admit counts a connection; nil if there is no place.
func (l *Limited) admit(conn net.Conn) *placed {
	l.mu.Lock()
	var leaving *placed
	isFull := len(l.open) >= l.Most
	if isFull {
		leaving = l.idleLongest()
	}
	if isFull && leaving == nil {
		l.mu.Unlock()
		return nil
	}
	c := &placed{Conn: conn, limited: l}
	l.open[c] = struct{}{}
	delete(l.open, leaving)
	l.mu.Unlock()
	if leaving != nil {
		_ = leaving.Close() // nobody is being answered on it
	}
	return c
}

// idleLongest finds the connection whose last answer is the oldest, if nothing has come
// since.
func (l *Limited) idleLongest() *placed {
	var found *placed
	var since int64
	for c := range l.open {
		if at := c.idleSince.Load(); at != 0 && (found == nil || at < since) {
			found, since = c, at
		}
	}
	return found
}

// refuse answers the first request of a connection that has no place. When very many
// are being refused, it is closed without an answer.
func (l *Limited) refuse(conn net.Conn) {
	select {
	case l.places <- struct{}{}:
	default:
		_ = conn.Close() // nothing was read of it
		return
	}
	l.refusing.Go(func() {
		defer func() { <-l.places }()
		l.answerOnce(conn)
		_ = conn.Close() // it has had its answer
	})
}

func (l *Limited) answerOnce(conn net.Conn) {
	const patience, most = time.Second, 64 << 10
	if conn.SetDeadline(l.Now().Add(patience)) != nil {
		return
	}
	begin := make([]byte, bufferSize)
	n, err := conn.Read(begin)
	if err != nil {
		return
	}
	answer := l.answer
	if bytes.HasPrefix(begin[:n], []byte("GET /livez ")) {
		// Whoever asks whether the process runs would end it for being popular.
		answer = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}")
	}
	if _, err := conn.Write(answer); err != nil {
		return
	}
	if half, can := conn.(interface{ CloseWrite() error }); can && half.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, conn, most) // so that the client isn't told of a broken connection instead
}

// placed is a connection that has a place.
type placed struct {
	net.Conn

	limited *Limited
	// idleSince is when the last answer was written, in nanoseconds since 1970; 0 once
	// something has come since, and before the first answer.
	idleSince atomic.Int64
}

// Read notes that something is asked.
func (c *placed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.idleSince.Store(0)
	}
	return n, err //nolint:wrapcheck // as if there were nothing in between
}

// Write notes that something is answered.
func (c *placed) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.idleSince.Store(c.limited.Now().UnixNano())
	return n, err //nolint:wrapcheck // as if there were nothing in between
}

// Close gives the place back.
func (c *placed) Close() error {
	c.limited.mu.Lock()
	delete(c.limited.open, c)
	c.limited.mu.Unlock()
	return c.Conn.Close() //nolint:wrapcheck // as if there were nothing in between
}

// CloseWrite closes the sending side, if the connection has sides.
func (c *placed) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}
