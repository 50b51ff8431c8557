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
	"strconv"
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
	// port is a socket that keeps the port for the server while it doesn't run.
	port int

	process *exec.Cmd
	exited  chan struct{}
}

func newServer(program, directory string) (*server, error) {
	port, address, err := keepPort()
	if err != nil {
		return nil, fmt.Errorf("keeping a port: %w", err)
	}
	return &server{program: program, directory: directory, data: filepath.Join(directory, "ground", "data"), address: address, client: &http.Client{}, port: port}, nil
}

// keepPort takes a free port without listening on it: nobody is given it who asks for
// any, and a program that asks for this one gets it.
func keepPort() (int, string, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, "", os.NewSyscallError("socket", err)
	}
	err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	if err == nil {
		err = os.NewSyscallError("bind", syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	}
	var taken syscall.Sockaddr
	if err == nil {
		taken, err = syscall.Getsockname(socket)
	}
	place, is := taken.(*syscall.SockaddrInet4)
	if err != nil || !is {
		return 0, "", errors.Join(err, syscall.Close(socket))
	}
	return socket, net.JoinHostPort("127.0.0.1", strconv.Itoa(place.Port)), nil
}

// close gives the port back; the server must have ended.
func (s *server) close() { _ = syscall.Close(s.port) } // nothing was written

func (s *server) log() string { return filepath.Join(s.directory, "server.log") }

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
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
			return time.Since(begun), fmt.Errorf("%w, and said:\n%s", errEnded, s.lastWords())
		default:
		}
		pause(ctx, 2*time.Millisecond)
	}
	return time.Since(begun), fmt.Errorf("waiting for the server: %w", ctx.Err())
}

// lastWords returns the end of what the server has said, in all its lives.
func (s *server) lastWords() string {
	const enough = 2000 // bytes
	said, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	return string(said[max(0, len(said)-enough):])
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
