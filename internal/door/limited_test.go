package door_test

import (
	"bufio"
	"errors"
	"io"
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

// Invariant: while somebody is being answered on each connection that there may be,
// whoever comes gets 503 with Retry-After and is let go, but who asks whether the process
// runs; a connection on which nobody asks makes room.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const most = 3
	limited := door.NewLimited(door.Limit{Listener: inner, Most: most, Refusal: []byte(`{}`), Now: time.Now})
	entered, leave := make(chan struct{}), make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(limited) }()
	come := func() visitor {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return visitor{t, conn, bufio.NewReader(conn)}
	}
	var inside []visitor
	for range most {
		v := come()
		v.ask("/")
		<-entered
		inside = append(inside, v)
	}
	refused := come()
	refused.ask("/")
	if status, wait := refused.answer(); status != http.StatusServiceUnavailable || wait != "1" || !refused.isClosed() {
		t.Errorf("answered with %d, to come back after %q", status, wait)
	}
	prober := come()
	prober.ask("/livez")
	prober.isAnswered()
	leave <- struct{}{}
	leave <- struct{}{}
	leave <- struct{}{}
	for _, v := range inside {
		v.isAnswered()
	}
	inside[0].ask("/")
	<-entered
	next := come() // instead of one of the two on which nobody asks
	next.ask("/")
	<-entered
	leave <- struct{}{}
	leave <- struct{}{}
	next.isAnswered()
	inside[0].isAnswered()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	limited.Wait()
}
