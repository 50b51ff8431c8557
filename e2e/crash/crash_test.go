package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Invariants S1 to S13, L1 and L2: twenty kills at random moments lose nothing.
func TestTwentyKills(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := settings{cycles: 20, seed: 1, publishers: 4, directory: directory}
	program, err := build(t.Context(), directory, "")
	if err != nil {
		t.Fatal(err)
	}
	p := s.plan(program, directory)
	p.longest, p.hasty = 500*time.Millisecond, true
	r, err := execute(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := r.print(&text); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text.String())
	if len(r.breaches) > 0 {
		t.Error("an invariant is broken")
	}
	if r.cycles != s.cycles || r.acknowledged < 100 || r.unrecorded == 0 || r.again == 0 {
		t.Errorf("%d kills, %d acknowledged, %d under way, %d sent again: the test shows little", r.cycles, r.acknowledged, r.unrecorded, r.again)
	}
}

// The harness itself: a mistake of each kind is noticed by the invariant that is
// about it. All are run by "go run ./e2e/crash --mode mutants"; these two are the
// quickest to show.
func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	program, err := build(t.Context(), directory, "failpoint")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutations() {
		if !strings.Contains("retry_forgotten data_encoded_again", string(m.mutant)) {
			continue
		}
		t.Run(string(m.mutant), func(t *testing.T) {
			t.Parallel()
			s := settings{cycles: 2, seed: 2, publishers: 4, directory: filepath.Join(directory, "runs")}
			r, err := s.withMutant(t.Context(), program, m)
			if err != nil {
				t.Fatal(err)
			}
			if !r.catches(m.noticed) {
				t.Errorf("the broken invariants are %v, not %v", r.broken(), m.noticed)
			}
		})
	}
}

// Invariant: no event is acknowledged before the disk has it, which a kill alone
// can't show; and a server that doesn't sync is noticed.
func TestAnswersWaitForTheDisk(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	err := orderMode(t.Context(), settings{cycles: 10, seed: 1, directory: t.TempDir()}, &text)
	if errors.Is(err, errNoStrace) {
		t.Skip("skipped: strace is not installed")
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// The answers of receivers follow from the seed alone, so that a run can be
// repeated.
func TestAnswersFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	differs := 0
	for attempt := range 200 {
		first, again, other := newWorld(5, true), newWorld(5, true), newWorld(6, true)
		if first.answer("limited", "p0-1", attempt%4) != again.answer("limited", "p0-1", attempt%4) {
			t.Fatal("the same seed gives another answer")
		}
		if first.answer("all", "p0-"+strings.Repeat("1", attempt), 0) != other.answer("all", "p0-"+strings.Repeat("1", attempt), 0) {
			differs++
		}
	}
	if differs == 0 {
		t.Error("another seed gives the same answers")
	}
}
