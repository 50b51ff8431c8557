package benchmark_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/benchmark"
)

// The tests' own program plays the roles of the processes that they start.
func TestMain(m *testing.M) {
	role := os.Getenv(benchmark.RoleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := benchmark.Play(ctx, role, os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// small are options of a run that takes a moment.
func small(t *testing.T, scenarios ...string) benchmark.Options {
	t.Helper()
	o := benchmark.Defaults()
	o.Scenarios, o.Targets, o.Directory = scenarios, benchmark.Targets(), t.TempDir()
	o.Runs, o.Requests, o.Duration, o.Connections, o.Rate = 1, 200, time.Minute, 4, 1000
	return o
}

// Invariant: every target delivers everything that is published, and is measured while
// it does; the report can be read as a table, as JSON and as a picture.
func TestTargetsAreMeasured(t *testing.T) {
	t.Parallel()
	o := small(t, "saturation", "paced")
	report, err := benchmark.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Scenarios {
		for _, target := range o.Targets {
			for _, name := range []string{"delivered", "published", "publish p50", "end to end p99"} {
				if f, found := s.Find(target, name); !found || f.Median <= 0 {
					t.Errorf("%s, %s, %s: %+v", s.Name, target, name, f)
				}
			}
			if f, found := s.Find(target, "requests refused"); found {
				t.Errorf("%s, %s: %g requests were refused", s.Name, target, f.Median)
			}
		}
		if f, _ := s.Find("posthorn", "delivered"); f.Ratios["bare"] <= 0 || f.Ratios["relay"] <= 0 {
			t.Errorf("%s is not compared with the baselines: %v", s.Name, f.Ratios)
		}
	}
	checkForms(t, report)
	if left, err := os.ReadDir(o.Directory); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func checkForms(t *testing.T, report benchmark.Report) {
	t.Helper()
	text, err := json.Marshal(report)
	if err != nil || !bytes.Contains(text, []byte(`"name":"saturation"`)) {
		t.Errorf("as JSON: %.200s (%v)", text, err)
	}
	var table, chart bytes.Buffer
	if err := report.Scenarios[0].WriteTable(&table); err != nil || !strings.Contains(table.String(), "posthorn/relay") {
		t.Errorf("as a table: %s (%v)", &table, err)
	}
	if err := report.WriteChart(&chart); err != nil {
		t.Fatal(err)
	}
	bars := 0
	for decoder := xml.NewDecoder(&chart); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
		if element, isStart := token.(xml.StartElement); isStart && element.Name.Local == "rect" {
			bars++
		}
	}
	if bars < len(benchmark.Targets()) {
		t.Errorf("the chart has %d bars", bars)
	}
}

// Invariant: the other scenarios run to their end, in small; those left out differ from
// these by a number alone.
func TestScenariosRun(t *testing.T) {
	t.Parallel()
	o := small(t, "half", "batch", "fan-out-10", "http2", "neighbours", "slow-receivers", "backlog", "replay", "stored", "restart")
	o.Targets = []string{"relay", "posthorn"}
	o.Requests, o.Hanging, o.Waiting, o.Stored = 20, 2, 500, 2000
	report, err := benchmark.Run(t.Context(), o)
	if err != nil {
		t.Error(err)
	}
	for _, s := range report.Scenarios {
		if len(s.Targets) == 0 {
			t.Errorf("%s measured nothing", s.Name)
		}
	}
	for scenario, figure := range map[string][2]string{
		"neighbours": {"beside", "end to end p99"}, "backlog": {"beside", "backlog delivered"},
		"slow-receivers": {"beside", "publish p99"}, "replay": {"beside", "own end to end p99"},
		"stored": {"stored", "list: deliveries, deep cursor"}, "restart": {"posthorn", "first delivery after a kill"},
	} {
		i := slices.IndexFunc(report.Scenarios, func(s benchmark.ScenarioReport) bool { return s.Name == scenario })
		if f, found := report.Scenarios[i].Find(figure[0], figure[1]); !found || f.Median <= 0 {
			t.Errorf("%s has no %s", scenario, figure[1])
		}
	}
}

// Invariant: whoever is refused in an overload or a flood is answered and told when to
// come back, and all that was taken arrives.
func TestFloodsAreAnswered(t *testing.T) {
	t.Parallel()
	o := small(t, "overload", "flood")
	o.Requests = 20
	report, err := benchmark.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0.0
	for _, s := range report.Scenarios {
		for _, target := range s.Targets {
			for _, kind := range []string{"", "flood "} {
				f, _ := s.Find(target.Name, kind+"requests refused")
				refused += f.Median
				for _, never := range []string{"refused without a time", "not answered"} {
					if f, _ := s.Find(target.Name, kind+never); f.Median > 0 {
						t.Errorf("%s, %s: %s%s: %g", s.Name, target.Name, kind, never, f.Median)
					}
				}
				accepted, found := s.Find(target.Name, kind+"events accepted")
				if arrived, _ := s.Find(target.Name, kind+"events arrived"); found && accepted.Median != arrived.Median {
					t.Errorf("%s, %s: of %g that were accepted %g arrived", s.Name, target.Name, accepted.Median, arrived.Median)
				}
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// Invariant: what can't be measured is refused before anything starts, all of it at once.
func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	o := benchmark.Defaults()
	o.Scenarios, o.Targets, o.Database, o.Runs = []string{"speed"}, []string{"peer"}, "paper", 0
	_, err := benchmark.Run(t.Context(), o)
	for _, want := range []string{`"speed"`, `"peer"`, `"paper"`, "runs: 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v says nothing of %s", err, want)
		}
	}
}

// Invariant: when it is interrupted, it ends, and nothing of it is left.
func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	o := small(t, "saturation")
	o.Requests = 0 // it would take minutes
	o.Targets = []string{"posthorn"}
	o.Talk = talker(func(line string) {
		if strings.HasPrefix(line, "  posthorn") {
			time.AfterFunc(300*time.Millisecond, interrupt)
		}
	})
	if _, err := benchmark.Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(o.Directory); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// talker hears what is said.
type talker func(line string)

func (t talker) Write(p []byte) (int, error) {
	t(string(p))
	return len(p), nil
}
