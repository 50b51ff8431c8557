package egress

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync/atomic"
)

// What may be read from a connection, in bytes: much more than answers weigh,
// and little enough that a flood of frames, headers or TLS records that mean
// nothing comes to an end at once. A body is not read further than it is kept.
const (
	connectionAllowance = 256 << 10
	answerAllowance     = 256 << 10
	maxAllowance        = 32 << 20
)

// errFlood: a connection brought more than its allowance.
var errFlood = errors.New("the receiver floods the connection")

// allowanceConn ends a connection that brings more than it may, and knows how it ended.
type allowanceConn struct {
	net.Conn
	// protocol is what was agreed on with ALPN; it is set before the first request.
	protocol string
	left     atomic.Int64
	// ended is the error with which reading ended; a deadline may be moved.
	ended atomic.Pointer[error]
}

func newAllowanceConn(conn net.Conn) *allowanceConn {
	c := &allowanceConn{Conn: conn}
	c.left.Store(connectionAllowance)
	return c
}

func (c *allowanceConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		_ = c.Close() // the error says why
		return 0, errFlood
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// admitAnswer lets one more answer come in on a connection that is used for a
// request, and returns that connection; nil for one that isn't ours.
func admitAnswer(conn net.Conn) *allowanceConn {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	allowed, ok := conn.(*allowanceConn)
	if !ok {
		return nil
	}
	if allowed.left.Add(answerAllowance) > maxAllowance {
		allowed.left.Add(-answerAllowance)
	}
	return allowed
}
