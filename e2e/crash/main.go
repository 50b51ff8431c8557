// Command crash kills the server under load, again and again, and shows that
// nothing it has acknowledged is lost.
//
// Publishers and receivers live in this process, the server in another; what was
// meant and what arrived is written down here, out of the server's reach. The
// server is killed at random moments and started again at once, without being
// allowed to catch up; only at the end everything must drain. Then what was
// acknowledged, what arrived, and what the database file says must agree.
//
// The modes: kill ends the server at random moments; power does so too and loses
// what was not synced to the disk; failpoints ends it at each of the moments that
// package failpoint names, or lets it panic, fail or wait there; mutants shows that each mistake that
// package failpoint makes is noticed by the invariant that is about it; syscalls
// ends it, with strace, at the Nth write or sync of a file; order shows, with
// strace, that no event is acknowledged before it is synced to disk.
//
// The invariants:
//
//	S1   what is acknowledged is taken, or given up after its whole schedule
//	S2   nothing arrives, or is kept, that nobody meant or that was refused
//	S3   it arrives byte for byte, signed, under the id that was answered
//	S4   an event has the deliveries of all webhooks that wanted it
//	S5   an event that is published again is the same event
//	S6   a second success needs a replay, or a crash between answer and record
//	S7   what is recorded happened; what happened is recorded, if only as an attempt
//	     of which a kill took the end
//	S8   a delivery makes only the moves that it may make, as the database itself
//	     logs them; nothing follows a success, or the end of a webhook
//	S9   no attempt before its time, none too many, Retry-After is obeyed
//	S10  no delivery vanishes from the books
//	S11  attempts are numbered without gaps
//	S12  the database file is sound after a kill
//	S13  a replay sends again, once, each delivery that was over when it was made
//	L1   when the faults end, everything is delivered, and replays are done
//	L2   a start takes less than five seconds, or not much longer than one on an
//	     empty directory where that takes long
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	cycles     int
	seed       uint64
	mode       string
	only       string
	publishers int
	directory  string
}

var errBroken = errors.New("an invariant is broken")

func command(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	flags.IntVar(&s.cycles, "cycles", 20, "how often the server is killed (in a mode: for each point or mutant)")
	flags.Uint64Var(&s.seed, "seed", 1, "what the events and the receivers' answers follow from")
	flags.StringVar(&s.mode, "mode", "kill", "kill, power, failpoints, mutants, syscalls or order")
	flags.StringVar(&s.only, "only", "", "the one failpoint or mutant to run")
	flags.IntVar(&s.publishers, "publishers", 8, "how many publish at the same time")
	flags.StringVar(&s.directory, "dir", "", "where to keep the journals and the database, in a directory of this run alone; a temporary directory when left out")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading the command line: %w", err)
	}
	if s.directory == "" {
		directory, err := os.MkdirTemp("", "posthorn-crash-")
		if err != nil {
			return fmt.Errorf("making a directory: %w", err)
		}
		defer func() { _ = os.RemoveAll(directory) }() // it is the system's to clear up, then
		s.directory = directory
	}
	modes := map[string]func(context.Context, settings, io.Writer) error{"kill": killMode, "failpoints": failpointMode, "mutants": mutantMode, "order": orderMode, "power": powerMode, "syscalls": syscallMode}
	chosen, known := modes[s.mode]
	if !known {
		return fmt.Errorf("there is no mode %q", s.mode)
	}
	return chosen(ctx, s, out)
}

// killMode kills at random moments.
func killMode(ctx context.Context, s settings, out io.Writer) error {
	program, err := build(ctx, s.directory, "")
	if err != nil {
		return err
	}
	p := s.plan(program, s.directory)
	p.hasty = true
	r, err := execute(ctx, p)
	if err != nil {
		return err
	}
	if err := r.print(out); err != nil {
		return err
	}
	if len(r.breaches) > 0 {
		return errBroken
	}
	return nil
}

func (s settings) plan(program, directory string) plan {
	return plan{
		cycles: s.cycles, seed: s.seed, publishers: s.publishers, program: program, directory: directory,
		variables: func(int) []string { return nil },
		shortest:  100 * time.Millisecond, longest: 900 * time.Millisecond, drain: 2 * time.Minute,
	}
}

// build builds the server, with or without a build tag.
func build(ctx context.Context, directory, tag string) (string, error) {
	program := filepath.Join(directory, "posthorn"+tag)
	line := exec.CommandContext(ctx, "go", "build", "-tags", tag, "-o", program, "github.com/posthorn/posthorn/cmd/posthorn") //nolint:gosec // its own tag
	if text, err := line.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, text)
	}
	return program, nil
}
