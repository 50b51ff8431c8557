package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a log that takes nothing until it is released.
type stuck struct {
	released chan struct{}
	bytes.Buffer
}

func (s *stuck) Write(text []byte) (int, error) {
	<-s.released
	return s.Buffer.Write(text)
}

// Invariant: a log that takes nothing holds up nobody and keeps a bounded number
// of lines; when it goes on it has them in order, and tells how many are missing.
func TestStuckLogHoldsUpNobody(t *testing.T) {
	t.Parallel()
	log := &stuck{released: make(chan struct{})}
	w := NewLogWriter(log, "json")
	const extra = 100
	for i := range maxWaitingLines + extra {
		if n, err := w.Write(fmt.Appendf(nil, "line %d\n", i)); n == 0 || err != nil {
			t.Fatal(n, err)
		}
	}
	close(log.released)
	if !w.Close(time.Minute) {
		t.Fatal("it isn't written")
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if kept := len(lines) - 1; kept < maxWaitingLines || kept > maxWaitingLines+1 {
		t.Errorf("%d lines were kept", kept)
	}
	if !strings.Contains(log.String(), `"count":`) || !strings.HasPrefix(lines[len(lines)-1], "line ") {
		t.Errorf("the end is %q", lines[len(lines)-2:])
	}
}

// Invariant: closing before a log that is stuck for good ends.
func TestClosingAStuckLogEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &stuck{released: make(chan struct{})}
		w := NewLogWriter(log, "text")
		_, _ = w.Write([]byte("a\n"))
		if w.Close(time.Second) {
			t.Error("it says that all is written")
		}
		_, _ = w.Write([]byte("late\n"))
		close(log.released)
		if !w.Close(time.Second) || log.String() != "a\n" {
			t.Errorf("afterwards: %q", log.String())
		}
	})
}

type failing struct {
	bytes.Buffer
	failures int
}

func (f *failing) Write(text []byte) (int, error) {
	if f.failures > 0 {
		f.failures--
		return 0, errors.New("broken pipe")
	}
	return f.Buffer.Write(text)
}

// Invariant: lines that can't be written are counted.
func TestFailingLogIsCounted(t *testing.T) {
	t.Parallel()
	log := &failing{failures: 3}
	w := NewLogWriter(log, "json")
	for range 4 {
		_, _ = w.Write([]byte("a\n"))
	}
	if !w.Close(time.Minute) || !strings.Contains(log.String(), `"count":3`) || !strings.HasSuffix(log.String(), "}\na\n") {
		t.Errorf("got %q", log.String())
	}
}
