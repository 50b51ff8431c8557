package door

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Invariant: a handler is told who asks, on both ways; limits go by it.
func TestHandlersKnowTheClient(t *testing.T) {
	t.Parallel()
	_, address := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) }), patient)
	conn := dial(t, address)
	_, _ = io.WriteString(conn, plain+last)
	answers, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if told := strings.Count(string(answers), "\r\n\r\n"+conn.LocalAddr().String()); told != 2 {
		t.Errorf("%s was told %d times: %q", conn.LocalAddr(), told, answers)
	}
}

// Invariant: a panic costs one connection, and is told in the log; an abort, which a
// handler means, isn't.
func TestPanicsAreLogged(t *testing.T) {
	t.Parallel()
	for cause, isTold := range map[error]bool{errors.New("a mistake"): true, http.ErrAbortHandler: false} {
		var log bytes.Buffer
		handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(cause) })
		s, err := New(Options{
			Routes: map[string]http.Handler{"/v1/events": handler}, Ordinary: ordinary(handler, patient),
			Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		l := listen(t)
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		if answer := said(t, l.Addr().String(), []string{plain}, false); answer != "" {
			t.Errorf("%v: it was answered with %q", cause, answer)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if strings.Contains(log.String(), "a mistake") != isTold {
			t.Errorf("%v: the log says %q", cause, log.String())
		}
	}
}
