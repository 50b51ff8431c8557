package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// counter is a receiver that answers everything with a status, and how much that
// was.
func counter(t *testing.T, status int) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var count atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		count.Add(1)
		w.WriteHeader(status)
	}))
	t.Cleanup(receiver.Close)
	return receiver, &count
}

// serveInto starts a server whose standard error is a pipe; once the server
// listens nobody reads it any more.
func serveInto(t *testing.T) (*server, *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = read.Close() })
	s := &server{t: t, process: command(t, "posthorn", nil, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--environment", "development", "--log-level", "debug"), exited: make(chan error, 1)}
	s.process.Stderr = write
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close() // the process has its own
	go func() { s.exited <- s.process.Wait() }()
	t.Cleanup(s.kill)
	lines := bufio.NewReaderSize(read, 16)
	for s.address == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal("the server doesn't listen")
		}
		if match := listening.FindStringSubmatch(line); match != nil {
			s.address = match[1]
		}
	}
	return s, read
}

// Invariant: neither a log that nobody reads nor one whose reader has gone ends
// or holds up the server, and it can still be stopped in order.
func TestLogThatTakesNothing(t *testing.T) {
	t.Parallel()
	for name, isClosed := range map[string]bool{"full": false, "closed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver, arrived := counter(t, http.StatusOK)
			s, pipe := serveInto(t)
			if isClosed {
				_ = pipe.Close()
			}
			s.createWebhook(receiver.URL, "standard", "")
			const events = 600 // their lines are far more than a pipe holds
			for i := range events {
				if code := s.publish(fmt.Sprint("e-", i), "1"); code != http.StatusAccepted {
					t.Fatalf("status %d", code)
				}
			}
			eventually(t, "everything is delivered", func() bool { return arrived.Load() == events })
			if err := s.terminate(); err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
	}
}

// Invariant: a second signal ends the server at once and not with 0; what it was
// sending is sent by the next start.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	var isAwake atomic.Bool
	arrived := make(chan struct{}, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		if !isAwake.Load() {
			<-r.Context().Done()
		}
	}))
	defer receiver.Close()
	directory := t.TempDir()
	s := serve(t, directory, "--grace-period", "10m")
	hook := s.createWebhook(receiver.URL, "standard", `, "timeoutMs": 60000`)
	if code := s.publish("hangs", "1"); code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- s.terminate() }()
	eventually(t, "the server says that it stops", func() bool { return strings.Contains(s.said(), "msg=stopping") })
	var err error
	eventually(t, "another signal ends it", func() bool {
		_ = s.process.Process.Signal(syscall.SIGTERM) // it may be gone
		select {
		case err = <-ended:
			return true
		default:
			return false
		}
	})
	if err == nil {
		t.Error("it ended as if everything had been finished")
	}
	isAwake.Store(true)
	s = serve(t, directory)
	eventually(t, "the delivery is taken over", func() bool { return s.webhook(hook.ID).Stats.Succeeded == 1 })
}

// Invariant: for the drain delay a server that stops says that it isn't ready and
// goes on taking events; what it takes then is delivered by the next start.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	receiver, arrived := counter(t, http.StatusInternalServerError)
	directory := t.TempDir()
	const delay = 10 * time.Second // longer than what happens meanwhile takes on a slow machine
	s := serve(t, directory, "--drain-delay", delay.String())
	s.createWebhook(receiver.URL, "standard", `, "retryAttempts": 0`)
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- s.terminate() }()
	eventually(t, "it says that it isn't ready", func() bool {
		code, _, err := s.try("GET", "/readyz", "")
		return err == nil && code == http.StatusServiceUnavailable
	})
	if code := s.publish("late", "1"); code != http.StatusAccepted {
		t.Errorf("an event while it drains: %d", code)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v\n%s", err, s.said())
	}
	if took := time.Since(began); took < delay {
		t.Errorf("it ended after %v", took)
	}
	if arrived.Load() != 0 {
		t.Error("a server that stops has sent something")
	}
	serve(t, directory)
	eventually(t, "the late event is delivered", func() bool { return arrived.Load() == 1 })
}
