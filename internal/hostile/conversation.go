package hostile

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// conversation is one connection and the behaviour whose turn it is.
type conversation struct {
	receiver *Receiver
	// conn is what is spoken on; raw is the connection below TLS.
	conn, raw net.Conn
	reader    *bufio.Reader
	choice    Choice
	// request is the one under way; nil when it isn't read.
	request *http.Request
	// served counts the requests before this one.
	served int
}

// have has one exchange; it reports whether the connection may serve another.
func (c *conversation) have(ctx context.Context) bool {
	behaviour := c.choice.behaviour
	arrival := Arrival{At: c.receiver.options.Now(), Behaviour: c.choice}
	if behaviour.reads != nothing {
		request, err := http.ReadRequest(c.reader)
		if err != nil {
			return false
		}
		arrival.Request, c.request = request, request
		if behaviour.reads == everything {
			if arrival.Body, err = io.ReadAll(io.LimitReader(request.Body, maxRequestBody)); err != nil {
				return false
			}
		}
	}
	if c.choice.Name != stale || c.served == 0 {
		c.receiver.arrived(arrival)
	}
	return behaviour.act(ctx, c)
}

// write sends text as it is; it reports whether it could.
func (c *conversation) write(text string) bool {
	_, err := io.WriteString(c.conn, text)
	return err == nil
}

// writeForEver sends text again and again until the other side has had enough.
func (c *conversation) writeForEver(ctx context.Context, text string) {
	for ctx.Err() == nil && c.write(text) {
	}
}

// drip sends text again and again, one byte per interval.
func (c *conversation) drip(ctx context.Context, text string, interval time.Duration) {
	for {
		for i := range len(text) {
			if !c.write(text[i:i+1]) || !wait(ctx, interval) {
				return
			}
		}
	}
}

// hang does nothing until the other side has gone. It throws away what comes,
// up to a bound.
func (c *conversation) hang() {
	_, _ = io.Copy(io.Discard, io.LimitReader(c.conn, maxRequestBody)) // either way it is over
}

// ignore doesn't even read; only the end of the receiver ends it.
func (c *conversation) ignore(ctx context.Context) {
	<-ctx.Done()
}

// reset makes the closing of the connection a reset.
func (c *conversation) reset() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the connection is closed politely
	}
}

// shrink makes the receive buffer small, so that the other side soon can't
// write any more.
func (c *conversation) shrink() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(smallBuffer) // a larger one fills later
	}
}
