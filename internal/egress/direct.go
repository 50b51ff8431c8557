package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"

	"github.com/posthorn/posthorn"
)

// maxDirectBody is up to what size a body is sent directly: it fits into what the
// kernels on both sides take without anybody reading, so that the whole request
// can be written before the answer is read.
const maxDirectBody = 16 << 10

// direct sends small requests over HTTP/1.1 in the goroutine of the attempt: one
// write, then the answer is read on the same connection. Package net/http has two
// goroutines and several handovers for each connection; without them attempts went
// from about 35 % of a busy server's time to 27 %. Everything else is left to net/http: large bodies, HTTP/2,
// proxies, hosts of which it isn't known what they speak, and parsing the answers that
// are not plain.
type direct struct {
	lane        *lane
	connections *connections

	mu sync.Mutex
	// speaksHTTP1 are https hosts that have chosen HTTP/1.1 over HTTP/2.
	speaksHTTP1 map[string]struct{}
}

// maxKnownHosts bounds what is known of hosts; what is forgotten is found out
// again.
const maxKnownHosts = 4096

// errSpeaksHTTP2: a host that spoke HTTP/1.1 has chosen HTTP/2; nothing was sent.
var errSpeaksHTTP2 = errors.New("the receiver has chosen HTTP/2")

// errNoneKept: there is no kept connection that is free and alive.
var errNoneKept = errors.New("no connection is kept")

func newDirect(l *lane, o Options) *direct {
	return &direct{lane: l, connections: newConnections(o), speaksHTTP1: map[string]struct{}{}}
}

// takes reports whether a request may go this way.
func (d *direct) takes(r posthorn.Request, target *target) bool {
	if d.lane.hasProxy || r.Method != "" || len(r.Wanted) > 0 || len(r.Body) > maxDirectBody {
		return false
	}
	if target.url.Scheme == "http" {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, known := d.speaksHTTP1[target.address]
	return known
}

// learn takes note of what a host, with its port, has chosen to speak.
func (d *direct) learn(host, protocol string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if protocol == "h2" {
		delete(d.speaksHTTP1, host)
		return
	}
	if len(d.speaksHTTP1) >= maxKnownHosts {
		clear(d.speaksHTTP1)
	}
	d.speaksHTTP1[host] = struct{}{}
}

// exchangeKept sends a message on a kept connection and returns the answer when its
// headers have arrived, or errNoneKept when there is none that is free and alive.
func (d *direct) exchangeKept(ctx context.Context, target *target, message []byte, p *progress) (reply, error) {
	kept := d.connections.kept(target.key)
	if kept == nil {
		return reply{}, errNoneKept
	}
	return d.overKept(ctx, kept, target, message, p)
}

// overKept returns errNoneKept when the connection turns out dead.
func (d *direct) overKept(ctx context.Context, kept *directConn, target *target, message []byte, p *progress) (reply, error) {
	p.reused.Store(true)
	answered, err := d.over(ctx, kept, target, message, p)
	if err == nil || ctx.Err() != nil || errors.Is(err, errDeadline) || p.answered() {
		return answered, err
	}
	p.reused.Store(false)
	p.phase.Store(int32(phaseWaiting))
	return reply{}, errNoneKept
}

// exchange is exchangeKept for who may wait: for a connection to become free, or for a
// new one, which takes the place of one that turns out dead, once.
func (d *direct) exchange(ctx context.Context, target *target, message []byte, p *progress) (reply, error) {
	kept, err := d.connections.acquire(ctx, target.key, p.sent.Load() > 0)
	if err != nil {
		return reply{}, err
	}
	if kept != nil {
		answered, err := d.overKept(ctx, kept, target, message, p)
		if !errors.Is(err, errNoneKept) {
			return answered, err
		}
		if _, err = d.connections.acquire(ctx, target.key, true); err != nil {
			return reply{}, err
		}
	}
	conn, err := d.connect(ctx, target)
	if err != nil {
		d.connections.forget(target.key)
		return reply{}, err
	}
	return d.over(ctx, &directConn{Conn: conn, key: target.key}, target, message, p)
}

func (d *direct) connect(ctx context.Context, target *target) (net.Conn, error) {
	if target.url.Scheme == "http" {
		return d.lane.connect(ctx, "tcp", target.address)
	}
	conn, err := d.lane.connectTLS(ctx, "tcp", target.address)
	if err != nil {
		return nil, err
	}
	if secured, ok := conn.(*tls.Conn); ok && secured.ConnectionState().NegotiatedProtocol == "h2" {
		_ = conn.Close() // nothing was sent on it
		return nil, errSpeaksHTTP2
	}
	return conn, nil
}

func (d *direct) over(ctx context.Context, c *directConn, target *target, message []byte, p *progress) (reply, error) {
	p.conn.Store(admitAnswer(c.Conn))
	p.phase.Store(int32(phaseExchange))
	p.sent.Add(1)
	return c.exchange(ctx, message, target.url, d.connections, p)
}
