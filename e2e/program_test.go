package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/cli"
)

// asProgram makes this test binary be the posthorn program.
const asProgram = "POSTHORN_E2E_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv))
	}
	os.Exit(m.Run())
}

// patience bounds the wait for what must happen, on a machine that is busy too.
const patience = 4 * time.Minute

const key = "sk_user_e2e0123456789abcdefghijklmnopqrst"

// command is a run of the program with an environment of its own.
func command(t *testing.T, name string, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, args...)
	c.Args[0] = name
	c.Env = append([]string{asProgram + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "POSTHORN_BOOTSTRAP_KEY=" + key}, variables...)
	return c
}

// server is a running serve.
type server struct {
	t       *testing.T
	process *exec.Cmd
	address string
	exited  chan error

	mu     sync.Mutex
	stderr bytes.Buffer
	// secrets are those that the test has learnt; the log must have none of them.
	secrets []string
}

var listening = regexp.MustCompile(`listens on http://(\S+)`)

// serve starts a server for development on a data directory, and returns when it
// listens.
func serve(t *testing.T, data string, flags ...string) *server {
	t.Helper()
	return serveKind(t, data, "development", flags...)
}

func serveKind(t *testing.T, data, kind string, flags ...string) *server {
	t.Helper()
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--environment", kind}, flags...)
	s, isListening := start(t, command(t, "posthorn", nil, args...))
	if !isListening {
		t.Fatalf("the server ended: %v\n%s", s.wait(), s.said())
	}
	return s
}

// start starts a server, and reports whether it listens or has ended before.
func start(t *testing.T, process *exec.Cmd) (*server, bool) {
	t.Helper()
	s := &server{t: t, process: process, exited: make(chan error, 1)}
	output, err := s.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go s.watch(output, found)
	t.Cleanup(s.wantNoSecrets)
	t.Cleanup(s.kill)
	t.Cleanup(s.wantBooks)
	select {
	case s.address = <-found:
	case err := <-s.exited:
		s.exited <- err
		return s, false
	case <-time.After(patience):
		t.Fatalf("the server doesn't listen\n%s", s.said())
	}
	return s, true
}

func (s *server) watch(output io.Reader, found chan<- string) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
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

// kill ends the server as kill -9 does, and waits until it is gone.
func (s *server) kill() {
	_ = s.process.Process.Kill() // it may be gone already
	_ = s.wait()                 // it was killed
}

func (s *server) wait() error {
	err := <-s.exited
	s.exited <- err
	return err
}

// wantBooks wants that no delivery has vanished, at the end of every test whose
// server still runs.
func (s *server) wantBooks() {
	code, text, err := s.try("GET", "/v1/conservation", "")
	if err == nil && code == http.StatusOK && !strings.Contains(text, `"holds":true`) {
		s.t.Errorf("the books don't balance: %s", text)
	}
}

// wantNoSecrets wants that whatever the server has written to its log has no secret
// that the test knows.
func (s *server) wantNoSecrets() {
	said := s.said()
	for _, secret := range append([]string{key}, s.secrets...) {
		if secret != "" && strings.Contains(said, secret) {
			s.t.Errorf("the log has the secret %s:\n%s", secret, said)
		}
	}
}

// terminate asks the server to stop, and returns how it ended.
func (s *server) terminate() error {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	return s.wait()
}

// call makes a request and returns status and body; it fails the test if there
// is no answer.
func (s *server) call(method, path, body string) (int, string) {
	s.t.Helper()
	code, text, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return code, text
}

// callAs is call with another key.
func (s *server) callAs(key, method, path, body string) (int, string) {
	s.t.Helper()
	code, text, err := s.tryAs(key, method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return code, text
}

func (s *server) try(method, path, body string) (int, string, error) {
	return s.tryAs(key, method, path, body)
}

func (s *server) tryAs(key, method, path, body string) (int, string, error) {
	request, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", key)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

var client = &http.Client{Timeout: patience}

// data decodes the member data of an answer, which must have the status.
func data[T any](t *testing.T, code int, text string, want int) T {
	t.Helper()
	var answer struct{ Data T }
	if code != want {
		t.Fatalf("status %d, want %d: %s", code, want, text)
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return answer.Data
}

type webhook struct {
	ID     string
	Secret string
	Stats  struct{ Accepted, Pending, Succeeded, Attempts int }
}

func (s *server) createWebhook(url, format string, more string) webhook {
	s.t.Helper()
	code, text := s.call("POST", "/v1/webhooks", `{"url": "`+url+`", "events": ["*"], "format": "`+format+`"`+more+`}`)
	made := data[webhook](s.t, code, text, http.StatusCreated)
	s.secrets = append(s.secrets, made.Secret)
	return made
}

func (s *server) webhook(id string) webhook {
	s.t.Helper()
	code, text := s.call("GET", "/v1/webhooks/"+id, "")
	return data[webhook](s.t, code, text, http.StatusOK)
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

// linked makes a link to the program under another name.
func linked(t *testing.T, name string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	return link
}
