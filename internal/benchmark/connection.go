package benchmark

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
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
	status, problem, err := readAnswer(c.reader)
	if err != nil {
		return 0, c.broken(err)
	}
	if status/100 != 2 {
		return 0, fmt.Errorf("it was refused with %d: %s", status, problem)
	}
	return c.events, nil
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

// readAnswer reads an answer whole. It returns the status and, if that is a
// refusal, the beginning of the body.
func readAnswer(r *bufio.Reader) (int, string, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, "", err
	}
	const status = len("HTTP/1.1 ")
	if len(line) < status+3 {
		return 0, "", fmt.Errorf("this is no answer: %q", line)
	}
	code, err := strconv.Atoi(string(line[status : status+3]))
	if err != nil {
		return 0, "", fmt.Errorf("this is no answer: %q", line)
	}
	length, chunked := 0, false
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, "", err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if value, found := headerValue(line, "content-length:"); found {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, "", fmt.Errorf("the answer's length: %w", err)
			}
		}
		if _, found := headerValue(line, "transfer-encoding:"); found {
			chunked = true
		}
	}
	if chunked {
		return code, "", discardChunks(r)
	}
	const shown = 300
	problem, err := r.Peek(min(length, shown))
	if err != nil {
		return 0, "", err
	}
	text := ""
	if code/100 != 2 {
		text = string(problem)
	}
	_, err = r.Discard(length)
	return code, text, err
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
