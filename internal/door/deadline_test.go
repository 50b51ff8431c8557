package door

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted is a connection that counts how often its deadlines are moved.
type counted struct {
	net.Conn
	moves atomic.Int32
}

func (c *counted) SetReadDeadline(at time.Time) error {
	c.moves.Add(1)
	return c.Conn.SetReadDeadline(at)
}

func (c *counted) SetWriteDeadline(at time.Time) error {
	c.moves.Add(1)
	return c.Conn.SetWriteDeadline(at)
}

// inTime serves one connection in memory, under fake time, and hands the client's
// end of it to a test; it returns how often its deadlines were moved.
func inTime(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, client net.Conn)) int {
	t.Helper()
	return inTimeWith(t, handler, func(t *testing.T, client net.Conn, _ *Server) { test(t, client) })
}

// inTimeWith is inTime for tests that need the server, too.
func inTimeWith(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, client net.Conn, s *Server)) int {
	t.Helper()
	moves := 0
	synctest.Test(t, func(t *testing.T) {
		limits := timeouts{head: 5 * time.Second, whole: 30 * time.Second, idle: 2 * time.Minute}
		s, err := New(Options{
			Routes: map[string]http.Handler{"/v1/events": handler}, Ordinary: ordinary(handler, limits), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Ordinary.WriteTimeout = 90 * time.Second
		ours, theirs := net.Pipe()
		conn := &counted{Conn: theirs}
		l := newHanded()
		served := make(chan struct{})
		go func() {
			_ = s.Serve(l)
			close(served)
		}()
		l.connections <- conn
		test(t, ours, s)
		_ = ours.Close()
		_ = s.Close()
		<-served
		moves = int(conn.moves.Load())
	})
	return moves
}

// endsAfter wants the connection to be closed in this time, or at most a fiftieth
// later.
func endsAfter(t *testing.T, client net.Conn, want time.Duration) {
	t.Helper()
	begun := time.Now()
	_, _ = io.Copy(io.Discard, client)
	if took := time.Since(begun); took < want || took > want+want/50 {
		t.Errorf("the connection ended after %v, want %v", took, want)
	}
}

func exchange(t *testing.T, client net.Conn, request string) {
	t.Helper()
	if _, err := io.WriteString(client, request); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, bufferSize)); err != nil {
		t.Fatal(err)
	}
}

func answerAtOnce(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// Invariant: a connection that stays idle after its requests ends in time, counted
// from the last one.
func TestIdleConnectionsEnd(t *testing.T) {
	t.Parallel()
	inTime(t, answerAtOnce, func(t *testing.T, client net.Conn) {
		for range 3 {
			exchange(t, client, plain)
			<-time.After(100 * time.Second)
		}
		exchange(t, client, plain)
		endsAfter(t, client, 2*time.Minute)
	})
}

// Invariant: the second request has as little time for its head as the first one,
// from its beginning, and its body as well.
func TestSlowSecondRequestsEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		events + "X-A: b\r\n":           5 * time.Second,
		"POST":                          5 * time.Second,
		"PO":                            2 * time.Minute, // not begun, as in net/http
		strings.TrimSuffix(plain, "lo"): 30 * time.Second,
	} {
		inTime(t, answerAtOnce, func(t *testing.T, client net.Conn) {
			exchange(t, client, plain)
			if text != "PO" {
				<-time.After(time.Minute)
			}
			if _, err := io.WriteString(client, text); err != nil {
				t.Fatal(err)
			}
			endsAfter(t, client, want)
		})
	}
}

// Invariant: a client that doesn't read its answer is cut off.
func TestUnreadAnswersEnd(t *testing.T) {
	t.Parallel()
	inTime(t, answerAtOnce, func(t *testing.T, client net.Conn) {
		if _, err := io.WriteString(client, plain); err != nil {
			t.Fatal(err)
		}
		<-time.After(95 * time.Second)
		if n, err := client.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes came", n)
		}
	})
}

// Invariant: a handler may take its time; neither its answer nor the next request
// suffers from it.
func TestSlowHandlers(t *testing.T) {
	t.Parallel()
	slow := func(w http.ResponseWriter, r *http.Request) {
		<-time.After(10 * time.Minute)
		answerAtOnce(w, r)
	}
	inTime(t, slow, func(t *testing.T, client net.Conn) {
		exchange(t, client, plain)
		exchange(t, client, plain)
	})
}

// Invariant: many requests move the deadlines hardly more often than one does.
func TestDeadlinesAreRarelyMoved(t *testing.T) {
	t.Parallel()
	moves := inTime(t, answerAtOnce, func(t *testing.T, client net.Conn) {
		for range 1000 {
			exchange(t, client, plain)
			<-time.After(time.Millisecond)
		}
	})
	if moves > 10 {
		t.Errorf("deadlines were moved %d times", moves)
	}
}

// Invariant: a client that goes on sending after it was refused, and told so, is
// listened to until the end of its body: else it may never read the answer.
func TestRefusedBodiesAreReadAway(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusUnauthorized)
	}
	inTime(t, refuse, func(t *testing.T, client net.Conn) {
		exchange(t, client, strings.TrimSuffix(plain, "hello"))
		if _, err := io.WriteString(client, "hello"); err != nil {
			t.Errorf("the body was not read: %v", err)
		}
		endsAfter(t, client, 0)
	})
}

// Invariant: a stop that comes while an answer is being written doesn't wait for
// another request on that connection.
func TestStopWhileAnswering(t *testing.T) {
	t.Parallel()
	inTimeWith(t, answerAtOnce, func(t *testing.T, client net.Conn, s *Server) {
		if _, err := io.WriteString(client, plain); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // else the stop may find that nothing has come yet
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		begun := time.Now()
		answer, err := io.ReadAll(client)
		if err != nil || !strings.HasSuffix(string(answer), "hello") {
			t.Errorf("answered %q, %v", answer, err)
		}
		if err := <-stopped; err != nil || time.Since(begun) > time.Second {
			t.Errorf("stopped after %v: %v", time.Since(begun), err)
		}
	})
}
