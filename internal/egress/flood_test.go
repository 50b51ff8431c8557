package egress

import (
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var frames atomic.Int64
			peer := newHTTP2Peer(t, func(c *http2Conn, stream uint32, _ string) error {
				for turn := 0; ; turn++ {
					if err := write(c, stream, turn); err != nil {
						return err
					}
					frames.Add(1)
				}
			})
			request := requestTo(peer.url)
			request.Timeout = posthorn.DefaultTimeout
			sender := newSender(t, Options{RootCAs: peer.root.pool()})
			outcome := sender.Send(t.Context(), request)
			allowed := []posthorn.Reason{
				posthorn.ReasonProtocolError, posthorn.ReasonResponseHeadersTooLarge, posthorn.ReasonConnectionClosed, posthorn.ReasonConnectionReset,
				posthorn.ReasonTimeout,
			} // on a machine that is slower than the flood
			if !slices.Contains(allowed, outcome.Reason) || outcome.Timings.Total > request.Timeout+time.Second {
				t.Errorf("got %+v", outcome)
			}
			closed := make(chan struct{})
			go func() {
				peer.serving.Wait()
				close(closed)
			}()
			select {
			case <-closed:
			case <-time.After(20 * time.Second):
				t.Errorf("the connection stays open after %d frames", frames.Load())
			}
			t.Logf("%s: %d frames, %s: %s", name, frames.Load(), outcome.Reason, outcome.Detail)
		})
	}
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
