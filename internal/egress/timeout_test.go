package egress

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// newPipeSender makes a Sender whose connections are in memory, each served by
// serve, so that time can be fake.
func newPipeSender(t *testing.T, o Options, serve func(conn net.Conn)) *Sender {
	t.Helper()
	sender := newSender(t, o)
	var serving sync.WaitGroup
	t.Cleanup(func() {
		sender.Close()
		serving.Wait()
	})
	sender.development.dial = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		serving.Go(func() {
			defer theirs.Close()
			serve(theirs)
		})
		return ours, nil
	}
	return sender
}

// pass lets the fake time of a synctest bubble go on.
func pass(d time.Duration) { <-time.After(d) }

func swallow(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// Invariant: the deadline ends an attempt to the moment, and the reason tells
// which part took too long.
func TestDeadlineByPhase(t *testing.T) {
	t.Parallel()
	slowHeaders := func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
		for {
			pass(time.Second)
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
		}
	}
	endlessHints := func(conn net.Conn) {
		if readRequest(bufio.NewReader(conn)) != nil {
			return
		}
		for {
			if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\n"); err != nil {
				return
			}
			pass(time.Second)
		}
	}
	stopsReading := func(conn net.Conn) { // until the sender gives up
		_, _ = io.CopyN(io.Discard, conn, 100)
		pass(time.Hour)
	}
	for name, test := range map[string]struct {
		scheme string
		serve  func(conn net.Conn)
		reason posthorn.Reason
		after  time.Duration
	}{
		"no answer":         {"http", swallow, posthorn.ReasonTimeout, 30 * time.Second},
		"slow headers":      {"http", slowHeaders, posthorn.ReasonTimeout, 30 * time.Second},
		"endless hints":     {"http", endlessHints, posthorn.ReasonTimeout, 30 * time.Second},
		"stops reading":     {"http", stopsReading, posthorn.ReasonTimeout, 30 * time.Second},
		"silent in TLS":     {"https", swallow, posthorn.ReasonTLSTimeout, DefaultConnectTimeout},
		"closed during TLS": {"https", func(net.Conn) {}, posthorn.ReasonTLSError, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				request := requestTo(test.scheme + "://hooks.test/")
				request.Timeout, request.Body = 30*time.Second, make([]byte, 1<<20)
				started := time.Now()
				wantReason(t, newPipeSender(t, Options{}, test.serve).Send(t.Context(), request), test.reason)
				if took := time.Since(started); took != test.after {
					t.Errorf("took %v, want %v", took, test.after)
				}
			})
		})
	}
}

// Invariant: a deadline shorter than a part's own limit is named after that
// part.
func TestShortDeadlineNamesThePhase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := newPipeSender(t, Options{}, swallow)
		request := requestTo("https://hooks.test/")
		request.Timeout = time.Second
		wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonTLSTimeout)

		sender.development.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonConnectTimeout)
		request.Timeout = time.Minute
		started := time.Now()
		wantReason(t, sender.Send(t.Context(), request), posthorn.ReasonConnectTimeout)
		if took := time.Since(started); took != DefaultConnectTimeout {
			t.Errorf("connecting took %v", took)
		}
	})
}

// Invariant: an answer just before the deadline is an answer, and its body
// still gets its time; one just after is none. Neither is sent twice.
func TestAnswerAroundTheDeadline(t *testing.T) {
	t.Parallel()
	for delay, reason := range map[time.Duration]posthorn.Reason{
		29_900 * time.Millisecond: posthorn.ReasonSuccess,
		30_100 * time.Millisecond: posthorn.ReasonTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			var connections atomic.Int64
			sender := newPipeSender(t, Options{}, func(conn net.Conn) {
				connections.Add(1)
				_ = readRequest(bufio.NewReader(conn))
				pass(delay)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo")
				pass(time.Second)
				_, _ = io.WriteString(conn, "dy")
			})
			request := requestTo("http://hooks.test/")
			request.Timeout = 30 * time.Second
			outcome := sender.Send(t.Context(), request)
			wantReason(t, outcome, reason)
			if reason == posthorn.ReasonSuccess && string(outcome.ResponseBody) != "body" {
				t.Errorf("body %q", outcome.ResponseBody)
			}
			if connections.Load() != 1 {
				t.Errorf("%d connections", connections.Load())
			}
		})
	}
}

// Invariant: the outcome is fixed when the headers are there; an endless body
// costs bodyTimeout or MaxResponseBody, whichever comes first, and the
// connection.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pause time.Duration
		chunk int
		after time.Duration
	}{
		"dripping": {time.Second / 2, 1, bodyTimeout},
		"flooding": {0, 1 << 10, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var written atomic.Int64
			sender := newPipeSender(t, Options{}, func(conn net.Conn) {
				_ = readRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
				for {
					n, err := conn.Write(make([]byte, test.chunk))
					written.Add(int64(n))
					if err != nil {
						return
					}
					pass(test.pause)
				}
			})
			started := time.Now()
			outcome := sender.Send(t.Context(), requestTo("http://hooks.test/"))
			wantReason(t, outcome, posthorn.ReasonSuccess)
			took := time.Since(started)
			synctest.Wait()
			if took != test.after || !outcome.BodyTruncated || len(outcome.ResponseBody) > MaxResponseBody || written.Load() > 2*MaxResponseBody {
				t.Errorf("%s: took %v, kept %d of %d, truncated %v", name, took, len(outcome.ResponseBody), written.Load(), outcome.BodyTruncated)
			}
		})
	}
}

// Invariant: when the caller stops, an attempt without an answer is
// interrupted at once, and one with an answer keeps its outcome.
func TestCallerStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantReason(t, newPipeSender(t, Options{}, swallow).Send(ctx, requestTo("http://hooks.test/")), posthorn.ReasonInterrupted)
		wantReason(t, newPipeSender(t, Options{}, swallow).Send(ctx, requestTo("http://hooks.test/")), posthorn.ReasonInterrupted)

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		headersOnly := newPipeSender(t, Options{}, func(conn net.Conn) {
			_ = readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
			swallow(conn)
		})
		outcome := headersOnly.Send(ctx, requestTo("http://hooks.test/"))
		wantReason(t, outcome, posthorn.ReasonSuccess)
		if !outcome.BodyTruncated {
			t.Error("the missing body is not marked")
		}
	})
}
