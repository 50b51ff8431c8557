package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inject makes calls of the server's process that concern a file fail, from now
// on until the process ends. It needs strace.
func (s *server) inject(file, calls, what string) {
	s.t.Helper()
	tracer, err := exec.LookPath("strace")
	if err != nil {
		s.t.Skip("strace is not installed: nothing can make a sync of the disk fail")
	}
	strace := exec.Command(tracer, "-f", "-p", fmt.Sprint(s.process.Process.Pid), "-P", file, "-e", "trace="+calls, "-e", "inject="+calls+":"+what, "-o", "/dev/null")
	output, err := strace.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := strace.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = strace.Process.Signal(syscall.SIGTERM) // it may be gone
		_ = strace.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "attached") {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return
		}
		if strings.Contains(lines.Text(), "not permitted") {
			s.t.Skip("strace may not look into processes here: " + lines.Text())
		}
	}
	s.t.Fatal("strace ended without having attached")
}

// ends waits until the server ends by itself, and returns how.
func (s *server) ends() error {
	s.t.Helper()
	select {
	case err := <-s.exited:
		s.exited <- err
		return err
	case <-time.After(patience):
		s.t.Fatalf("the server goes on\n%s", s.said())
		return nil
	}
}

const syncs = "fsync,fdatasync"

// publish publishes an event under an id of its own, and returns the status.
func (s *server) publish(id, data string) int {
	s.t.Helper()
	code, _, err := s.try("POST", "/v1/events", `{"type": "a", "id": "`+id+`", "data": `+data+`}`)
	if err != nil {
		return 0
	}
	return code
}

// wantKept wants that events are there.
func (s *server) wantKept(ids []string) {
	s.t.Helper()
	for _, id := range ids {
		if code, text := s.call("GET", "/v1/events/"+id, ""); code != http.StatusOK {
			s.t.Errorf("the acknowledged event %s is gone: %d %s", id, code, text)
		}
	}
}

// Invariant: when a sync of the log fails nobody is told that the event was kept,
// the server ends by itself, with an error, and says what to do; the next start
// has everything that was acknowledged.
func TestFailedSyncEndsTheServer(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := serve(t, directory)
	var kept []string
	for i := range 5 {
		id := fmt.Sprint("before-", i)
		if code := s.publish(id, "1"); code != http.StatusAccepted {
			t.Fatalf("status %d", code)
		}
		kept = append(kept, id)
	}
	s.inject(filepath.Join(directory, "posthorn.db-wal"), syncs, "error=EIO")
	if code, text, err := s.try("POST", "/v1/events", `{"type": "a", "id": "lost", "data": 1}`); err == nil && code != http.StatusServiceUnavailable {
		t.Errorf("status %d: %s", code, text)
	}
	if err := s.ends(); err == nil {
		t.Error("the server ended as if nothing had happened")
	}
	for _, want := range []string{"the server ends because its storage failed", "start again"} {
		if !strings.Contains(s.said(), want) {
			t.Errorf("it doesn't say %q:\n%s", want, s.said())
		}
	}
	s = serve(t, directory)
	s.wantKept(kept)
	if code := s.publish("after", "1"); code != http.StatusAccepted {
		t.Errorf("after the next start: %d", code)
	}
}

// Invariant: a sync of the database that fails while the log is moved into it
// ends the server too: the log must not be overwritten.
func TestFailedCheckpointEndsTheServer(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := serve(t, directory)
	s.inject(filepath.Join(directory, "posthorn.db"), syncs, "error=EIO")
	long := `"` + strings.Repeat("x", 900_000) + `"`
	var kept []string
	for i := range 40 {
		id := fmt.Sprint("long-", i)
		code := s.publish(id, long)
		if code != http.StatusAccepted {
			break
		}
		kept = append(kept, id)
	}
	if err := s.ends(); err == nil {
		t.Error("the server ended as if nothing had happened")
	}
	if len(kept) < 10 || len(kept) == 40 {
		t.Errorf("%d events were acknowledged: the log was not moved at the expected time", len(kept))
	}
	s = serve(t, directory)
	s.wantKept(kept)
}

// Invariant: a kill while the log is being moved into the database loses nothing,
// wherever in it it happens.
func TestKilledDuringCheckpoint(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	long := `"` + strings.Repeat("x", 900_000) + `"`
	var kept []string
	for round, write := range []int{1, 100, 2000} {
		s := serve(t, directory)
		s.inject(filepath.Join(directory, "posthorn.db"), "pwrite64", fmt.Sprintf("signal=KILL:when=%d", write))
		for i := range 40 {
			id := fmt.Sprintf("long-%d-%d", round, i)
			if s.publish(id, long) != http.StatusAccepted {
				break
			}
			kept = append(kept, id)
		}
		if err := s.ends(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("round %d: it ended with %v", round, err)
		}
	}
	s := serve(t, directory)
	s.wantKept(kept)
}
