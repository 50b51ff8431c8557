package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// directConn is an HTTP/1.1 connection that serves one request at a time.
type directConn struct {
	net.Conn
	key       string
	reader    *bufio.Reader
	left      int64 // how much of the headers may still come
	idleSince time.Time
}

// errHeadersTooLarge: the headers of an answer, interim answers included, exceed
// maxResponseHeaderBytes.
var errHeadersTooLarge = errors.New("the response headers exceeded their limit")

// Read bounds the headers.
func (c *directConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeadersTooLarge
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// exchange sends a message and reads the answer up to the end of its headers. The
// end of ctx ends it, and reading the body, too.
func (c *directConn) exchange(ctx context.Context, message []byte, request *http.Request, all *connections, p *progress) (*http.Response, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // a connection that can't have a deadline is closed anyway
	_, writeErr := c.Write(message)
	// A receiver may have answered and closed without reading everything.
	response, err := c.readResponse(request, p)
	if err != nil {
		stop()
		all.close(c)
		if writeErr != nil {
			return nil, writeErr
		}
		return nil, err
	}
	c.left = math.MaxInt64
	response.Body = &directBody{
		Reader: response.Body, conn: c, all: all, stop: stop,
		isComplete: response.ContentLength == 0,
		mayStay:    !response.Close && writeErr == nil && response.StatusCode >= 200,
	}
	return response, nil
}

func (c *directConn) readResponse(request *http.Request, p *progress) (*http.Response, error) {
	c.left = maxResponseHeaderBytes
	if c.reader == nil {
		c.reader = bufio.NewReader(c)
	}
	if _, err := c.reader.Peek(1); err != nil {
		return nil, err
	}
	p.gotFirstByte()
	for {
		response, err := http.ReadResponse(c.reader, request)
		if err != nil && c.left <= 0 {
			return nil, errHeadersTooLarge // else the line that was cut would be blamed
		}
		if err != nil {
			return nil, err
		}
		isInterim := response.StatusCode >= 100 && response.StatusCode <= 199 && response.StatusCode != http.StatusSwitchingProtocols
		if !isInterim {
			return response, nil
		}
	}
}

// directBody is the body of an answer; closing it keeps the connection if all was
// read and nothing stands in the way.
type directBody struct {
	io.Reader
	conn       *directConn
	all        *connections
	stop       func() bool
	isComplete bool
	mayStay    bool
}

// Read notices the end of the body.
func (b *directBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.isComplete = true
	}
	return n, err
}

// Close keeps or closes the connection.
func (b *directBody) Close() error {
	isOurs := b.stop() // else the attempt's end has spoilt the connection
	if isOurs && b.isComplete && b.mayStay && b.conn.reader.Buffered() == 0 {
		b.all.keep(b.conn)
		return nil
	}
	b.all.close(b.conn)
	return nil
}
