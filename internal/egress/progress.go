package egress

import (
	"context"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
)

// phase is how far an attempt has come; it tells apart what a deadline hit.
type phase int32

const (
	phaseWaiting phase = iota // for a connection
	phaseResolving
	phaseProxy // connecting to the egress proxy
	phaseConnecting
	phaseTLS
	phaseExchange // the request is on its way, or answered
)

type progressKey struct{}

// progress is what one attempt remembers. The transport's goroutines report to
// it, some of them after the attempt has ended, so that nothing of it is
// reused.
type progress struct {
	started time.Time
	// deadline is when the headers of the answer must have arrived.
	deadline time.Time
	now      func() time.Time

	phase  atomic.Int32
	reused atomic.Bool
	// conn is the connection in use, if that is one of ours; sent counts how often the request's
	// headers were written.
	conn atomic.Pointer[allowanceConn]
	sent atomic.Int32
	// certificateRequested reports that a new connection's receiver asked for our
	// certificate.
	certificateRequested atomic.Bool
	// The durations are in nanoseconds, 0 for what did not happen.
	resolve   atomic.Int64
	connect   atomic.Int64
	handshake atomic.Int64
	firstByte atomic.Int64

	mu        sync.Mutex
	abandoned bool
	dials     []context.CancelFunc
}

// watch returns ctx with the hooks for whatever is done by net/http and in dialling.
func (p *progress) watch(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, progressKey{}, p)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: p.gotConnection, GotFirstResponseByte: p.gotFirstByte, WroteHeaders: func() { p.sent.Add(1) },
	})
}

// watchDial adds the hooks that only new connections pay for.
func (p *progress) watchDial(ctx context.Context) context.Context {
	var asked time.Time
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			asked = p.now()
			p.reach(phaseResolving)
		},
		DNSDone: func(info httptrace.DNSDoneInfo) {
			p.resolve.Store(int64(p.now().Sub(asked)))
			if info.Err == nil {
				p.reach(phaseConnecting)
			}
		},
	})
}

func (p *progress) gotConnection(info httptrace.GotConnInfo) {
	p.reused.Store(info.Reused)
	p.conn.Store(admitAnswer(info.Conn))
	p.phase.Store(int32(phaseExchange))
}

func (p *progress) gotFirstByte() {
	p.firstByte.CompareAndSwap(0, max(1, int64(p.now().Sub(p.started))))
}

// reach notes a phase of dialling. A dial may go on after another connection
// was free first; then it changes nothing.
func (p *progress) reach(next phase) {
	for {
		current := p.phase.Load()
		if phase(current) == phaseExchange || p.phase.CompareAndSwap(current, int32(next)) {
			return
		}
	}
}

// dialling lets abandon stop a dial. The caller calls the returned cancel in
// any case.
func (p *progress) dialling(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.abandoned {
		cancel()
	}
	p.dials = append(p.dials, cancel)
	return ctx, cancel
}

// abandon stops the dials of an attempt that failed: net/http itself would let
// them run on, and receivers that swallow packets could pile them up.
func (p *progress) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abandoned = true
	for _, cancel := range p.dials {
		cancel()
	}
}

func (p *progress) isHTTP2() bool {
	conn := p.conn.Load()
	return conn != nil && conn.protocol == "h2"
}

// cutBy is how the connection ended within an answer over HTTP/1.1, of which the last line
// is not to blame for being half a line; nil if it didn't end by itself.
func (p *progress) cutBy() error {
	conn := p.conn.Load()
	if conn == nil || conn.protocol == "h2" || !p.answered() {
		return nil
	}
	if ended := conn.ended.Load(); ended != nil {
		return *ended
	}
	return nil
}

func (p *progress) answered() bool { return p.firstByte.Load() != 0 }

// sentEnough reports that no further connection may be tried. Over HTTP/1 what
// counts as sent may not have left at all: there a dead connection is noticed
// while writing, and the one more try goes to a new one.
func (p *progress) sentEnough() bool { return p.isHTTP2() && p.sent.Load() >= maxSends }

// waitsForStream reports that the request has an HTTP/2 connection, and that the
// receiver doesn't allow another stream on it.
func (p *progress) waitsForStream() bool { return p.isHTTP2() && p.sent.Load() == 0 }

// lacksCertificate reports that a new connection ended without an answer after
// the receiver had asked for our certificate. In TLS 1.3 it refuses us only
// after the handshake, and its alert may be lost with the connection.
func (p *progress) lacksCertificate() bool {
	return p.certificateRequested.Load() && !p.reused.Load() && !p.answered()
}

func (p *progress) timings() posthorn.Timings {
	return posthorn.Timings{
		DNS:       time.Duration(p.resolve.Load()),
		Connect:   time.Duration(p.connect.Load()),
		TLS:       time.Duration(p.handshake.Load()),
		FirstByte: time.Duration(p.firstByte.Load()),
		Total:     p.now().Sub(p.started),
	}
}

// handshakeError is a failure between connecting and the end of the TLS
// handshake.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }

func (e *handshakeError) Unwrap() error { return e.err }
