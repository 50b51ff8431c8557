package door

import (
	"net"
	"sync"
)

// handed is the listener of the ordinary server: it takes connections that were
// begun here.
type handed struct {
	connections chan net.Conn
	closed      chan struct{}
	close       func()
}

func newHanded() *handed {
	closed := make(chan struct{})
	return &handed{connections: make(chan net.Conn), closed: closed, close: sync.OnceFunc(func() { close(closed) })}
}

// give gives a connection away; it is closed if nobody takes connections any more.
func (h *handed) give(conn net.Conn) {
	select {
	case h.connections <- conn:
	case <-h.closed:
		_ = conn.Close() // none of its requests has been answered
	}
}

// Accept waits for a connection; after Close it returns net.ErrClosed.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-h.connections:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. It never fails.
func (h *handed) Close() error {
	h.close()
	return nil
}

// Addr is no address: nobody connects to it.
func (h *handed) Addr() net.Addr { return &net.UnixAddr{} }

// replayed is a connection of which something has been read, which comes again, and
// then, if reading has failed, that failure.
type replayed struct {
	net.Conn
	pending []byte
	failure error
}

// Read reads what was read before, then the connection.
func (r *replayed) Read(p []byte) (int, error) {
	if len(r.pending) > 0 {
		n := copy(p, r.pending)
		r.pending = r.pending[n:]
		return n, nil
	}
	if r.failure != nil {
		return 0, r.failure
	}
	return r.Conn.Read(p)
}

// CloseWrite closes the sending side, if the connection has sides: net/http does so
// to let a client read why it is refused.
func (r *replayed) CloseWrite() error {
	if half, can := r.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}
