package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Options is what a Server is made of. All fields are needed.
type Options struct {
	// Routes are the handlers of POST by the exact target of the request, without a
	// query. A handler answers whole: no interim answers, no trailers, no status that
	// has no body. It does nothing but refuse before it has read the whole body: until
	// then the connection may be closed. It changes nothing of the request, and when it
	// returns, the request and all that hangs on it are used for the next one. The
	// request's context ends with the connection, and not before because the client left.
	Routes map[string]http.Handler
	// Ordinary serves everything else, and the Server runs it; New sets its ConnState and
	// ConnContext, and puts a handler of its own before its Handler. Its
	// ReadHeaderTimeout, ReadTimeout, WriteTimeout and IdleTimeout must be set: they hold
	// here, too.
	Ordinary *http.Server
	Logger   *slog.Logger
	Now      func() time.Time
}

// Server takes connections and answers requests on them.
type Server struct {
	Options
	targets map[string]target
	handed  *handed
	buffers sync.Pool

	isStopping  atomic.Bool
	mu          sync.Mutex
	listener    net.Listener
	connections map[*connection]struct{}
	cutOff      context.CancelFunc
	// running counts the connections, and the ordinary server; none begins once
	// isStopping is set.
	running sync.WaitGroup
}

// target is what a request may be for.
type target struct {
	path    string
	url     *url.URL
	handler http.Handler
}

// New makes a Server. It returns an error if a target is no URL.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, targets: map[string]target{}, handed: newHanded(), connections: map[*connection]struct{}{}}
	s.attend()
	s.buffers.New = func() any { return new([bufferSize]byte) }
	for text, handler := range o.Routes {
		parsed, err := url.ParseRequestURI(text)
		if err != nil {
			return nil, fmt.Errorf("reading the target of a route: %w", err)
		}
		s.targets[text] = target{text, parsed, handler}
	}
	return s, nil
}

// Serve takes connections from a listener until Shutdown or Close, and then returns
// http.ErrServerClosed when no connection is left. It returns another error at once
// when the listener fails. It may be called once.
func (s *Server) Serve(l net.Listener) error {
	ctx, cutOff := context.WithCancel(context.Background())
	if !s.open(l, cutOff) {
		cutOff()
		return errors.Join(http.ErrServerClosed, l.Close())
	}
	const shortest, longest = 5 * time.Millisecond, time.Second
	for wait := shortest; ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			wait = shortest
			s.admit(ctx, conn)
		case s.isStopping.Load():
			s.running.Wait()
			cutOff()
			return http.ErrServerClosed
		case passes(err):
			s.Logger.Warn("a connection can't be taken; trying again", "error", err)
			<-time.After(wait)
			wait = min(2*wait, longest)
		default:
			return fmt.Errorf("taking a connection: %w", err)
		}
	}
}

// passes reports whether a listener may work again soon: there are too many open
// files, say.
func passes(err error) bool {
	var told interface{ Temporary() bool }
	return errors.As(err, &told) && told.Temporary()
}

func (s *Server) open(l net.Listener, cutOff context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopping.Load() {
		return false
	}
	s.listener, s.cutOff = l, cutOff
	s.running.Go(func() { _ = s.Ordinary.Serve(s.handed) }) // ends with ErrServerClosed alone: its listener can't fail
	return true
}

func (s *Server) admit(ctx context.Context, conn net.Conn) {
	c := &connection{server: s, conn: conn, place: occupied(conn)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopping.Load() {
		_ = conn.Close() // nothing was read from it
		return
	}
	s.connections[c] = struct{}{}
	s.running.Go(func() { c.serve(ctx) })
}

func (s *Server) forget(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

// Shutdown takes no more connections, closes those on which no request has begun,
// and waits for the requests that have. When ctx ends first it returns its error;
// then Close cuts off the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.stop(func(c *connection) {
		if c.state.CompareAndSwap(idle, closed) {
			_ = c.conn.Close()
		}
	})
	if ordinaryErr := s.Ordinary.Shutdown(ctx); ordinaryErr != nil {
		return fmt.Errorf("waiting for requests: %w", ordinaryErr)
	}
	ended := make(chan struct{})
	go func() { // ends with the last connection: by itself, or by Close
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for requests: %w", ctx.Err())
	}
}

// Close closes all connections and ends the contexts of the requests on them. It
// doesn't wait for their handlers; Serve does.
func (s *Server) Close() error {
	err := s.stop(func(c *connection) { _ = c.conn.Close() })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cutOff != nil {
		s.cutOff()
	}
	return errors.Join(err, s.Ordinary.Close())
}

// stop lets no connection begin any more, and does something with each that has.
func (s *Server) stop(each func(*connection)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wasStopping := s.isStopping.Swap(true)
	for c := range s.connections {
		each(c)
	}
	if s.listener == nil || wasStopping {
		return nil
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the listener: %w", err)
	}
	return nil
}
