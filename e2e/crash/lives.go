package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// noteStart makes the time of a start part of the history, and wants it to be short
// (L2): shorter than soon, or than a few starts on an empty directory. Where those take
// long, too, it is the machine that is slow, and not what is in the database.
func (r *run) noteStart(ctx context.Context, took time.Duration) error {
	r.readyIn = append(r.readyIn, took)
	soon := 5 * time.Second
	if r.plan.ground == "traced" {
		soon = 20 * time.Second // each system call is held up twice, and told
	}
	if took <= max(soon, allowance*r.calm) {
		return nil
	}
	calm, err := r.startElsewhere(ctx)
	if err != nil {
		return err
	}
	if took > max(soon, allowance*calm) {
		r.complain("L2", "the server was ready after %v; on an empty directory it takes %v", took, calm)
	}
	return nil
}

// allowance is how many times as long as on an empty directory a start may take.
const allowance = 4

// startElsewhere starts a server without mistakes on an empty directory, and returns
// how long that took.
func (r *run) startElsewhere(ctx context.Context) (time.Duration, error) {
	directory, err := os.MkdirTemp(r.directory, "calm")
	if err != nil {
		return 0, fmt.Errorf("starting elsewhere: %w", err)
	}
	defer func() { _ = os.RemoveAll(directory) }() // it lies in the run's own directory
	other, err := newServer(r.program, directory)
	if err != nil {
		return 0, err
	}
	defer other.close()
	defer other.kill()
	if err := os.MkdirAll(filepath.Dir(other.data), 0o700); err != nil {
		return 0, fmt.Errorf("starting elsewhere: %w", err)
	}
	return other.start(ctx, nil)
}
