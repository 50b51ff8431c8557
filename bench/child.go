package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is one of the benchmark's own processes.
type child struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	address string
}

// usage is what a finished process had used; memory in bytes.
type usage struct {
	cpu        time.Duration
	peakMemory int64
}

// startChild starts a process that prints its address first.
func startChild(ctx context.Context, role string, variables ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program: %w", err)
	}
	command := exec.CommandContext(ctx, program)
	command.Env = append(os.Environ(), append(variables, roleVariable+"="+role)...)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	c := &child{command: command, input: input, output: bufio.NewReader(output)}
	line, err := c.output.ReadString('\n')
	if err != nil {
		c.kill()
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	c.address = strings.TrimSpace(line)
	return c, nil
}

// waitFor returns when the receiver has seen so many requests.
func (c *child) waitFor(ctx context.Context, count int) error {
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		seen, err := c.count(ctx)
		if err != nil {
			return err
		}
		if seen >= count {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d events arrived within %v: events are lost or late", seen, count, patience)
		}
	}
}

func (c *child) count(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address, nil)
	if err != nil {
		return 0, fmt.Errorf("asking the receiver: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("asking the receiver: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64))
	if err != nil {
		return 0, fmt.Errorf("asking the receiver: %w", err)
	}
	return strconv.Atoi(string(text))
}

// finish ends the process, reading what it prints last.
func (c *child) finish(result any) error {
	if err := c.input.Close(); err != nil {
		return fmt.Errorf("ending a process: %w", err)
	}
	if result != nil {
		if err := json.NewDecoder(c.output).Decode(result); err != nil {
			return fmt.Errorf("reading the result of a process: %w", err)
		}
	}
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("ending a process: %w", err)
	}
	return nil
}

func (c *child) used() usage {
	state := c.command.ProcessState
	found := usage{cpu: state.UserTime() + state.SystemTime()}
	if resources, ok := state.SysUsage().(*syscall.Rusage); ok {
		found.peakMemory = resources.Maxrss << 10
	}
	return found
}

func (c *child) kill() {
	if c.command.ProcessState == nil {
		_ = c.command.Process.Kill() // it may have ended by itself
		_ = c.command.Wait()
	}
}
