package egress

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthorn/posthorn"
)

// stray is an answer that nobody asked for.
const stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"

// gatheringConn holds back what is written until it is sent, as one segment.
type gatheringConn struct {
	net.Conn
	buffer  bytes.Buffer
	gathers bool
}

func (c *gatheringConn) Write(p []byte) (int, error) {
	if !c.gathers {
		return c.Conn.Write(p)
	}
	return c.buffer.Write(p)
}

func (c *gatheringConn) send() {
	c.gathers = false
	_, _ = c.Conn.Write(c.buffer.Bytes()) // a sender that is gone is no matter
	c.buffer.Reset()
}

// Invariant: what comes on a connection behind an answer is never taken for the
// answer to the next request, whether it comes with the answer or after it, in the
// same TLS record, in one of its own, or in part.
func TestStrayAnswers(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	config := &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, root, nil)}, NextProtos: []string{"http/1.1"}}
	padding := strings.Repeat("x", 4096) // so that the answer fills the buffer of what reads it
	own := func(n int) string {
		head := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: "
		tail := fmt.Sprintf("\r\n\r\n%02d", n)
		return head + padding[:4096-len(head)-len(tail)] + tail
	}
	for _, scheme := range []string{"http", "https"} {
		for name, write := range map[string]func(c *gatheringConn, conn io.Writer, answer string){
			"in one piece": func(_ *gatheringConn, conn io.Writer, answer string) { _, _ = io.WriteString(conn, answer+stray) },
			"together": func(c *gatheringConn, conn io.Writer, answer string) {
				c.gathers = true
				_, _ = io.WriteString(conn, answer)
				_, _ = io.WriteString(conn, stray)
				c.send()
			},
			"only one byte of it": func(c *gatheringConn, conn io.Writer, answer string) {
				c.gathers = true
				_, _ = io.WriteString(conn, answer)
				_, _ = io.WriteString(conn, stray[:1])
				c.send()
			},
		} {
			for _, size := range []string{"small", "filling the buffer"} {
				t.Run(scheme+" "+name+" "+size, func(t *testing.T) {
					t.Parallel()
					var requests atomic.Int64
					connections := make(chan int, 100)
					url := newRawReceiver(t, func(raw net.Conn) {
						c := &gatheringConn{Conn: raw}
						var conn net.Conn = c
						if scheme == "https" {
							conn = tls.Server(c, config)
						}
						reader := bufio.NewReader(conn)
						for served := 0; readRequest(reader) == nil; served++ {
							n := int(requests.Add(1)) - 1 // one request at a time
							answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d", n)
							if size != "small" {
								answer = own(n)
							}
							connections <- served
							write(c, conn, answer)
						}
					})
					sender := newSender(t, Options{RootCAs: root.pool()})
					for n := range 6 {
						outcome := sender.Send(t.Context(), requestTo(scheme+strings.TrimPrefix(url, "http")))
						wantReason(t, outcome, posthorn.ReasonSuccess)
						if want := fmt.Sprintf("%02d", n); string(outcome.ResponseBody) != want {
							t.Fatalf("request %d got %q, which is not its answer", n, outcome.ResponseBody)
						}
						if served := <-connections; served > 0 {
							t.Errorf("request %d went out on a connection with something stray on it", n)
						}
					}
				})
			}
		}
	}
}

// Invariant: what comes while a connection is idle ends it.
func TestStrayAnswerWhileIdle(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, nil)
	config := &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, root, nil)}, NextProtos: []string{"http/1.1"}}
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			now, sent := make(chan struct{}), make(chan struct{})
			url := newRawReceiver(t, func(conn net.Conn) {
				if scheme == "https" {
					conn = tls.Server(conn, config)
				}
				reader := bufio.NewReader(conn)
				for readRequest(reader) == nil {
					_, _ = io.WriteString(conn, answer)
					if _, isOpen := <-now; !isOpen {
						continue
					}
					_, _ = io.WriteString(conn, stray)
					sent <- struct{}{}
				}
			})
			t.Cleanup(func() { close(now) })
			sender := newSender(t, Options{RootCAs: root.pool()})
			for n := range 4 {
				outcome := sender.Send(t.Context(), requestTo(scheme+strings.TrimPrefix(url, "http")))
				wantReason(t, outcome, posthorn.ReasonSuccess)
				if string(outcome.ResponseBody) != "ok" || outcome.ConnectionReused {
					t.Errorf("request %d: %q, reused %v", n, outcome.ResponseBody, outcome.ConnectionReused)
				}
				now <- struct{}{}
				<-sent
			}
		})
	}
}
