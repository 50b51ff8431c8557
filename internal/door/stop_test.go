package door

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ledger is a handler that keeps what it is sent.
type ledger struct {
	mu   sync.Mutex
	kept map[string]bool
	many chan struct{} // closed when much has been kept
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[string(text)] = true
	if len(l.kept) == 200 {
		close(l.many)
	}
	_, _ = w.Write(text)
}

// Invariant: a stop under load waits for what has begun: of all that was kept each
// one was answered, on whatever way it came, and afterwards nobody is served.
func TestShutdownLosesNoAnswer(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		books := &ledger{kept: map[string]bool{}, many: make(chan struct{})}
		s, address := start(t, books, patient)
		var publishers sync.WaitGroup
		var mu sync.Mutex
		answered := map[string]bool{}
		for i := range 8 {
			path := []string{"/v1/events", "/elsewhere"}[i%2]
			conn := dial(t, address)
			publishers.Go(func() {
				reader := bufio.NewReader(conn)
				for n := 0; ; n++ {
					id := fmt.Sprintf("%d-%d", i, n)
					if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(id), id); err != nil {
						return
					}
					response, err := http.ReadResponse(reader, nil)
					if err != nil {
						return
					}
					text, err := io.ReadAll(response.Body)
					_ = response.Body.Close()
					if err != nil {
						return
					}
					mu.Lock()
					answered[string(text)] = true
					mu.Unlock()
				}
			})
		}
		<-books.many
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		publishers.Wait()
		for id := range books.kept {
			if !answered[id] {
				t.Errorf("round %d: %s was kept and not answered", round, id)
			}
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			t.Errorf("round %d: a connection was taken after the stop", round)
		}
	}
}

// held is a handler that tells of each request and answers when it may.
type held struct {
	begun  chan context.Context
	answer chan struct{}
}

func newHeld() *held {
	return &held{begun: make(chan context.Context, 10), answer: make(chan struct{})}
}

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.begun <- r.Context()
	select {
	case <-h.answer:
	case <-r.Context().Done():
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// Invariant: a stop closes connections without a request at once, waits for a
// request under way, and tells its client that the connection closes.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	h := newHeld()
	s, address := start(t, h, patient)
	fresh, used, busy := dial(t, address), dial(t, address), dial(t, address)
	for _, conn := range []net.Conn{used, busy} {
		_, _ = io.WriteString(conn, plain)
		<-h.begun
		if conn == used {
			h.answer <- struct{}{}
			response, err := http.ReadResponse(bufio.NewReader(used), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	for name, conn := range map[string]net.Conn{"fresh": fresh, "used": used} {
		if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("the %s connection: %v", name, err)
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped while a request was under way: %v", err)
	default:
	}
	h.answer <- struct{}{}
	response, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("the request under way: %+v", response)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Invariant: requests that outlast the grace period are cut off: their contexts end,
// and so does Serve.
func TestCloseCutsOff(t *testing.T) {
	t.Parallel()
	h := newHeld()
	s, l := build(t, h, patient), listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn := dial(t, l.Addr().String())
	_, _ = io.WriteString(conn, plain)
	request := <-h.begun
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown returned %v", err)
	}
	if request.Err() != nil {
		t.Error("the request was cut off before its time")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-request.Done()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if answer, _ := io.ReadAll(conn); len(answer) > 0 {
		t.Errorf("it was answered: %q", answer)
	}
}

// Invariant: a server that never served stops too, and one that has stopped doesn't
// serve.
func TestStopWithoutServing(t *testing.T) {
	t.Parallel()
	s, l := build(t, http.NotFoundHandler(), patient), listen(t)
	if err := errors.Join(s.Shutdown(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}

// passing is a failure of a listener that ends by itself.
type passing struct{}

func (passing) Error() string   { return "too many open files" }
func (passing) Temporary() bool { return true }

// unreliable is a listener that fails at first.
type unreliable struct {
	net.Listener
	failures atomic.Int32
	with     error
}

func (u *unreliable) Accept() (net.Conn, error) {
	if u.failures.Add(-1) >= 0 {
		return nil, u.with
	}
	return u.Listener.Accept()
}

// Invariant: a server goes on when its listener fails for a moment, for want of file
// descriptors say, and ends when it fails for good.
func TestFailingListener(t *testing.T) {
	t.Parallel()
	s, l := build(t, http.NotFoundHandler(), patient), &unreliable{Listener: listen(t), with: passing{}}
	l.failures.Store(3)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	if answer := said(t, l.Addr().String(), []string{last}, false); answer == "" {
		t.Error("nobody answered")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}

	s, l = build(t, http.NotFoundHandler(), patient), &unreliable{Listener: listen(t), with: errors.New("gone")}
	l.failures.Store(1)
	defer l.Close()
	if err := s.Serve(l); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
