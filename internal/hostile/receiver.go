// Package hostile is a receiver of webhooks that misbehaves on demand. It
// speaks over bare connections, because package net/http is too polite to send
// what broken and malicious receivers send.
package hostile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of a receiver.
const (
	// maxConnections is how many connections are served at once; more wait.
	maxConnections = 1024
	// maxRequestBody is the longest body that is read, in bytes.
	maxRequestBody = 16 << 20
	// smallBuffer is the receive buffer of a receiver that stops reading, in bytes.
	smallBuffer = 4 << 10
)

// Options are what a receiver is made of.
type Options struct {
	// Address is where to listen: host and port. Port 0 takes a free one.
	Address string
	// Choices are the behaviours that requests meet in turn; empty means that every
	// request is answered 200.
	Choices []Choice
	// Arrived hears of everything that arrives, from many goroutines; may be nil.
	Arrived func(Arrival)
	// Now is the clock of certificates, dates and arrivals.
	Now func() time.Time
}

// Arrival is one request, or a connection whose request is never read.
type Arrival struct {
	At time.Time
	// Behaviour is what it meets.
	Behaviour Choice
	// Request is nil when the behaviour doesn't read it.
	Request *http.Request
	// Body is the request's body as it came.
	Body []byte
}

// Receiver is a listening receiver.
type Receiver struct {
	options  Options
	listener net.Listener
	address  string
	identity identity
	stop     context.CancelFunc
	running  sync.WaitGroup
	free     chan struct{}

	mu          sync.Mutex
	turn        int
	connections map[net.Conn]struct{}
}

// Listen starts a receiver. It runs until Close, or until ctx ends.
func Listen(ctx context.Context, o Options) (*Receiver, error) {
	if len(o.Choices) == 0 {
		choices, err := Parse("ok")
		if err != nil {
			return nil, err
		}
		o.Choices = choices
	}
	made, err := newIdentity(o.Choices, o.Now())
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", o.Address, err)
	}
	r := &Receiver{
		options: o, listener: listener, address: listener.Addr().String(), identity: made,
		free: make(chan struct{}, maxConnections), connections: map[net.Conn]struct{}{},
	}
	ctx, r.stop = context.WithCancel(ctx)
	context.AfterFunc(ctx, r.cutOff)
	if o.Choices[0].behaviour.refuses {
		_ = listener.Close() // now nothing listens there, which is the point
		return r, nil
	}
	r.running.Go(func() { r.accept(ctx) })
	return r, nil
}

// Address is where the receiver listens: host and port.
func (r *Receiver) Address() string { return r.address }

// Close cuts off every connection and waits until all of them have ended.
func (r *Receiver) Close() error {
	r.stop()
	err := r.listener.Close()
	r.running.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the receiver: %w", err)
	}
	return nil
}

// cutOff ends what waits in a read or a write.
func (r *Receiver) cutOff() {
	_ = r.listener.Close() // it may be closed already
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.connections {
		_ = conn.Close() // whoever serves it notices
	}
}

func (r *Receiver) accept(ctx context.Context) {
	for {
		select {
		case r.free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := r.listener.Accept()
		if err != nil && ctx.Err() != nil {
			return
		}
		if err != nil {
			<-r.free
			wait(ctx, 10*time.Millisecond) // too many open files, say: it passes
			continue
		}
		r.running.Go(func() {
			defer func() { <-r.free }()
			r.serve(ctx, conn)
		})
	}
}

// serve has one conversation after another on a connection.
func (r *Receiver) serve(ctx context.Context, conn net.Conn) {
	r.keep(conn)
	defer r.drop(conn)
	if ctx.Err() != nil {
		return
	}
	c := &conversation{receiver: r, conn: conn, raw: conn, choice: r.next()}
	if kind := c.choice.behaviour.certificate; kind != "" {
		if !c.secure(ctx, kind) {
			return
		}
	}
	c.reader = bufio.NewReader(c.conn)
	for c.have(ctx) {
		if _, err := c.reader.Peek(1); err != nil {
			return
		}
		c.served++
		if c.choice.behaviour.certificate == "" && c.choice.Name != stale {
			c.choice = r.next()
		}
	}
}

func (r *Receiver) next() Choice {
	r.mu.Lock()
	defer r.mu.Unlock()
	choice := r.options.Choices[r.turn%len(r.options.Choices)]
	r.turn++
	return choice
}

func (r *Receiver) keep(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections[conn] = struct{}{}
}

func (r *Receiver) drop(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.connections, conn)
	_ = conn.Close() // it may be closed already
}

func (r *Receiver) arrived(a Arrival) {
	if r.options.Arrived != nil {
		r.options.Arrived(a)
	}
}

// wait waits for a time, and reports whether it passed before ctx ended.
func wait(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
