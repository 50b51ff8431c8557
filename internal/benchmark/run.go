package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// bench is a run of the benchmark.
type bench struct {
	Options
	certificates certificates
	// saturated is what Posthorn delivered a second in each run at saturation.
	saturated []float64
	// stored is the directory of the filled database.
	stored string
}

// Run measures what the options say. A scenario that fails is reported with its error,
// and the others go on; the error tells of all that failed. When ctx ends, so does
// everything that was started.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Validate(); err != nil {
		return Report{}, err
	}
	made, err := newCertificates(time.Now())
	if err != nil {
		return Report{}, err
	}
	b := &bench{Options: o, certificates: made}
	machine, err := thisMachine(o.Directory)
	if err != nil {
		return Report{}, err
	}
	report := Report{
		Machine: machine, StartedAt: time.Now().UTC(), Runs: o.Runs, Seconds: o.Duration.Seconds(), Connections: o.Connections,
		Rate: o.Rate, DataSize: o.DataSize, Database: o.Database,
	}
	var failures []error
	for _, name := range o.Scenarios {
		s, _ := findScenario(name) // Validate has looked
		measured, err := b.runScenario(ctx, s)
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		if err != nil {
			measured.Error = err.Error()
			failures = append(failures, fmt.Errorf("%s: %w", name, err))
		}
		report.Scenarios = append(report.Scenarios, measured)
		if o.Done == nil {
			continue
		}
		if err := o.Done(measured); err != nil {
			return report, err
		}
	}
	return report, errors.Join(failures...)
}

// runScenario runs a scenario as often as was asked for. It returns what was measured
// until an error, too.
func (b *bench) runScenario(ctx context.Context, s scenario) (ScenarioReport, error) {
	report := ScenarioReport{Name: s.name, Summary: s.summary, Baselines: s.baselines}
	if s.prepare != nil {
		b.say("%s: preparing", s.name)
		remove, err := s.prepare(ctx, b)
		if remove != nil {
			defer func() { _ = remove() }() // a temporary directory
		}
		if err != nil {
			return report, err
		}
	}
	var runs [][]outcome
	for i := range b.Runs {
		b.say("%s: run %d of %d", s.name, i+1, b.Runs)
		outcomes, err := s.run(ctx, b)
		if err != nil {
			report.Targets = summarise(runs, s.baselines)
			return report, err
		}
		runs = append(runs, outcomes)
		if s.name == "saturation" {
			b.remember(outcomes)
		}
	}
	report.Targets = summarise(runs, s.baselines)
	return report, nil
}

// remember keeps what Posthorn reaches, for the scenario that wants half of it.
func (b *bench) remember(outcomes []outcome) {
	for _, o := range outcomes {
		if o.target == targetPosthorn {
			b.saturated = append(b.saturated, o.figures[0].Value)
		}
	}
}

func (b *bench) say(format string, values ...any) {
	_, _ = fmt.Fprintf(b.Talk, format+"\n", values...) // only for people
}
