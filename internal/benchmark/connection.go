package benchmark

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// connection publishes over one connection: prepared bytes go out, and of the answer
// no more is read than has to be. It is opened when it is needed, and again after an
// error.
type connection struct {
	address string
	head    []byte
	body    *message
	events  int

	conn   net.Conn
	reader *bufio.Reader
	stop   func() bool
	buffer []byte
}

func newConnection(address, path, key string, l load) *connection {
	body := newMessage(l)
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Api-Key: %s\r\nContent-Length: %d\r\n\r\n",
		path, address, key, len(body.text))
	return &connection{address: address, head: head, body: body, events: max(1, l.Batch)}
}

// post is a post.
func (c *connection) post(ctx context.Context, planned time.Time, number int) (int, error) {
	if err := c.open(ctx); err != nil {
		return 0, err
	}
	c.body.set(planned, number)
	c.buffer = append(append(c.buffer[:0], c.head...), c.body.text...)
	const patience = time.Minute
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, c.broken(err)
	}
	if _, err := c.conn.Write(c.buffer); err != nil {
		return 0, c.broken(err)
	}
	a, err := readAnswer(c.reader)
	if err != nil {
		return 0, c.broken(err)
	}
	if a.isLast {
		c.close()
	}
	if a.status/100 != 2 {
		return 0, &refusal{a}
	}
	return c.events, nil
}

// refusal is an answer that is no success.
type refusal struct{ answered }

// Error tells the status and the beginning of the body.
func (r *refusal) Error() string {
	return fmt.Sprintf("it was refused with %d: %s", r.status, r.problem)
}

// saysWhen reports whether it is one of those that overload brings, and says when to
// come back.
func (r *refusal) saysWhen() bool {
	return (r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable) && r.hasRetryAfter
}

func (c *connection) open(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	c.conn, c.reader = conn, bufio.NewReaderSize(conn, 4<<10)
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever waits for an answer is let go
	return nil
}

func (c *connection) broken(err error) error {
	c.close()
	return fmt.Errorf("publishing: %w", err)
}

func (c *connection) close() {
	if c.conn != nil {
		c.stop()
		_ = c.conn.Close() // nothing is under way
		c.conn = nil
	}
}

// answered is what is read of an answer: problem is the beginning of the body of a
// refusal, and isLast says that the server closes the connection.
type answered struct {
	status        int
	problem       string
	hasRetryAfter bool
	isLast        bool
}

// readAnswer reads an answer whole.
func readAnswer(r *bufio.Reader) (answered, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return answered{}, err
	}
	const status = len("HTTP/1.1 ")
	if len(line) < status+3 {
		return answered{}, fmt.Errorf("this is no answer: %q", line)
	}
	var a answered
	if a.status, err = strconv.Atoi(string(line[status : status+3])); err != nil {
		return answered{}, fmt.Errorf("this is no answer: %q", line)
	}
	length, chunked := 0, false
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return answered{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		a.note(line)
		if value, found := headerValue(line, "content-length:"); found {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return answered{}, fmt.Errorf("the answer's length: %w", err)
			}
		}
		if _, found := headerValue(line, "transfer-encoding:"); found {
			chunked = true
		}
	}
	if chunked {
		return a, discardChunks(r)
	}
	const shown = 300
	if a.status/100 != 2 {
		problem, err := r.Peek(min(length, shown))
		if err != nil {
			return answered{}, err
		}
		a.problem = string(problem)
	}
	_, err = r.Discard(length)
	return a, err
}

func (a *answered) note(line []byte) {
	if value, found := headerValue(line, "connection:"); found {
		a.isLast = bytes.EqualFold(value, []byte("close"))
	}
	if _, found := headerValue(line, "retry-after:"); found {
		a.hasRetryAfter = true
	}
}

func headerValue(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

// discardChunks reads a body in chunks (RFC 9112, section 7.1) without trailers.
func discardChunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return fmt.Errorf("the size of a chunk: %w", err)
		}
		if _, err := io.CopyN(io.Discard, r, int64(size)+2); err != nil { // the line's end belongs to it
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
