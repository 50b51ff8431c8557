package door

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// The states of a connection. Shutdown closes idle ones; one that has begun a
// request, as far as anything of it has been read, is busy until it is answered.
const (
	idle int32 = iota
	busy
	closed
)

// connection is a client's, as long as all its requests are plain.
type connection struct {
	server *Server
	conn   net.Conn
	// place is told of requests.
	place *placed
	state atomic.Int32

	buffer      *[bufferSize]byte
	from, until int // what of the buffer has arrived and isn't used
	// begun is when the request began to arrive, or the wait for it.
	begun   time.Time
	reading deadline
	writing deadline

	head         head
	body         body
	request      *http.Request
	answer       answer
	isHandedOver bool
}

// errClosed: the server closed the connection while it was idle.
var errClosed = errors.New("the connection was closed")

// serve answers requests until the connection ends or is handed over.
func (c *connection) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.end()
	c.prepare(ctx)
	for isFirst := true; ; isFirst = false {
		if c.await(isFirst) != nil {
			return
		}
		if isPlain, err := c.readHead(); !isPlain {
			c.handOver(err)
			return
		}
		if !c.respond() {
			return
		}
	}
}

func (c *connection) prepare(ctx context.Context) {
	c.buffer = c.server.buffers.Get().(*[bufferSize]byte)
	c.reading.set, c.writing.set = c.conn.SetReadDeadline, c.conn.SetWriteDeadline
	c.begun = c.server.Now()
	c.body.connection = c
	c.head.fields, c.answer.header = http.Header{}, http.Header{}
	request := &http.Request{
		Method: http.MethodPost, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.head.fields, Body: &c.body, RemoteAddr: c.conn.RemoteAddr().String(),
	}
	c.request = request.WithContext(ctx)
}

// end closes the connection, also after a panic, which net/http's way is to log.
func (c *connection) end() {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // net/http compares, too
		c.server.Logger.Error("a request panicked", "target", c.head.path, "panic", cause, "stack", string(debug.Stack()))
	}
	if !c.isHandedOver {
		_ = c.conn.Close()
	}
	c.server.forget(c)
	c.server.buffers.Put(c.buffer)
}

// await waits until a request begins. As net/http does, it counts a request as begun
// with its fourth byte, or the first one's with its first, and passes over line ends
// after the body of the request before.
func (c *connection) await(isFirst bool) error {
	const enough = 4
	least, timeout := enough, c.server.Ordinary.IdleTimeout
	if isFirst {
		least, timeout = 1, c.server.Ordinary.ReadHeaderTimeout
	}
	for c.until-c.from < least {
		c.reading.allow(c.begun, timeout)
		if err := c.fill(); err != nil {
			return err
		}
	}
	if !isFirst {
		c.begun = c.server.Now()
		for range enough {
			if next := c.buffer[c.from]; next != '\r' && next != '\n' {
				break
			}
			c.from++
		}
	}
	if !c.state.CompareAndSwap(idle, busy) || !c.place.wait(c.begun) {
		return errClosed
	}
	return nil
}

// readHead reads a request up to the end of its head, and reports whether it is for
// this package. If it isn't nothing of it counts as read, and the error is what ended
// the reading, if anything did.
func (c *connection) readHead() (bool, error) {
	for {
		arrived := c.buffer[c.from:c.until]
		end, isOdd := headEnd(arrived)
		if isOdd || end == 0 && len(arrived) == bufferSize {
			return false, nil
		}
		if end > 0 {
			if !c.head.parse(arrived[:end], c.server.targets) {
				return false, nil
			}
			c.from += end
			return true, nil
		}
		c.reading.allow(c.begun, c.server.Ordinary.ReadHeaderTimeout)
		if err := c.fill(); err != nil {
			return false, err
		}
	}
}

// fill reads more into the buffer.
func (c *connection) fill() error {
	c.until = copy(c.buffer[:], c.buffer[c.from:c.until])
	c.from = 0
	n, err := c.conn.Read(c.buffer[c.until:])
	c.until += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// read reads of the body of a request, from the buffer first.
func (c *connection) read(p []byte) (int, error) {
	if c.from < c.until {
		n := copy(p, c.buffer[c.from:c.until])
		c.from += n
		return n, nil
	}
	c.reading.allow(c.body.from, c.body.within)
	return c.conn.Read(p)
}

// respond has a request answered, and reports whether another may follow. What the
// handler left of the body is read before the answer is written, because there are
// clients that read nothing before they have written everything; but not for long.
func (c *connection) respond() bool {
	c.body.begin(c.head.length, c.begun, c.server.Ordinary.ReadTimeout)
	c.answer.reset()
	r := c.request
	r.URL, r.RequestURI, r.Host, r.ContentLength = c.head.url, c.head.path, c.head.host, c.head.length
	c.head.handler.ServeHTTP(&c.answer, r)

	isClosing := c.answer.closes() || c.server.isStopping.Load()
	isCut := c.body.hasFailed // the rest has been waited for
	if !isClosing && (isCut || !c.body.drain()) {
		isClosing = true
	}
	now := c.server.Now()
	c.writing.allow(now, c.server.Ordinary.WriteTimeout)
	_, err := c.conn.Write(c.answer.write(now, isClosing))
	c.answer.shrink()
	if !isCut && (err != nil || isClosing) {
		c.body.drain() // else the client may be told of a broken connection instead
	}
	if err != nil || isClosing {
		return false
	}
	c.begun = now
	c.place.rest(now)
	c.state.Store(idle)
	return !c.server.isStopping.Load()
}

// handOver gives the connection to the ordinary server, with what has arrived and
// what ended it, if anything did.
func (c *connection) handOver(failure error) {
	c.isHandedOver = true
	_ = c.conn.SetDeadline(time.Time{}) // net/http sets its own
	c.server.handed.give(&replayed{Conn: c.conn, pending: bytes.Clone(c.buffer[c.from:c.until]), failure: failure})
}
