package door_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/door"
)

// visitor is a client with a connection of its own.
type visitor struct {
	t      *testing.T
	conn   net.Conn
	reader *bufio.Reader
}

func (v visitor) ask(path string) {
	v.t.Helper()
	if _, err := io.WriteString(v.conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		v.t.Fatal(err)
	}
}

// answer reads an answer, and returns its status and its Retry-After.
func (v visitor) answer() (int, string) {
	v.t.Helper()
	response, err := http.ReadResponse(v.reader, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		v.t.Error(err)
	}
	_ = response.Body.Close() // it was read
	return response.StatusCode, response.Header.Get("Retry-After")
}

func (v visitor) isAnswered() {
	v.t.Helper()
	if status, _ := v.answer(); status != http.StatusOK {
		v.t.Errorf("answered with %d", status)
	}
}

func (v visitor) isClosed() bool {
	_, err := v.reader.ReadByte()
	return errors.Is(err, io.EOF)
}

// house is a server with a bound of connections. Each request enters, and leaves when it
// is let.
type house struct {
	t              *testing.T
	address        string
	entered, leave chan struct{}
}

func newHouse(t *testing.T, most int) house {
	t.Helper()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := house{t, inner.Addr().String(), make(chan struct{}), make(chan struct{})}
	limited := door.NewLimited(door.Limit{Listener: inner, Most: most, Refusal: []byte(`{}`), Now: time.Now})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		h.entered <- struct{}{}
		<-h.leave
	})
	server, err := door.New(door.Options{
		Routes: map[string]http.Handler{"/plain": handler}, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Ordinary: &http.Server{ReadHeaderTimeout: time.Minute, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute, Handler: handler},
	})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(limited) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		limited.Wait()
	})
	return h
}

func (h house) visit() visitor {
	h.t.Helper()
	conn, err := new(net.Dialer).DialContext(h.t.Context(), "tcp", h.address)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return visitor{h.t, conn, bufio.NewReader(conn)}
}

// Invariant: while somebody is being answered on each connection that there may be,
// whoever comes gets 503 with Retry-After and is let go, but who asks whether the process
// runs; a connection on which nobody asks makes room.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	const most = 3
	h := newHouse(t, most)
	var inside []visitor
	for range most {
		v := h.visit()
		v.ask("/")
		<-h.entered
		inside = append(inside, v)
	}
	refused := h.visit()
	refused.ask("/")
	if status, wait := refused.answer(); status != http.StatusServiceUnavailable || wait != "1" || !refused.isClosed() {
		t.Errorf("answered with %d, to come back after %q", status, wait)
	}
	prober := h.visit()
	prober.ask("/livez")
	prober.isAnswered()
	for range most {
		h.leave <- struct{}{}
	}
	for _, v := range inside {
		v.isAnswered()
	}
	inside[0].ask("/")
	<-h.entered
	next := h.visit() // instead of one of the two on which nobody asks
	next.ask("/")
	<-h.entered
	h.leave <- struct{}{}
	h.leave <- struct{}{}
	next.isAnswered()
	inside[0].isAnswered()
}

// Invariant: a request that came together with the one before it is under way while it
// is served, though nothing is read for it: its connection makes room for nobody.
func TestPipelinedRequestKeepsItsPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	const plain = "POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
	first := h.visit()
	if _, err := io.WriteString(first.conn, plain+plain); err != nil {
		t.Fatal(err)
	}
	<-h.entered
	h.leave <- struct{}{}
	first.isAnswered()
	<-h.entered // the second one, of which everything had been read
	second := h.visit()
	second.ask("/")
	if status, _ := second.answer(); status != http.StatusServiceUnavailable {
		t.Errorf("who comes meanwhile is answered with %d", status)
	}
	h.leave <- struct{}{}
	first.isAnswered()
}

// Invariant: who has brought no whole request, with a silent connection, half a head or
// half a body, keeps no place from somebody else, and nothing of it is done.
func TestHalfRequestsMakeRoom(t *testing.T) {
	t.Parallel()
	for _, half := range []string{
		"", "P", "POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n",
	} {
		h := newHouse(t, 1)
		slow := h.visit()
		if _, err := io.WriteString(slow.conn, half); err != nil {
			t.Fatal(err)
		}
		next := h.visit()
		next.ask("/")
		<-h.entered
		if text, _ := io.ReadAll(slow.reader); len(text) > 0 {
			t.Errorf("%q was answered with %q", half, text)
		}
		h.leave <- struct{}{}
		next.isAnswered()
	}
}
