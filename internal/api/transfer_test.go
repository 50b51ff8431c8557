package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// over sends raw bytes to a real server and returns the answer; it closes its
// side after the bytes if told to.
func over(t *testing.T, address, raw string, closing bool) *http.Response {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	_, err = io.WriteString(connection, raw)
	must(t, err)
	if closing {
		must(t, connection.(*net.TCPConn).CloseWrite())
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// headOf is the beginning of a request's head, with the key of a world.
func headOf(w *world) string {
	return "POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + w.key + "\r\nContent-Type: application/json\r\n"
}

// Guards what only a real connection can do: bodies of unknown length, bodies
// that end early.
func TestBodiesOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.server)
	t.Cleanup(server.Close)
	head, event := headOf(w), `{"type":"a","data":1}`
	chunked := func(body string) string {
		return head + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	for name, c := range map[string]struct {
		raw     string
		closing bool
		status  int
	}{
		"chunked":           {chunked(event), false, 202},
		"chunked, too much": {chunked(strings.Repeat(" ", DefaultMaxBody+1)), false, 413},
		"chunked, empty":    {head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 400},
		"ends early":        {head + "Content-Length: 100\r\n\r\n" + event, true, 400},
		"said to be huge":   {head + "Content-Length: 10485760\r\n\r\n", false, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := over(t, server.Listener.Addr().String(), c.raw, c.closing)
			defer got.Body.Close()
			if got.StatusCode != c.status {
				body, _ := io.ReadAll(got.Body)
				t.Errorf("status %d, want %d: %s", got.StatusCode, c.status, body)
			}
		})
	}
}

// alone is a listener that gives one connection, in memory, so that its time can be fake.
type alone struct {
	connection chan net.Conn
	closed     chan struct{}
}

func (a alone) Accept() (net.Conn, error) {
	select {
	case connection := <-a.connection:
		return connection, nil
	case <-a.closed:
		return nil, net.ErrClosed
	}
}

func (a alone) Close() error {
	close(a.closed)
	return nil
}

func (a alone) Addr() net.Addr { return &net.TCPAddr{} }

// Guards that a body that comes too slowly is told so.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		server := &http.Server{Handler: w.server, ReadTimeout: 30 * time.Second}
		ours, theirs := net.Pipe()
		listener := alone{connection: make(chan net.Conn, 1), closed: make(chan struct{})}
		listener.connection <- theirs
		served := make(chan struct{})
		go func() {
			_ = server.Serve(listener)
			close(served)
		}()
		begun := time.Now()
		_, err := io.WriteString(ours, headOf(w)+"Content-Length: 100\r\n\r\n"+`{"type":"a","data":1}`)
		must(t, err)
		response, err := http.ReadResponse(bufio.NewReader(ours), nil)
		must(t, err)
		defer response.Body.Close()
		if took := time.Since(begun); response.StatusCode != http.StatusRequestTimeout || took != server.ReadTimeout {
			t.Errorf("status %d after %v", response.StatusCode, took)
		}
		_ = ours.Close()
		_ = server.Close()
		<-served
	})
}
