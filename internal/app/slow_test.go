package app

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipe is a listener that gives one connection, in memory, so that its time can be
// fake.
type pipe struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case connection := <-p.accepted:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	close(p.closed)
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }

// Invariant: a client has 5 s for its headers, however steadily they come, and 30 s
// for everything; then it is cut off, and what reads its body is told.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	const head, plain = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
	for name, c := range map[string]struct {
		atOnce, slowly string
		want           time.Duration
		isRead         bool
	}{
		"headers": {"POST / HTTP/1.1\r\n", strings.Repeat("X-A: b\r\n", 1000), 5 * time.Second, false},
		"nothing": {"", "", 5 * time.Second, false},
		"body":    {head, strings.Repeat("b", 1000), 30 * time.Second, true},
		"no body": {head, "", 30 * time.Second, true},

		"headers of an event": {"POST /v1/events HTTP/1.1\r\n", strings.Repeat("X-A: b\r\n", 1000), 5 * time.Second, false},
		"first byte alone":    {"P", "", 5 * time.Second, false},
		"body of an event":    {plain, strings.Repeat("b", 1000), 30 * time.Second, true},
		"no body of an event": {plain, "", 30 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				read := make(chan error, 1)
				handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, err := io.Copy(io.Discard, r.Body)
					read <- err
				})
				server, err := newServer(handler, map[string]http.Handler{"/v1/events": handler}, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				ours, theirs := net.Pipe()
				listener := &pipe{accepted: make(chan net.Conn, 1), closed: make(chan struct{})}
				listener.accepted <- theirs
				go func() { _ = server.Serve(listener) }()
				begun := time.Now()
				var client sync.WaitGroup
				client.Go(func() {
					_, err := io.WriteString(ours, c.atOnce)
					for i := 0; err == nil && i < len(c.slowly); i++ {
						<-time.After(100 * time.Millisecond)
						_, err = ours.Write([]byte{c.slowly[i]})
					}
				})
				_, _ = io.Copy(io.Discard, bufio.NewReader(ours))
				if took := time.Since(begun); took < c.want || took > c.want+time.Second {
					t.Errorf("the connection ended after %v, want %v", took, c.want)
				}
				if c.isRead {
					if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("the body was read with %v", err)
					}
				}
				if len(read) > 0 {
					t.Error("a request was handled that never came whole")
				}
				_ = ours.Close()
				client.Wait()
				_ = server.Close()
			})
		})
	}
}
