package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn/internal/failpoint"
)

// actions lists what goes wrong at a named moment: the process ends there, or
// whoever comes by panics, fails, or is held up for longer than an attempt may take.
// Where an answer is under way only the process may end or wait: a failure would make
// a duplicate that no crash explains, as it must.
func actions(point failpoint.Point) []string {
	if point == failpoint.AfterSendBeforeRead {
		return []string{"exit", "sleep(2s)"}
	}
	return []string{"exit", "panic", "error", "sleep(2s)"}
}

// failpointMode lets go wrong, at each of the named moments, whatever can.
func failpointMode(ctx context.Context, s settings, out io.Writer) error {
	program, err := build(ctx, s.directory, "failpoint")
	if err != nil {
		return err
	}
	broken := false
	for _, point := range failpoint.Points() {
		if s.only != "" && s.only != string(point) {
			continue
		}
		for _, action := range actions(point) {
			r, err := s.atPoint(ctx, program, point, action)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(out, "\n%s=%s\n", point, action); err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
			if err := r.print(out); err != nil {
				return err
			}
			broken = broken || len(r.breaches) > 0
		}
	}
	if broken {
		return errBroken
	}
	return nil
}

// atPoint chooses another passing of a point in each cycle. Where the process is to
// end it must do so; after anything else it is killed at a random moment.
func (s settings) atPoint(ctx context.Context, program string, point failpoint.Point, action string) (report, error) {
	directory := filepath.Join(s.directory, fmt.Sprintf("%s-%s", point, action))
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return report{}, fmt.Errorf("making a directory: %w", err)
	}
	p := s.plan(program, directory)
	earliest := 10        // so that a start is not held up
	if action == "exit" { // far longer than it takes to pass the point that often
		p.shortest, p.longest, p.mustEnd, earliest = 20*time.Second, 20*time.Second, true, 1
	}
	p.variables = func(cycle int) []string {
		if cycle == p.cycles {
			return nil
		}
		return []string{fmt.Sprintf("FAILPOINT=%s:%d=%s", point, earliest+cycle*cycle*7%101, action)}
	}
	return execute(ctx, p)
}

// mutation is a mistake and the invariants that must notice it.
type mutation struct {
	mutant  failpoint.Mutant
	noticed []string
	// at is where the process must end for the mistake to show; empty for anywhere.
	at failpoint.Point
	// power is whether the power must be cut for it to show.
	power bool
}

// mutations lists the mistakes and what they break.
func mutations() []mutation {
	return []mutation{
		{mutant: failpoint.AckBeforeCommit, noticed: []string{"S1"}, at: failpoint.BeforeCommit},
		{mutant: failpoint.SynchronousOff, noticed: []string{"S1"}, power: true},
		{mutant: failpoint.SynchronousNormal, noticed: []string{"S1"}, power: true},
		{mutant: failpoint.JournalInMemory, noticed: []string{"S12"}, power: true},
		{mutant: failpoint.StartSlowly, noticed: []string{"L2"}},
		{mutant: failpoint.PatternsIgnored, noticed: []string{"S2"}},
		{mutant: failpoint.TakeoverOfEverything, noticed: []string{"S8"}},
		{mutant: failpoint.FanoutOutsideTransaction, noticed: []string{"S4"}},
		{mutant: failpoint.PromisesForgotten, noticed: []string{"S4"}},
		{mutant: failpoint.IdempotencyInMemory, noticed: []string{"S5"}},
		{mutant: failpoint.TakeoverForgotten, noticed: []string{"L1"}},
		{mutant: failpoint.StatsForgotten, noticed: []string{"S10"}},
		{mutant: failpoint.SuccessBeforeSend, noticed: []string{"S7"}},
		{mutant: failpoint.TimeoutIsSuccess, noticed: []string{"S7"}},
		{mutant: failpoint.DropOn429, noticed: []string{"S1"}},
		{mutant: failpoint.RetryAfterIgnored, noticed: []string{"S9"}},
		{mutant: failpoint.MaxAttemptsIgnored, noticed: []string{"S9"}},
		{mutant: failpoint.RetryForgotten, noticed: []string{"S1"}},
		{mutant: failpoint.SuccessRepeated, noticed: []string{"S6"}},
		{mutant: failpoint.ClaimWithoutLease, noticed: []string{"S6", "S11"}},
		{mutant: failpoint.BodyChangedAfterSigning, noticed: []string{"S3"}},
		{mutant: failpoint.ReplayCursorInMemory, noticed: []string{"S13"}},
		{mutant: failpoint.ReplayDoneEarly, noticed: []string{"S13"}},
		{mutant: failpoint.ReplayWithoutEnd, noticed: []string{"S13"}},
		{mutant: failpoint.DataEncodedAgain, noticed: []string{"S3"}},
	}
}

// errMissed means that the harness is no good.
var errMissed = errors.New("a mutant was not caught by its invariant")

// mutantMode shows that the harness notices what it is there to notice, and that
// it notices nothing in the same build without a mistake.
func mutantMode(ctx context.Context, s settings, out io.Writer) error {
	program, err := build(ctx, s.directory, "failpoint")
	if err != nil {
		return err
	}
	missed := false
	for _, m := range append([]mutation{{mutant: "none"}}, mutations()...) {
		if s.only != "" && s.only != string(m.mutant) {
			continue
		}
		r, err := s.withMutant(ctx, program, m)
		if err != nil {
			return err
		}
		caught, verdict := r.catches(m.noticed), "missed"
		if caught {
			verdict = "as it should be"
		}
		missed = missed || !caught
		if _, err := fmt.Fprintf(out, "%-28s must break %-4s breaks %-24s %s\n", m.mutant, strings.Join(m.noticed, " "), strings.Join(r.broken(), " "), verdict); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if missed {
		return errMissed
	}
	return nil
}

// catches reports whether all the invariants are broken; for none, whether
// nothing is.
func (r report) catches(invariants []string) bool {
	broken := r.broken()
	if len(invariants) == 0 {
		return len(broken) == 0
	}
	for _, name := range invariants {
		if !slices.Contains(broken, name) {
			return false
		}
	}
	return true
}

func (s settings) withMutant(ctx context.Context, program string, m mutation) (report, error) {
	directory := filepath.Join(s.directory, string(m.mutant))
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return report{}, fmt.Errorf("making a directory: %w", err)
	}
	p := s.plan(program, directory)
	p.rough = true
	if m.power {
		p.ground = s.wayToCut()
	}
	if m.mutant != "none" {
		p.drain = 10 * time.Second
	}
	p.variables = func(cycle int) []string {
		variables := []string{"MUTANT=" + string(m.mutant)}
		if m.at != "" && cycle < p.cycles {
			const somewhat = 30 // so that there is load
			variables = append(variables, fmt.Sprintf("FAILPOINT=%s:%d", m.at, somewhat*(cycle+1)))
		}
		return variables
	}
	return execute(ctx, p)
}
