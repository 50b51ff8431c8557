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
// many gets the place of one whose client is waited for: of those on which nothing was
// ever answered the one that has been waited for longest, else of all. A request keeps
// its connection only once it has come whole. If there is one on each, whoever comes gets
// 503 with Retry-After, and is let go.
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
		leaving = l.evict()
	}
	if isFull && leaving == nil {
		l.mu.Unlock()
		return nil
	}
	c := &placed{Conn: conn, limited: l}
	c.waiting.Store(l.Now().UnixNano())
	l.open[c] = struct{}{}
	delete(l.open, leaving)
	l.mu.Unlock()
	if leaving != nil {
		_ = leaving.Close() // nobody is being answered on it
	}
	return c
}

// evict takes the place of a connection whose client is waited for, one that was never
// answered if there is any, and of those the one that has been waited for longest; nil
// if none is.
func (l *Limited) evict() *placed {
	for {
		var found *placed
		var since int64
		isKnown := true
		for c := range l.open {
			at, wasAnswered := c.waiting.Load(), c.isKnown.Load()
			if at <= 0 || wasAnswered && !isKnown {
				continue
			}
			if found == nil || isKnown && !wasAnswered || at < since {
				found, since, isKnown = c, at, wasAnswered
			}
		}
		if found == nil || found.waiting.CompareAndSwap(since, evicted) {
			return found
		}
	}
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

// placed is a connection that has a place. Where there is no bound of connections it is
// nil.
type placed struct {
	net.Conn

	limited *Limited
	// waiting is since when the client is waited for, in nanoseconds since 1970: to come
	// with a request, or with the rest of one. It is 0 while a whole request is under
	// way, and evicted once the place is somebody else's.
	waiting atomic.Int64
	// isKnown reports that a request was answered on it.
	isKnown atomic.Bool
}

const evicted = -1

// wait says that the client is waited for since a moment. It reports false when the
// place is somebody else's: then nothing that comes must be served.
func (c *placed) wait(since time.Time) bool { return c == nil || c.move(since.UnixNano()) }

// begin says that a request has come whole. It reports false when the place is somebody
// else's: then the request must not be served, for it can't be answered.
func (c *placed) begin() bool { return c == nil || c.move(0) }

// rest says that the request was answered at a moment.
func (c *placed) rest(at time.Time) {
	if c != nil {
		c.isKnown.Store(true)
		c.move(at.UnixNano())
	}
}

func (c *placed) move(to int64) bool {
	for {
		from := c.waiting.Load()
		if from == evicted {
			return false
		}
		if c.waiting.CompareAndSwap(from, to) {
			return true
		}
	}
}

// occupied returns what has to be told of the requests on a connection; nil if it has no
// place.
func occupied(conn net.Conn) *placed {
	if r, isReplayed := conn.(*replayed); isReplayed {
		conn = r.Conn
	}
	c, _ := conn.(*placed)
	return c
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
