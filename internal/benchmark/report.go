package benchmark

import (
	"slices"
	"time"
)

// Report is what a run of the benchmark came to.
type Report struct {
	Machine     Machine          `json:"machine"`
	StartedAt   time.Time        `json:"startedAt"`
	Runs        int              `json:"runs"`
	Seconds     float64          `json:"seconds"`
	Connections int              `json:"connections"`
	Rate        int              `json:"rate"`
	DataSize    int              `json:"dataSize"`
	Database    string           `json:"database"`
	Scenarios   []ScenarioReport `json:"scenarios"`
}

// ScenarioReport is what one scenario came to.
type ScenarioReport struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Baselines are the targets that the others are compared with.
	Baselines []string       `json:"baselines"`
	Targets   []TargetReport `json:"targets"`
	// Error says why it was not measured to its end.
	Error string `json:"error,omitempty"`
}

// TargetReport is what was measured of one target.
type TargetReport struct {
	Name    string         `json:"name"`
	Figures []FigureReport `json:"figures"`
}

// FigureReport is one figure over all runs.
type FigureReport struct {
	Name string `json:"name"`
	// Unit is /s, s, ms, MiB, B, or empty for a number of things.
	Unit    string  `json:"unit"`
	Median  float64 `json:"median"`
	Minimum float64 `json:"minimum"`
	Maximum float64 `json:"maximum"`
	// Runs are the values in the order of the runs.
	Runs []float64 `json:"runs"`
	// Ratios are to each baseline: the median of what the runs give, each compared with
	// the baseline's figure of the same run.
	Ratios map[string]float64 `json:"ratios,omitempty"`
}

// Find returns a target's figure of this name.
func (s ScenarioReport) Find(target, name string) (FigureReport, bool) {
	for _, t := range s.Targets {
		if t.Name != target {
			continue
		}
		for _, f := range t.Figures {
			if f.Name == name {
				return f, true
			}
		}
	}
	return FigureReport{}, false
}

// summarise puts the runs together, target by target and figure by figure.
func summarise(runs [][]outcome, baselines []string) []TargetReport {
	if len(runs) == 0 {
		return nil
	}
	var targets []TargetReport
	for _, first := range runs[0] {
		target := TargetReport{Name: first.target}
		for _, name := range figureNames(runs, first.target) {
			target.Figures = append(target.Figures, summariseFigure(runs, first.target, name, baselines))
		}
		targets = append(targets, target)
	}
	return targets
}

// figureNames returns the figures that any run has of a target, in order.
func figureNames(runs [][]outcome, target string) []string {
	var names []string
	for _, outcomes := range runs {
		for _, o := range outcomes {
			for _, f := range o.figures {
				if o.target == target && !slices.Contains(names, f.Name) {
					names = append(names, f.Name)
				}
			}
		}
	}
	return names
}

func summariseFigure(runs [][]outcome, target, name string, baselines []string) FigureReport {
	report := FigureReport{Name: name, Ratios: map[string]float64{}}
	ratios := map[string][]float64{}
	for _, outcomes := range runs {
		own, found := findFigure(outcomes, target, name)
		if !found {
			continue
		}
		report.Unit = own.Unit
		report.Runs = append(report.Runs, own.Value)
		for _, baseline := range baselines {
			if other, found := findFigure(outcomes, baseline, name); found && baseline != target && other.Value > 0 {
				ratios[baseline] = append(ratios[baseline], own.Value/other.Value)
			}
		}
	}
	for baseline, values := range ratios {
		report.Ratios[baseline] = median(values)
	}
	report.Median, report.Minimum, report.Maximum = median(report.Runs), slices.Min(report.Runs), slices.Max(report.Runs)
	return report
}

func findFigure(outcomes []outcome, target, name string) (Figure, bool) {
	for _, o := range outcomes {
		for _, f := range o.figures {
			if o.target == target && f.Name == name {
				return f, true
			}
		}
	}
	return Figure{}, false
}

// median returns the value in the middle, or the mean of the two; there is at least one.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
