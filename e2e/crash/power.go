package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// powerMode cuts the power, at random moments: what was not synced is lost, all or
// a part of it. If the server must be watched in a certain way, only names it;
// otherwise its disk is imagined if the kernel shows it, and traced if not.
func powerMode(ctx context.Context, s settings, out io.Writer) error {
	program, err := build(ctx, s.directory, "")
	if err != nil {
		return err
	}
	way := s.only
	if way == "" {
		way = s.wayToCut()
	}
	p := s.plan(program, s.directory)
	p.ground, p.hasty = way, true
	r, err := execute(ctx, p)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "the power is cut after each kill; the disk is %s\n", way); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := r.print(out); err != nil {
		return err
	}
	if len(r.breaches) > 0 {
		return errBroken
	}
	return nil
}

// wayToCut returns how the power can be cut on this machine.
func (s settings) wayToCut() string {
	place := filepath.Join(s.directory, "probe")
	defer func() { _ = os.Remove(place) }() // it lies in the run's own directory
	m, err := newMounted(place, newWorld(s.seed, false).random("probe"))
	if err != nil || m.end() != nil {
		return "traced"
	}
	return "mounted"
}
