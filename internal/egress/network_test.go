package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

func flooding(size int) string { return strings.Repeat("x", size) }

// Invariant: what the operating system says about a dial has one reason each,
// and our own shortages are not the receiver's fault.
func TestDialErrors(t *testing.T) {
	t.Parallel()
	v4, v6 := &net.TCPAddr{IP: net.IPv4(1, 1, 1, 1), Port: 80}, &net.TCPAddr{IP: net.ParseIP("2606:4700::1"), Port: 80}
	for _, test := range []struct {
		code   syscall.Errno
		target net.Addr
		reason posthorn.Reason
	}{
		{syscall.ECONNREFUSED, v4, posthorn.ReasonConnectionRefused},
		{syscall.ECONNRESET, v4, posthorn.ReasonConnectionReset},
		{syscall.EHOSTUNREACH, v4, posthorn.ReasonUnreachable},
		{syscall.ENETUNREACH, v6, posthorn.ReasonUnreachable},
		{syscall.EACCES, v4, posthorn.ReasonUnreachable},
		{syscall.ETIMEDOUT, v4, posthorn.ReasonConnectTimeout},
		{syscall.EMFILE, v4, posthorn.ReasonLocalResource},
		{syscall.ENFILE, v4, posthorn.ReasonLocalResource},
		{syscall.ENOBUFS, v4, posthorn.ReasonLocalResource},
		{syscall.EADDRNOTAVAIL, v4, posthorn.ReasonLocalResource},
		{syscall.EADDRNOTAVAIL, v6, posthorn.ReasonUnreachable},
	} {
		sender := newSender(t, Options{})
		sender.development.dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: test.target, Err: os.NewSyscallError("connect", test.code)}
		}
		for _, scheme := range []string{"http", "https"} {
			outcome := sender.Send(t.Context(), requestTo(scheme+"://hooks.test/"))
			if outcome.Reason != test.reason || outcome.Detail == "" {
				t.Errorf("%v to %v: %q (%s), want %q", test.code, test.target, outcome.Reason, outcome.Detail, test.reason)
			}
			if outcome.ChargedToReceiver() != (test.reason != posthorn.ReasonLocalResource) {
				t.Errorf("%v: charged = %v", test.code, outcome.ChargedToReceiver())
			}
		}
	}
}

// Invariant: a port where nothing listens is refused.
func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String() + "/"
	_ = listener.Close()
	outcome := newSender(t, Options{}).Send(t.Context(), requestTo(url))
	wantReason(t, outcome, posthorn.ReasonConnectionRefused)
	if outcome.Timings.Total <= 0 || outcome.Timings.FirstByte != 0 || strings.Contains(outcome.Detail, "127.0.0.1") {
		t.Errorf("got %+v", outcome)
	}
}

// Invariant: a reset after the request is told as what it is: ambiguous.
func TestResetAfterTheRequest(t *testing.T) {
	t.Parallel()
	url := newRawReceiver(t, func(conn net.Conn) {
		_ = readRequest(bufio.NewReader(conn))
		_ = conn.(*net.TCPConn).SetLinger(0)
	})
	outcome := newSender(t, Options{}).Send(t.Context(), requestTo(url))
	wantReason(t, outcome, posthorn.ReasonConnectionReset)
	if !strings.Contains(outcome.Detail, "may have received") {
		t.Errorf("detail %q hides that the request may have arrived", outcome.Detail)
	}
}

// Invariant: proxies of the environment lead nobody around the guard.
func TestEnvironmentProxyIsIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.test:3128")
	t.Setenv("HTTPS_PROXY", "http://proxy.test:3128")
	sender := newSender(t, Options{})
	var dialled []string
	sender.development.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, errors.New("no network here")
	}
	sender.Send(t.Context(), requestTo("http://hooks.test/"))
	sender.Send(t.Context(), requestTo("https://hooks.test/"))
	if strings.Join(dialled, " ") != "hooks.test:80 hooks.test:443" {
		t.Errorf("dialled %q", dialled)
	}
}

// Invariant: no bytes of a receiver make Send panic, hang, or report something
// out of bounds.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		answer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 429 Slow\r\nRetry-After: 1e300\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "HTTP/1.1 103 x\r\n\r\n", "\x00", "SSH-2.0-x\r\n",
		"HTTP/0.0 200\n\n",
	} {
		f.Add([]byte(seed))
	}
	sender := newSender(f, Options{})
	sender.development.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			if readRequest(bufio.NewReader(theirs)) == nil {
				_, _ = theirs.Write(ctx.Value(fuzzKey{}).([]byte))
			}
		}()
		return ours, nil
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		outcome := sender.Send(context.WithValue(t.Context(), fuzzKey{}, raw), requestTo("http://hooks.test/"))
		proper := outcome.StatusCode >= 200 && outcome.StatusCode <= 599
		// A good status in another version of HTTP is no answer either.
		isOtherVersion := outcome.Reason == posthorn.ReasonProtocolError && strings.HasPrefix(outcome.Detail, "The receiver answered in HTTP/")
		switch {
		case outcome.Reason == "" || outcome.Succeeded() != (proper && !isOtherVersion):
			t.Fatalf("reason %q for status %d", outcome.Reason, outcome.StatusCode)
		case len(outcome.ResponseBody) > MaxResponseBody || outcome.RetryAfter < 0 || outcome.RetryAfter > posthorn.MaxRetryAfter:
			t.Fatalf("out of bounds: %d bytes, retry after %v", len(outcome.ResponseBody), outcome.RetryAfter)
		case strings.ContainsFunc(outcome.Detail, func(r rune) bool { return r < ' ' || r > '~' }):
			t.Fatalf("detail %q is not safe to show", outcome.Detail)
		}
	})
}

type fuzzKey struct{}

// ending is a connection of which reading ends with an error.
type ending struct {
	net.Conn
	err error
}

func (e ending) Read([]byte) (int, error) { return 0, e.err }

// Invariant: a line that the end of the connection has cut is not taken for a bad one.
func TestHowAnAnswerWasCut(t *testing.T) {
	t.Parallel()
	sender := newSender(t, Options{})
	for ended, want := range map[error]posthorn.Reason{
		io.EOF: posthorn.ReasonConnectionClosed, syscall.ECONNRESET: posthorn.ReasonConnectionReset, os.ErrDeadlineExceeded: posthorn.ReasonProtocolError,
	} {
		conn := newAllowanceConn(ending{err: ended})
		_, _ = conn.Read(make([]byte, 1))
		p := &progress{started: time.Now(), now: time.Now}
		p.conn.Store(conn)
		p.gotFirstByte()
		if reason, detail := sender.reasonFor(t.Context(), errors.New(`malformed MIME header: missing colon: "Content-Le"`), p); reason != want {
			t.Errorf("%v: %s, %s; want %s", ended, reason, detail, want)
		}
	}
}
