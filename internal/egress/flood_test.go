package egress

import (
	"bytes"
	"context"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/posthorn/posthorn"
)

// Invariant: a receiver that sends frames without end instead of an answer has
// its connection closed soon, and nobody waits longer than the timeout.
func TestHTTP2Floods(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(c *http2Conn, stream uint32, turn int) error{
		"SETTINGS":      func(c *http2Conn, _ uint32, _ int) error { return c.WriteSettings() },
		"full SETTINGS": func(c *http2Conn, _ uint32, turn int) error { return c.WriteSettings(manySettings(turn)...) },
		"PING":          func(c *http2Conn, _ uint32, turn int) error { return c.WritePing(false, [8]byte{byte(turn)}) },
		"PING answers":  func(c *http2Conn, _ uint32, turn int) error { return c.WritePing(true, [8]byte{byte(turn)}) },
		"WINDOW_UPDATE": func(c *http2Conn, _ uint32, _ int) error { return c.WriteWindowUpdate(0, 1) },
		"PRIORITY": func(c *http2Conn, stream uint32, _ int) error {
			return c.WritePriority(stream, http2.PriorityParam{Weight: 1})
		},
		"unknown frames": func(c *http2Conn, _ uint32, _ int) error { return c.WriteRawFrame(0xbe, 0, 0, make([]byte, 8)) },
		"RST_STREAM":     func(c *http2Conn, stream uint32, _ int) error { return c.WriteRSTStream(stream, http2.ErrCodeCancel) },
		"GOAWAY":         func(c *http2Conn, _ uint32, _ int) error { return c.WriteGoAway(1<<31-1, http2.ErrCodeNo, nil) },
		"empty DATA":     func(c *http2Conn, stream uint32, _ int) error { return c.WriteData(stream, false, nil) },
		"CONTINUATION": func(c *http2Conn, stream uint32, turn int) error {
			if turn == 0 {
				return c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headerBlock(":status", "200")})
			}
			return c.WriteContinuation(stream, false, headerBlock("x-flood-"+strconv.Itoa(turn), "yes"))
		},
		"empty CONTINUATION": func(c *http2Conn, stream uint32, turn int) error {
			if turn == 0 {
				return c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headerBlock(":status", "200")})
			}
			return c.WriteContinuation(stream, false, nil)
		},
		"interim answers": func(c *http2Conn, stream uint32, _ int) error {
			return c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headerBlock(":status", "103"), EndHeaders: true})
		},
	} {
		for _, answers := range []string{"who reads what we say", "who doesn't"} {
			t.Run(name+" of a receiver "+answers, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { flood(t, write, answers == "who doesn't") })
			})
		}
	}
}

// flood lets a receiver send frames until the connection is closed. Time is fake:
// it stands still as long as anybody has something to do, however slow the machine.
func flood(t *testing.T, write func(c *http2Conn, stream uint32, turn int) error, isDeaf bool) {
	t.Helper()
	var frames, sent atomic.Int64
	peer := makeHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error {
		if !isDeaf {
			go func() {
				for { // until the connection is closed
					if _, err := c.ReadFrame(); err != nil {
						return
					}
				}
			}()
		}
		for turn := 0; ; turn++ {
			if err := write(c, stream, turn); err != nil {
				return err
			}
			frames.Add(1)
		}
	})
	sender := newPipeSender(t, Options{RootCAs: peer.root.pool()}, func(conn net.Conn) { peer.serve(countingConn{conn, &sent}) })
	dial := sender.development.dial
	sender.development.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return newQueuedConn(conn), err
	}
	request := requestTo("https://hooks.test/")
	request.Timeout = 14 * time.Second // less than until a sign of life is asked for
	started := time.Now()
	outcome := sender.Send(t.Context(), request)
	allowed := []posthorn.Reason{
		posthorn.ReasonProtocolError, posthorn.ReasonResponseHeadersTooLarge, posthorn.ReasonConnectionClosed, posthorn.ReasonConnectionReset,
	}
	if isDeaf { // nothing can be said to it any more
		allowed = append(allowed, posthorn.ReasonTimeout)
	}
	if took := time.Since(started); !slices.Contains(allowed, outcome.Reason) || took > request.Timeout {
		t.Errorf("after %v: %+v", took, outcome)
	}
	peer.serving.Wait() // a connection that stays open would be asked for signs of life for ever
	if took := time.Since(started); took > writeTimeout+time.Second || !isDeaf && took > time.Second {
		t.Errorf("the connection was closed after %v and %d frames", took, frames.Load())
	}
	if most := int64(2 * (connectionAllowance + answerAllowance)); sent.Load() > most {
		t.Errorf("%d bytes were taken, want at most %d", sent.Load(), most)
	}
	t.Logf("%d frames, %d bytes, closed after %v; %s: %s", frames.Load(), sent.Load(), time.Since(started), outcome.Reason, outcome.Detail)
}

// countingConn counts what is written.
type countingConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// queuedConn takes some of what is written before the other side reads it, as the
// kernels do.
type queuedConn struct {
	net.Conn
	queue    chan []byte
	closing  sync.Once
	closed   chan struct{}
	deadline atomic.Pointer[time.Time]
}

func newQueuedConn(conn net.Conn) *queuedConn {
	c := &queuedConn{Conn: conn, queue: make(chan []byte, 100), closed: make(chan struct{})}
	go func() { // until it is closed
		for {
			select {
			case chunk := <-c.queue:
				if _, err := c.Conn.Write(chunk); err != nil {
					return
				}
			case <-c.closed:
				return
			}
		}
	}()
	return c
}

func (c *queuedConn) SetWriteDeadline(deadline time.Time) error {
	c.deadline.Store(&deadline)
	return nil
}

func (c *queuedConn) Write(p []byte) (int, error) {
	var late <-chan time.Time
	if deadline := c.deadline.Load(); deadline != nil && !deadline.IsZero() {
		late = time.After(time.Until(*deadline))
	}
	select {
	case c.queue <- bytes.Clone(p):
		return len(p), nil
	case <-late:
		return 0, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *queuedConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func manySettings(turn int) []http2.Setting {
	settings := make([]http2.Setting, 100)
	for i := range settings {
		settings[i] = http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(turn+i) + 1}
	}
	return settings
}

// Invariant: what is read from a connection is bounded by what its requests may
// bring; a busy connection gathers no right to flood.
func TestAllowanceIsBounded(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	conn := newAllowanceConn(ours)
	go func() {
		defer theirs.Close()
		for chunk := make([]byte, 64<<10); ; {
			if _, err := theirs.Write(chunk); err != nil {
				return
			}
		}
	}()
	admitAnswer(conn)
	read := 0
	for buffer := make([]byte, 64<<10); ; {
		n, err := conn.Read(buffer)
		if read += n; err != nil {
			break
		}
	}
	if read > connectionAllowance+answerAllowance {
		t.Errorf("%d bytes were read", read)
	}
	fresh := newAllowanceConn(ours)
	for range 10_000 {
		admitAnswer(fresh)
	}
	if left := fresh.left.Load(); left > maxAllowance {
		t.Errorf("%d bytes may come", left)
	}
}
