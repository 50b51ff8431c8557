package egress

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: the dial of an attempt that failed ends with it; receivers that
// swallow packets can't pile up dials.
func TestDialsEndWithTheirAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dialling atomic.Int64
		sender := newSender(t, Options{})
		sender.development.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			dialling.Add(1)
			defer dialling.Add(-1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		request := requestTo("http://hooks.test/")
		request.Timeout = posthorn.MinTimeout
		for range 100 {
			wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonConnectTimeout)
		}
		synctest.Wait()
		if left := dialling.Load(); left != 0 {
			t.Errorf("%d dials go on", left)
		}
		pass(DefaultConnectTimeout)
	})
}

// Invariant: no more connections to a host are open than allowed; who waits for
// one is told so.
func TestConnectionsPerHostAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := newPipeSender(t, Options{MaxConnectionsPerHost: 1}, swallow)
		done := make(chan posthorn.Outcome)
		go func() { done <- sender.Send(t.Context(), requestTo("http://hooks.test/")) }()
		synctest.Wait()
		request := requestTo("http://hooks.test/")
		request.Timeout = time.Second
		outcome := sender.Send(t.Context(), request)
		wantReason(t, outcome, posthorn.ReasonTimeout)
		if !strings.Contains(outcome.Detail, "became free") {
			t.Errorf("detail %q", outcome.Detail)
		}
		wantReason(t, <-done, posthorn.ReasonTimeout)
	})
}

// Invariant: a connection that nobody needs is closed after a minute, so that a
// name's old address isn't used for ever.
func TestIdleConnectionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64
		sender := newPipeSender(t, Options{}, func(conn net.Conn) {
			open.Add(1)
			defer open.Add(-1)
			for reader := bufio.NewReader(conn); readRequest(reader) == nil; {
				_, _ = io.WriteString(conn, answer)
			}
		})
		wantReason(t, sender.Send(t.Context(), requestTo("http://hooks.test/")), posthorn.ReasonSuccess)
		pass(idleTimeout - time.Second)
		kept := open.Load()
		pass(2 * time.Second)
		synctest.Wait()
		if kept != 1 || open.Load() != 0 {
			t.Errorf("%d connections before a minute, %d after", kept, open.Load())
		}
	})
}

// Invariant: an HTTP/2 receiver that asks to slow down is heard, and one stream
// it resets is not sent again at once.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint32]posthorn.Reason{
		http2EnhanceYourCalm: posthorn.ReasonRateLimited,
		http2RefusedStream:   posthorn.ReasonConnectionReset,
		0x2:                  posthorn.ReasonProtocolError,
	} {
		failure := fmt.Errorf("round trip: %w", streamError{StreamID: 1, Code: code})
		if reason, detail := protocolReason(failure, &progress{}); reason != want || detail == "" || !refusedByPeer(failure) {
			t.Errorf("code %d: %q (%s), want %q", code, reason, detail, want)
		}
	}
}

// Invariant: a receiver's words are shown short, on one line and printable.
func TestClip(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`said "no"`:           `said "no"`,
		"\x1b[31mred\r\n":     `\x1b[31mred\r\n`,
		"\u202eüber":          `\u202e\u00fcber`,
		`"\x00" as Go has it`: `"\x00" as Go has it`,
	} {
		if got := clip(text); got != want {
			t.Errorf("clip(%q) = %s, want %s", text, got, want)
		}
	}
	if got := clip(flooding(1000)); len(got) != maxShownText+3 {
		t.Errorf("%d bytes shown", len(got))
	}
}
