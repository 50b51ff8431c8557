package egress

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// answeringConn answers whatever comes; what happens meanwhile is up to the test.
type answeringConn struct {
	net.Conn
	text       string
	onRead     func()
	writeError error
}

func (c *answeringConn) Read(p []byte) (int, error) {
	c.onRead()
	n := copy(p, c.text)
	c.text = c.text[n:]
	return n, nil
}

func (c *answeringConn) Write(p []byte) (int, error)    { return len(p), c.writeError }
func (*answeringConn) SetDeadline(time.Time) error      { return nil }
func (*answeringConn) SetReadDeadline(time.Time) error  { return nil }
func (*answeringConn) SetWriteDeadline(time.Time) error { return nil }
func (*answeringConn) Close() error                     { return nil }

// Invariant: a connection whose attempt has ended while the answer came, and which is
// about to be spoilt for it, or on which the request was not written whole, serves no
// other request, however the answer is read; the answer counts.
func TestAnswersAtTheEndKeepNoConnection(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"plain": answer, "by net/http": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"} {
		for _, test := range []struct {
			name       string
			isEnding   bool
			writeError error
			open       int
		}{
			{"all is well", false, nil, 1},
			{"the attempt ends", true, nil, 0},
			{"writing fails", false, io.ErrClosedPipe, 0},
		} {
			t.Run(name+", "+test.name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				conn := &answeringConn{text: text, onRead: func() {}, writeError: test.writeError}
				if test.isEnding {
					conn.onRead = cancel
				}
				sender := newSender(t, Options{})
				sender.development.dial = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
				target, err := parseTarget("http://hooks.test/")
				if err != nil {
					t.Fatal(err)
				}
				p := &progress{started: time.Now(), deadline: time.Now().Add(time.Hour), now: time.Now}
				answered, err := sender.development.direct.exchange(p.watch(ctx), target, []byte("POST / HTTP/1.1\r\n\r\n"), p)
				if err != nil {
					t.Fatal(err)
				}
				status, body := answered.status, answered.body
				if response := answered.response; response != nil {
					status = response.StatusCode
					body, _ = io.ReadAll(response.Body)
					_ = response.Body.Close()
				}
				if status != 200 || string(body) != "ok" || (answered.response == nil) != (name == "plain") {
					t.Errorf("%d %q, read by net/http: %v", status, body, answered.response != nil)
				}
				if open := openConnections(sender); open != test.open {
					t.Errorf("%d connections are open, want %d", open, test.open)
				}
			})
		}
	}
}
