package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const apiKey = "sk_user_crash0123456789abcdefghijklmnopqr" //nolint:gosec // of a server that lives for a test

// server is the program under test: a process of its own, started and killed
// many times on one data directory and one port.
type server struct {
	program   string
	directory string
	data      string // the data directory
	address   string
	// before is put before the command line, to run it under another program.
	before []string
	client *http.Client

	process *exec.Cmd
	exited  chan struct{}
}

func newServer(ctx context.Context, program, directory string) (*server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	address := listener.Addr().String()
	return &server{program: program, directory: directory, data: filepath.Join(directory, "ground", "data"), address: address, client: &http.Client{}}, listener.Close()
}

func (s *server) database() string { return filepath.Join(s.data, "posthorn.db") }

// start starts the process, and returns how long it took until it was ready.
func (s *server) start(ctx context.Context, variables []string) (time.Duration, error) {
	begun := time.Now()
	if err := s.launch(variables); err != nil {
		return 0, err
	}
	return s.untilReady(ctx, begun)
}

// launch starts the process and doesn't wait for it.
func (s *server) launch(variables []string) error {
	log, err := os.OpenFile(filepath.Join(s.directory, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	line := append(append([]string{}, s.before...), s.program, "serve", "--listen", s.address, "--data", s.data, "--environment", "development", "--log-level", "warn")
	s.process = exec.Command(line[0], line[1:]...) //nolint:gosec,noctx // it runs what its user asks for, until it is killed
	s.process.Env = append([]string{"HOME=" + s.directory, "PATH=" + os.Getenv("PATH"), "POSTHORN_BOOTSTRAP_KEY=" + apiKey}, variables...)
	s.process.Stderr = log
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	s.exited = make(chan struct{})
	go func(process *exec.Cmd, exited chan struct{}) {
		_ = process.Wait() // it is killed
		close(exited)
	}(s.process, s.exited)
	return nil
}

var errEnded = errors.New("the server ended by itself")

func (s *server) untilReady(ctx context.Context, begun time.Time) (time.Duration, error) {
	const longest = 60 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for ctx.Err() == nil {
		status, _, err := s.call(ctx, http.MethodGet, "/readyz", "", "")
		if err == nil && status == http.StatusOK {
			return time.Since(begun), nil
		}
		select {
		case <-s.exited:
			return time.Since(begun), errEnded
		default:
		}
		pause(ctx, 2*time.Millisecond)
	}
	return time.Since(begun), fmt.Errorf("waiting for the server: %w", ctx.Err())
}

// kill ends the process and all that it started, as kill -9 does.
func (s *server) kill() {
	if s.process == nil || s.process.Process == nil {
		return // it never began
	}
	select {
	case <-s.exited:
		return
	default:
	}
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL) // it may be gone already
	<-s.exited
}

// stop asks it to end, and waits.
func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM) // it may be gone already
	<-s.exited
}

func (s *server) call(ctx context.Context, method, path, body, key string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("asking the server: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Api-Key", apiKey)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	text, err := read(response)
	return response.StatusCode, text, err
}

// books is the server's own account of all deliveries.
type books struct {
	Holds    bool
	Accepted int
	Pending  int
}

func (s *server) books(ctx context.Context) (books, error) {
	status, text, err := s.call(ctx, http.MethodGet, "/v1/conservation", "", "")
	if err != nil || status != http.StatusOK {
		return books{}, errors.Join(err, fmt.Errorf("reading the books: status %d", status))
	}
	var answer struct{ Data books }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return books{}, fmt.Errorf("reading the books: %w", err)
	}
	return answer.Data, nil
}

// register creates a webhook and returns its id.
func (s *server) register(ctx context.Context, h hook, base string) (string, error) {
	status, text, err := s.call(ctx, http.MethodPost, "/v1/webhooks", h.registration(base), "")
	if err != nil || status != http.StatusCreated {
		return "", errors.Join(err, fmt.Errorf("registering %s: status %d: %s", h.name, status, text))
	}
	var answer struct{ Data struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return "", fmt.Errorf("registering %s: %w", h.name, err)
	}
	return answer.Data.ID, nil
}
