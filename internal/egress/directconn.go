package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// directConn is an HTTP/1.1 connection that serves one request at a time.
type directConn struct {
	net.Conn
	key       string
	reader    *bufio.Reader
	left      int64 // how much of the headers may still come
	isLate    bool  // reading has met the deadline
	idleSince time.Time
}

// errHeadersTooLarge: the headers of an answer, interim answers included, exceed
// maxResponseHeaderBytes.
var errHeadersTooLarge = errors.New("the response headers exceeded their limit")

// Read bounds the headers, and notes what else a line that was cut would be blamed for.
func (c *directConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeadersTooLarge
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.isLate = c.isLate || errors.Is(err, os.ErrDeadlineExceeded)
	return n, err
}

// exchange sends a message and reads the answer up to the end of its headers. The
// deadline of p ends it, and the end of ctx ends it and reading the body, for which there is
// bodyTimeout. Either way of ending the exchange is errDeadline; who explains it asks ctx
// which it was.
func (c *directConn) exchange(ctx context.Context, message []byte, target *url.URL, all *connections, p *progress) (reply, error) {
	if err := c.SetDeadline(p.deadline); err != nil {
		all.close(c)
		return reply{}, err
	}
	stop := context.AfterFunc(ctx, c.interrupt)
	_, writeErr := c.Write(message)
	answered, err := reply{}, writeErr
	c.isLate = errors.Is(writeErr, os.ErrDeadlineExceeded)
	if !c.isLate { // a receiver may have answered and closed without reading everything
		answered, err = c.readAnswer(target, p)
	}
	if err != nil {
		stop()
		all.close(c)
		if c.isLate {
			return reply{}, errDeadline
		}
		if writeErr != nil {
			return reply{}, writeErr
		}
		return reply{}, err
	}
	response := answered.response
	if response == nil {
		c.finish(all, stop() && writeErr == nil)
		return answered, nil
	}
	c.left = math.MaxInt64
	c.leaveTimeForBody(ctx, p)
	response.Body = &directBody{
		Reader: response.Body, conn: c, all: all, stop: stop,
		isComplete: response.ContentLength == 0,
		mayStay:    !response.Close && writeErr == nil && response.StatusCode >= 200,
	}
	return answered, nil
}

func (c *directConn) interrupt() { _ = c.SetDeadline(time.Unix(1, 0)) } // one that can't have a deadline is of no use

// leaveTimeForBody gives the rest of an answer its time, unless ctx has ended:
// interrupt may have come before.
func (c *directConn) leaveTimeForBody(ctx context.Context, p *progress) {
	_ = c.SetDeadline(p.now().Add(bodyTimeout)) // the former deadline worked
	if ctx.Err() != nil {
		c.interrupt()
	}
}

func (c *directConn) readAnswer(target *url.URL, p *progress) (reply, error) {
	c.left = maxResponseHeaderBytes
	if c.reader == nil {
		c.reader = bufio.NewReader(c)
	}
	if _, err := c.reader.Peek(1); err != nil {
		return reply{}, err
	}
	p.gotFirstByte()
	arrived, err := c.reader.Peek(c.reader.Buffered())
	if err != nil {
		return reply{}, err
	}
	if plain, isPlain := plainAnswer(arrived); isPlain {
		_, err = c.reader.Discard(len(arrived))
		return plain, err
	}
	request := &http.Request{Method: http.MethodPost, URL: target}
	for {
		response, err := http.ReadResponse(c.reader, request) //nolint:bodyclose // receive does
		if err != nil && c.left <= 0 {
			return reply{}, errHeadersTooLarge // else the line that was cut would be blamed
		}
		if err != nil {
			return reply{}, err
		}
		isInterim := response.StatusCode >= 100 && response.StatusCode <= 199 && response.StatusCode != http.StatusSwitchingProtocols
		if !isInterim {
			return reply{response: response}, nil
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
	b.conn.finish(b.all, isOurs && b.isComplete && b.mayStay)
	return nil
}

// finish gives the connection back after an answer, to be kept if it may stay and
// nothing has come behind that answer.
func (c *directConn) finish(all *connections, mayStay bool) {
	if mayStay && c.reader.Buffered() == 0 {
		all.keep(c)
		return
	}
	all.close(c)
}
