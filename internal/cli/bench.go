package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/internal/benchmark"
	"github.com/posthorn/posthorn/internal/benchmark/flame"
)

func (s *session) benchCommand() *cobra.Command {
	options := benchmark.Defaults()
	var wanted pictures
	var list bool
	command := &cobra.Command{
		Use: "bench", Short: "Measure this program on this machine, beside two baselines", Args: needs(),
		Long: "Starts a publisher, a server on a temporary database, and a receiver as processes of their own on\n" +
			"loopback, and measures them. In the same run it measures a bare loop, which signs and posts from memory,\n" +
			"and a null relay, which passes events on from HTTP to HTTP and keeps nothing: the ratios to them are what\n" +
			"compares between machines. It needs no server and no API key, and Ctrl-C ends all of it.\n\n" +
			"Do nothing else on the machine meanwhile. --list shows the scenarios; some take hours at full size.",
		Example: "  posthorn bench\n  posthorn bench --list\n  posthorn bench --scenario saturation,half,tls --runs 5 --chart bench.svg\n" +
			"  posthorn bench --scenario all -o json > bench.json",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			if role := s.env(benchmark.RoleVariable); role != "" {
				return benchmark.Play(ctx, role, s.stdin, s.stdout, s.stderr)
			}
			if list {
				return s.showScenarios()
			}
			return s.bench(ctx, options, wanted)
		}),
	}
	set := command.Flags()
	set.StringSliceVar(&options.Scenarios, "scenario", options.Scenarios, "scenarios, separated by commas, or all")
	set.StringSliceVar(&options.Targets, "targets", options.Targets, "what is measured: "+strings.Join(benchmark.Targets(), ", "))
	set.BoolVar(&list, "list", false, "show the scenarios and end")
	set.IntVar(&options.Runs, "runs", options.Runs, "how often each scenario is run; what is measured takes turns within a run")
	set.DurationVar(&options.Duration, "duration", options.Duration, "how long each load lasts")
	set.IntVar(&options.Requests, "requests", options.Requests, "end each load after so many requests; 0 for by its duration alone")
	set.IntVar(&options.Connections, "connections", options.Connections, "connections that publish at saturation, and requests that a webhook may have under way")
	set.IntVar(&options.Rate, "rate", options.Rate, "events a second where they are paced")
	set.IntVar(&options.DataSize, "data-size", options.DataSize, "bytes of data in an event")
	set.IntVar(&options.Hanging, "hanging", options.Hanging, "neighbours that hang or are slow, 500 deliveries waiting for each")
	set.IntVar(&options.Waiting, "waiting", options.Waiting, "deliveries that wait, in the scenarios backlog and restart")
	set.IntVar(&options.Stored, "stored", options.Stored, "stored deliveries, in the scenario of that name")
	set.StringVar(&options.Database, "database", options.Database, "kind of database: "+strings.Join(benchmark.Databases(), ", "))
	set.StringVar(&options.Directory, "directory", options.Directory, "where the databases lie, on the disk that is to be measured; by default the place for temporary files")
	set.StringVar(&options.CPUProfile, "cpu-profile", options.CPUProfile, "file for a CPU profile of the server in the last measurement")
	set.StringVar(&wanted.chart, "chart", "", "file for a picture (SVG)")
	set.StringVar(&wanted.flameGraph, "flame-graph", "", "file for a picture of where the server's processor time went in the last measurement (SVG)")
	return command
}

func (s *session) showScenarios() error {
	rows := [][]string{{"SCENARIO", "BY DEFAULT", "WHAT IT IS"}}
	for _, scenario := range benchmark.Scenarios() {
		rows = append(rows, []string{scenario.Name, map[bool]string{true: "yes"}[scenario.IsQuick], scenario.Summary})
	}
	return s.writeRows(rows)
}

// pictures are the files that a benchmark draws into; empty for none.
type pictures struct{ chart, flameGraph string }

func (s *session) bench(ctx context.Context, options benchmark.Options, wanted pictures) error {
	if len(options.Scenarios) == 1 && options.Scenarios[0] == "all" {
		options.Scenarios = nil
		for _, scenario := range benchmark.Scenarios() {
			options.Scenarios = append(options.Scenarios, scenario.Name)
		}
	}
	if err := options.Validate(); err != nil {
		return usage(err.Error(), "bench --list")
	}
	for _, path := range []string{wanted.chart, wanted.flameGraph, options.CPUProfile} {
		if info, err := os.Stat(filepath.Dir(path)); path != "" && (err != nil || !info.IsDir()) {
			return usage(fmt.Sprintf("There is no directory for %s, so nothing is measured.", path), "bench --help")
		}
	}
	options.Talk = s.stderr
	if s.output == asTable {
		options.Done = func(report benchmark.ScenarioReport) error { return report.WriteTable(s.stdout) }
	}
	if wanted.flameGraph != "" && options.CPUProfile == "" {
		directory, err := os.MkdirTemp("", "posthorn-profile-*")
		if err != nil {
			return fmt.Errorf("making a directory for the profile: %w", err)
		}
		defer func() { _ = os.RemoveAll(directory) }() // a temporary directory
		options.CPUProfile = filepath.Join(directory, "cpu.pprof")
	}
	report, err := benchmark.Run(ctx, options)
	if len(report.Scenarios) > 0 {
		err = errors.Join(err, s.showReport(report, wanted.chart))
	}
	if wanted.flameGraph != "" && err == nil {
		err = drawFlameGraph(wanted.flameGraph, options.CPUProfile)
	}
	if err != nil && ctx.Err() == nil {
		return &failure{code: exitFailed, message: err.Error()}
	}
	return err
}

func (s *session) showReport(report benchmark.Report, chart string) error {
	if chart != "" {
		if err := writeFile(chart, report.WriteChart); err != nil {
			return fmt.Errorf("writing the chart: %w", err)
		}
	}
	if s.output == asTable {
		if _, err := fmt.Fprintln(s.stdout); err != nil {
			return fmt.Errorf("writing the output: %w", err)
		}
		return report.WriteMachine(s.stdout)
	}
	text, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return s.writeJSON(text)
}

func drawFlameGraph(path, profile string) error {
	from, err := os.Open(profile)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no profile of the server to draw: only scenarios that measure the target posthorn make one")
	}
	if err != nil {
		return fmt.Errorf("reading the profile: %w", err)
	}
	defer func() { _ = from.Close() }() // it was only read
	if err := writeFile(path, func(w io.Writer) error { return flame.Write(w, from) }); err != nil {
		return fmt.Errorf("drawing the flame graph: %w", err)
	}
	return nil
}

func writeFile(path string, write func(w io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
