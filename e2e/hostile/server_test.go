// Package hostile runs the whole program against receivers that misbehave.
package hostile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/cli"
)

// asProgram makes this test binary be the posthorn program.
const asProgram = "POSTHORN_E2E_AS_PROGRAM"

// patience bounds the wait for what must happen, on a machine that is busy too.
const patience = 4 * time.Minute

const key = "sk_user_e2e0123456789abcdefghijklmnopqrst"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		go countGoroutines(ctx)
		os.Exit(cli.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv))
	}
	os.Exit(m.Run())
}

// countGoroutines runs within the program: it tells how many goroutines there are,
// and the most there have been, whenever the signal SIGUSR1 asks.
func countGoroutines(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for most := 0; ; {
		now := runtime.NumGoroutine()
		most = max(most, now)
		select {
		case <-ticker.C:
		case <-asked:
			fmt.Fprintf(os.Stderr, "goroutines %d %d\n", now, most)
		case <-ctx.Done():
			return
		}
	}
}

// server is a running serve.
type server struct {
	t       *testing.T
	process *exec.Cmd
	address string
	exited  chan error
	// counted receives the numbers of goroutines: now, and at most.
	counted chan [2]int

	mu     sync.Mutex
	stderr bytes.Buffer
}

// serve starts a server for development on an empty directory, and returns when
// it listens.
func serve(t *testing.T, variables ...string) *server {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, exited: make(chan error, 1), counted: make(chan [2]int, 1)}
	s.process = exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--environment", "development", "--log-level", "warn")
	s.process.Args[0] = "posthorn"
	s.process.Env = append([]string{asProgram + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "POSTHORN_BOOTSTRAP_KEY=" + key}, variables...)
	output, err := s.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go s.watch(output, found)
	t.Cleanup(s.end)
	select {
	case s.address = <-found:
	case err := <-s.exited:
		t.Fatalf("the server ended: %v\n%s", err, s.said())
	case <-time.After(patience):
		t.Fatalf("the server doesn't listen\n%s", s.said())
	}
	return s
}

func (s *server) watch(output io.Reader, found chan<- string) {
	listening := regexp.MustCompile(`listens on http://(\S+)`)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var now, most int
		if _, err := fmt.Sscanf(lines.Text(), "goroutines %d %d", &now, &most); err == nil {
			s.counted <- [2]int{now, most}
			continue
		}
		s.mu.Lock()
		s.stderr.WriteString(lines.Text() + "\n")
		s.mu.Unlock()
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			found <- match[1]
		}
	}
	s.exited <- s.process.Wait()
}

func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stderr.String()
}

// end checks that no delivery has vanished and that the server survived, and
// kills it.
func (s *server) end() {
	if text := s.call("GET", "/v1/conservation", "", http.StatusOK); !strings.Contains(text, `"holds":true`) {
		s.t.Errorf("the books don't balance: %s", text)
	}
	_ = s.process.Process.Kill() // it may be gone already
	if err := <-s.exited; err == nil {
		s.t.Error("the server ended by itself")
	}
	if said := s.said(); strings.Contains(said, "panic") {
		s.t.Errorf("the server panicked:\n%s", said)
	}
}

// call makes a request and returns the body of its answer, which must have the
// status.
func (s *server) call(method, path, body string, want int) string {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		s.t.Errorf("%v\n%s", err, s.said())
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		s.t.Errorf("%s %s: status %d, %v: %s", method, path, response.StatusCode, err, text)
	}
	return string(text)
}

// data decodes the member data of an answer.
func data[T any](t *testing.T, text string) T {
	t.Helper()
	var answer struct{ Data T }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return answer.Data
}

// goroutines returns how many there are in the server, and the most there were.
func (s *server) goroutines() (now, most int) {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGUSR1); err != nil {
		s.t.Fatal(err)
	}
	select {
	case counted := <-s.counted:
		return counted[0], counted[1]
	case <-time.After(patience):
		s.t.Fatal("the server doesn't tell its goroutines")
		return 0, 0
	}
}

// forgetPeak makes peak start anew, from what it returns.
func (s *server) forgetPeak() int64 {
	s.t.Helper()
	if err := os.WriteFile(s.about("clear_refs"), []byte("5"), 0o200); err != nil {
		s.t.Skipf("the peak of memory can't be measured here: %v", err)
	}
	return s.peak()
}

// peak is the most memory that the process has held since forgetPeak, in bytes.
func (s *server) peak() int64 {
	s.t.Helper()
	text, err := os.ReadFile(s.about("status"))
	if err != nil {
		s.t.Skipf("the peak of memory can't be measured here: %v", err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if match == nil {
		s.t.Fatalf("no peak in %s", text)
	}
	kib, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return kib << 10
}

func (s *server) about(file string) string {
	return filepath.Join("/proc", fmt.Sprint(s.process.Process.Pid), file)
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
