package benchmark

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteMachine writes what was measured where, for people.
func (r Report) WriteMachine(w io.Writer) error {
	m := r.Machine
	_, err := fmt.Fprintf(w, "%s, %d processors, %d MiB, %s/%s %s, %s; a sync of the disk takes %.2f ms\n%d runs of %g s, median (minimum to maximum); %d connections, %d bytes of data, %s\n",
		orUnknown(m.Processor), m.Processors, m.MemoryMiB, m.OS, m.Arch, m.Kernel, m.Go, m.SyncMs, r.Runs, r.Seconds, r.Connections, r.DataSize, r.Database)
	return err
}

func orUnknown(text string) string {
	if text == "" {
		return "an unknown processor"
	}
	return text
}

// WriteTable writes a scenario for people: a row for each figure, a column for each
// target, and how the other targets compare with each baseline.
func (s ScenarioReport) WriteTable(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s: %s\n", s.Name, s.Summary); err != nil {
		return err
	}
	if s.Error != "" {
		if _, err := fmt.Fprintf(w, "  not measured to its end: %s\n", s.Error); err != nil {
			return err
		}
	}
	if len(s.Targets) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "\t%s\t\n", strings.Join(s.columns(), "\t")) // Flush tells of errors
	for _, name := range s.figureNames() {
		_, _ = fmt.Fprintf(table, "%s\t%s\t\n", name, strings.Join(s.cells(name), "\t"))
	}
	return table.Flush()
}

// compared returns the targets that are compared with a baseline.
func (s ScenarioReport) compared(baseline string) []string {
	var names []string
	for _, t := range s.Targets {
		if !slices.Contains(s.Baselines, t.Name) {
			names = append(names, t.Name)
		}
	}
	if !slices.ContainsFunc(s.Targets, func(t TargetReport) bool { return t.Name == baseline }) {
		return nil
	}
	return names
}

func (s ScenarioReport) columns() []string {
	var titles []string
	for _, t := range s.Targets {
		titles = append(titles, t.Name)
	}
	for _, baseline := range s.Baselines {
		for _, target := range s.compared(baseline) {
			titles = append(titles, target+"/"+baseline)
		}
	}
	return titles
}

func (s ScenarioReport) figureNames() []string {
	var names []string
	for _, t := range s.Targets {
		for _, f := range t.Figures {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func (s ScenarioReport) cells(name string) []string {
	var cells []string
	for _, t := range s.Targets {
		f, found := s.Find(t.Name, name)
		cells = append(cells, cell(f, found))
	}
	for _, baseline := range s.Baselines {
		for _, target := range s.compared(baseline) {
			f, _ := s.Find(target, name)
			ratio, found := f.Ratios[baseline]
			if !found {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, fmt.Sprintf("%.2f", ratio))
		}
	}
	return cells
}

func cell(f FigureReport, found bool) string {
	switch {
	case !found:
		return "-"
	case f.Minimum == f.Maximum:
		return withUnit(f.Median, f.Unit)
	default:
		return fmt.Sprintf("%s (%s to %s)", withUnit(f.Median, f.Unit), number(f.Minimum), number(f.Maximum))
	}
}

func withUnit(value float64, unit string) string {
	switch unit {
	case "":
		return number(value)
	case "/s":
		return number(value) + unit
	default:
		return number(value) + " " + unit
	}
}

// number writes three digits that say something.
func number(value float64) string {
	switch size := max(value, -value); {
	case size >= 100 || value == 0:
		return fmt.Sprintf("%.0f", value)
	case size >= 10:
		return fmt.Sprintf("%.1f", value)
	case size >= 1:
		return fmt.Sprintf("%.2f", value)
	default:
		return fmt.Sprintf("%.3f", value)
	}
}
