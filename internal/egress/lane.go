package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Limits of the transports.
const (
	maxResponseHeaderBytes = 64 << 10
	idleTimeout            = 60 * time.Second
	tlsSessions            = 512
	// HTTP/2 windows bound what a receiver may send ahead of our reading.
	streamWindow     = 64 << 10
	connectionWindow = 1 << 20
	// A silent HTTP/2 connection is asked for a sign of life, or it would be
	// used for ever after the peer has vanished.
	pingAfter   = 15 * time.Second
	pingTimeout = 5 * time.Second
	// A receiver that takes nothing of what is written on an HTTP/2 connection, while
	// it goes on sending, would hold the connection for ever.
	writeTimeout = 10 * time.Second
)

// lane is everything for one kind of environment. Lanes share no connections:
// one that development may use must not serve production.
type lane struct {
	guard          *guard
	pooled         *http.Transport
	fresh          *http.Transport // never reuses a connection
	connectTimeout time.Duration
	tls            *tls.Config
	now            func() time.Time
	dial           dialFunc
	hasProxy       bool
	direct         *direct
}

func newGuard(policy Policy, own []netip.AddrPort, o Options) *guard {
	return &guard{
		policy: policy, allow: o.Allow, own: own, ports: portsFor(policy, o.Ports), tables: newAddressTables(),
		refused: func(ctx context.Context, address string) {
			o.Logger.DebugContext(ctx, "the egress policy refused an address", "address", address)
		},
	}
}

func newLane(policy Policy, own []netip.AddrPort, o Options, health *proxyHealth) *lane {
	l := &lane{
		guard:          newGuard(policy, own, o),
		connectTimeout: o.ConnectTimeout,
		now:            o.Now,
		tls: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            o.RootCAs,
			NextProtos:         []string{"h2", "http/1.1"},
			ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions),
			Time:               o.Now,
			VerifyConnection:   refuseWeakCertificates,
		},
	}
	l.dial, l.hasProxy = newDial(l.guard, o, health), o.Proxy != nil
	l.pooled, l.fresh = l.transport(o), l.transport(o)
	l.fresh.DisableKeepAlives = true
	l.direct = newDirect(l, o)
	return l
}

func (l *lane) transport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // HTTP_PROXY would lead around the guard
		DialContext:            l.connect,
		DialTLSContext:         l.connectTLS,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
		MaxIdleConns:           o.MaxIdle,
		MaxIdleConnsPerHost:    o.MaxIdlePerHost,
		MaxConnsPerHost:        o.MaxConnectionsPerHost,
		IdleConnTimeout:        idleTimeout,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     streamWindow,
			MaxReceiveBufferPerConnection: connectionWindow,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingTimeout,
			WriteByteTimeout:              writeTimeout,
		},
	}
}

// connect is the transport's DialContext.
func (l *lane) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.connectPlain(ctx, network, address)
	if err != nil {
		return nil, err // a nil *allowanceConn is no nil net.Conn
	}
	return conn, nil
}

func (l *lane) connectPlain(ctx context.Context, network, address string) (*allowanceConn, error) {
	p := ctx.Value(progressKey{}).(*progress)
	p.reach(phaseConnecting)
	ctx, cancel := p.dialling(ctx, l.connectTimeout)
	defer cancel()
	started := p.now()
	conn, err := l.dial(p.watchDial(ctx), network, address)
	p.connect.Store(int64(p.now().Sub(started)) - p.resolve.Load())
	if err != nil {
		return nil, err
	}
	return newAllowanceConn(conn), nil
}

// connectTLS is the transport's DialTLSContext. The handshake is done here and
// not by the transport so that it ends with the attempt and fails as a
// *handshakeError.
func (l *lane) connectTLS(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := l.connectPlain(ctx, network, address)
	if err != nil {
		return nil, err
	}
	p := ctx.Value(progressKey{}).(*progress)
	p.reach(phaseTLS)
	ctx, cancel := p.dialling(ctx, l.connectTimeout)
	defer cancel()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	config := l.tls.Clone()
	config.ServerName = host
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		p.certificateRequested.Store(true)
		return &tls.Certificate{}, nil
	}
	conn := tls.Client(raw, config)
	started := p.now()
	err = conn.HandshakeContext(ctx)
	p.handshake.Store(int64(p.now().Sub(started)))
	if err != nil {
		_ = raw.Close()
		return nil, &handshakeError{err}
	}
	raw.protocol = conn.ConnectionState().NegotiatedProtocol
	l.direct.learn(address, raw.protocol)
	return conn, nil
}

func (l *lane) closeIdle() {
	l.pooled.CloseIdleConnections()
	l.fresh.CloseIdleConnections()
	l.direct.connections.closeAll()
}
