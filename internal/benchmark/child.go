package benchmark

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// RoleVariable is the environment's variable that makes this program one of the
// benchmark's processes: see Play.
const RoleVariable = "POSTHORN_BENCH_ROLE"

// child is one of the benchmark's own processes.
type child struct {
	role    string
	command *exec.Cmd
	input   io.WriteCloser
	replies *json.Decoder
}

// startChild starts this program again, with its own arguments, in a role. It is
// killed when ctx ends.
func startChild(ctx context.Context, role string, talk io.Writer) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program: %w", err)
	}
	command := exec.CommandContext(ctx, program, os.Args[1:]...)
	command.Args[0] = os.Args[0] // a program may go by the name it was called by
	command.Env = append(os.Environ(), RoleVariable+"="+role)
	command.Stderr = talk
	command.WaitDelay = time.Second
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
	return &child{role: role, command: command, input: input, replies: json.NewDecoder(bufio.NewReader(output))}, nil
}

// tell has the process carry out an order and reads its reply into value, which may
// be nil.
func (c *child) tell(do string, with, value any) error {
	text, err := json.Marshal(with)
	if err != nil {
		return fmt.Errorf("telling the %s to %s: %w", c.role, do, err)
	}
	if err := json.NewEncoder(c.input).Encode(order{Do: do, With: text}); err != nil {
		return fmt.Errorf("telling the %s to %s: %w", c.role, do, err)
	}
	var answer reply
	if err := c.replies.Decode(&answer); err != nil {
		return fmt.Errorf("the %s ended when told to %s: %w", c.role, do, err)
	}
	if answer.Error != "" {
		return fmt.Errorf("the %s, told to %s: %s", c.role, do, answer.Error)
	}
	if value == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Value, value); err != nil {
		return fmt.Errorf("reading what the %s replied: %w", c.role, err)
	}
	return nil
}

// end lets the process end by itself, and kills it if it doesn't.
func (c *child) end() error {
	const patience = 30 * time.Second
	_ = c.input.Close() // the process has ended already, or ends of it
	late := time.AfterFunc(patience, func() { _ = c.command.Process.Kill() })
	err := c.command.Wait()
	if !late.Stop() {
		err = errors.Join(err, fmt.Errorf("it had to be killed after %v", patience))
	}
	if err != nil {
		return fmt.Errorf("ending the %s: %w", c.role, err)
	}
	return nil
}

// kill ends the process at once, as a failure of the power would.
func (c *child) kill() {
	_ = c.command.Process.Kill() // it may have ended
	_ = c.command.Wait()         // the error is that it was killed
}

func (c *child) pid() int { return c.command.Process.Pid }
