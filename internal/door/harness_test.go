package door

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// Nothing that a client does may leave a goroutine behind.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // net/http tells of panics
	// net/http leaves the goroutine of a connection that it has closed for half a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// patience bounds the wait for what must happen, on a machine that is busy too.
const patience = 2 * time.Minute

// echo answers with what it was asked; X-Do says how.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Kind", "echo")
	do := r.Header.Get("X-Do")
	switch do {
	case "refuse", "close":
		if do == "close" {
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "refused")
		return
	case "part":
		_, _ = io.ReadFull(r.Body, make([]byte, 3))
	case "nothing":
		return
	case "odd answer":
		w.Header()["X-Injected"] = []string{"a\r\nX-Evil: b", " spaces "}
		w.Header()["X-Bad Name"] = []string{"c"}
		w.Header()["X-Two"] = []string{"1", "2"}
		w.WriteHeader(299)
		w.WriteHeader(http.StatusOK)
		return
	case "panic":
		panic("as asked")
	case "abort":
		panic(http.ErrAbortHandler)
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var network net.Error
	outcome := "whole"
	switch {
	case errors.As(err, &network) && network.Timeout():
		outcome = "too slow"
	case errors.Is(err, io.ErrUnexpectedEOF):
		outcome = "cut"
	case err != nil:
		outcome = "broken"
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, "%s %s %s %s %v %d %v %s ", r.Method, r.URL, r.RequestURI, r.Host, r.Proto, r.ContentLength, r.TransferEncoding, outcome)
	_, _ = fmt.Fprintf(w, "%x of %d: %.20s; ", sha256.Sum256(text), len(text), text)
	headers := fmt.Sprint(r.Header)
	_, _ = fmt.Fprintf(w, "%x: %.500s", sha256.Sum256([]byte(headers)), headers)
}

// timeouts are short where a test has to wait for them.
type timeouts struct{ head, whole, idle time.Duration }

var patient = timeouts{patience, patience, patience}

func ordinary(handler http.Handler, limits timeouts) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: limits.head, ReadTimeout: limits.whole, WriteTimeout: patience, IdleTimeout: limits.idle,
		MaxHeaderBytes: 32 << 10,
	}
}

// pair is this package's server and net/http's, alike in everything else.
type pair struct{ door, reference string }

func startPair(t *testing.T, limits timeouts) pair {
	t.Helper()
	reference, address := ordinary(http.HandlerFunc(echo), limits), listen(t)
	var serving sync.WaitGroup
	serving.Go(func() { _ = reference.Serve(address) })
	t.Cleanup(func() {
		_ = reference.Close()
		serving.Wait()
	})
	_, ours := start(t, http.HandlerFunc(echo), limits)
	return pair{ours, address.Addr().String()}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func build(t testing.TB, handler http.Handler, limits timeouts) *Server {
	t.Helper()
	s, err := New(Options{
		Routes: map[string]http.Handler{"/v1/events": handler, "/v1/events/batch": handler}, Ordinary: ordinary(handler, limits),
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start serves until the test is over, and returns where.
func start(t testing.TB, handler http.Handler, limits timeouts) (*Server, string) {
	t.Helper()
	s, l := build(t, handler, limits), listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
	})
	return s, l.Addr().String()
}

func dial(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

var dateLine = regexp.MustCompile(`Date: [^\r]*`)

// said is all that a server answers to pieces of a conversation, until it closes the
// connection; the client closes its side first if told to.
func said(t *testing.T, address string, pieces []string, isEnding bool) string {
	t.Helper()
	conn := dial(t, address)
	defer conn.Close()
	for _, piece := range pieces {
		if _, err := io.WriteString(conn, piece); err != nil {
			break // the server has closed it already
		}
	}
	if isEnding {
		_ = conn.CloseWrite()
	}
	answers, err := io.ReadAll(conn)
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		t.Errorf("the connection was not closed after %q", answers)
	}
	return dateLine.ReplaceAllString(string(answers), "Date: today")
}

// server is either of the two that are compared.
type server interface {
	Serve(l net.Listener) error
	Close() error
}

// saidInTime is said of a client that sends its text at once and then waits, in memory
// and under fake time.
func saidInTime(t *testing.T, build func() server, text string) string {
	t.Helper()
	var answers []byte
	synctest.Test(t, func(t *testing.T) {
		s := build()
		ours, theirs := net.Pipe()
		l, served := newHanded(), make(chan struct{})
		go func() {
			_ = s.Serve(l)
			close(served)
		}()
		l.connections <- theirs
		go func() { _, _ = io.WriteString(ours, text) }() // the server may close instead of reading it
		var err error
		if answers, err = io.ReadAll(ours); err != nil {
			t.Error(err)
		}
		_ = ours.Close()
		_ = s.Close()
		<-served
	})
	return dateLine.ReplaceAllString(string(answers), "Date: today")
}
