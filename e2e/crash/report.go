package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// report is the outcome of a run.
type report struct {
	cycles       int
	acknowledged int
	refused      int
	retried      int
	deliveries   int
	requests     int
	losses       int
	unrecorded   int
	duplicates   int
	replays      int
	again        int
	readyIn      []time.Duration
	drainedIn    time.Duration
	breaches     []breach
}

func (c *checker) report() report {
	r := report{
		cycles: len(c.kills), deliveries: len(c.stored.deliveries), requests: len(c.history.receipts), losses: c.losses,
		unrecorded: c.unrecorded, duplicates: c.duplicates, readyIn: slices.Sorted(slices.Values(c.readyIn)), drainedIn: c.drainedIn, breaches: c.breaches,
	}
	r.replays = len(c.stored.replays)
	for _, d := range c.stored.deliveries {
		r.again += d.again
	}
	for _, meant := range c.intents {
		switch meant.Outcome {
		case acknowledged:
			r.acknowledged++
		case rejected:
			r.refused++
		case unknown: // L1 tells
		}
		if meant.Tries > 1 {
			r.retried++
		}
	}
	return r
}

// broken lists the invariants that were broken.
func (r report) broken() []string {
	names := map[string]bool{}
	for _, b := range r.breaches {
		names[b.invariant] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// print writes the report for people.
func (r report) print(out io.Writer) error {
	perKill := float64(max(1, r.cycles))
	bound := "no bound: there are losses"
	if r.losses == 0 && r.cycles > 0 {
		bound = fmt.Sprintf("below %.2f %% per kill with 95 %% confidence (rule of three: 3/%d)", 300/perKill, r.cycles)
	}
	middle, slowest := time.Duration(0), time.Duration(0)
	if len(r.readyIn) > 0 {
		middle, slowest = r.readyIn[len(r.readyIn)/2], r.readyIn[len(r.readyIn)-1]
	}
	_, err := fmt.Fprintf(out, `kills                      %d
events acknowledged        %d (%d refused, %d tried more than once)
deliveries                 %d
requests that arrived      %d
losses                     %d (%s)
under way at a kill        %d (%.2f per kill)
duplicates                 %d (%.2f per kill)
sent again                 %d by %d replays
ready after a start        median %v, slowest %v
drained at the end in      %v
broken invariants          %d %v
`, r.cycles, r.acknowledged, r.refused, r.retried, r.deliveries, r.requests, r.losses, bound,
		r.unrecorded, float64(r.unrecorded)/perKill, r.duplicates, float64(r.duplicates)/perKill, r.again, r.replays,
		middle.Round(time.Millisecond), slowest.Round(time.Millisecond), r.drainedIn.Round(time.Millisecond), len(r.breaches), r.broken())
	const shown = 10
	for _, b := range r.breaches[:min(shown, len(r.breaches))] {
		_, _ = fmt.Fprintf(out, "  %s: %s\n", b.invariant, b.what)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
