package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// syscallMode kills the server at the first, the second, the third … sync of a
// file, and at every fifth write to one, with strace, on a small workload.
func syscallMode(ctx context.Context, s settings, out io.Writer) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return errNoStrace
	}
	program, err := build(ctx, s.directory, "")
	if err != nil {
		return err
	}
	broken := false
	for call, step := range map[string]int{"fsync,fdatasync": 1, "pwrite64": 5} {
		directory := filepath.Join(s.directory, call)
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return fmt.Errorf("making a directory: %w", err)
		}
		p := s.plan(program, directory)
		p.publishers = 2
		p.shortest, p.longest = 5*time.Second, 5*time.Second
		p.before = func(cycle int) []string {
			if cycle >= p.cycles {
				return nil
			}
			return []string{strace, "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, 1+step*cycle)}
		}
		r, err := execute(ctx, p)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "\n%s\n", call); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if err := r.print(out); err != nil {
			return err
		}
		broken = broken || len(r.breaches) > 0
	}
	if broken {
		return errBroken
	}
	return nil
}
