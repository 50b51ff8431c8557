package benchmark

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options says what to measure, and how.
type Options struct {
	// Scenarios are names out of Scenarios; Targets are names out of Targets.
	Scenarios []string
	Targets   []string
	// Runs is how often each scenario is run; the targets take turns within a run.
	Runs int
	// Duration is how long each load lasts. Requests, unless it is 0, ends it after so
	// many requests.
	Duration time.Duration
	Requests int
	// Connections is how many publish at saturation, and how many requests a webhook
	// may have under way.
	Connections int
	// Rate is how many events a second are published in the paced scenarios.
	Rate int
	// DataSize is the size of an event's data in bytes.
	DataSize int
	// Hanging is how many neighbours hang; Waiting and Stored are how many deliveries
	// wait, and are stored, in the scenarios about that.
	Hanging int
	Waiting int
	Stored  int
	// Database is one of Databases.
	Database string
	// Directory is where the databases of the run lie, each in a directory that is
	// removed afterwards; empty for the system's place for temporary files.
	Directory string
	// CPUProfile is a file for a profile of the server in the last measurement, or
	// empty.
	CPUProfile string
	// Talk is told how it goes on.
	Talk io.Writer
	// Done is told of each scenario when it is over; may be nil.
	Done func(ScenarioReport) error
}

// Defaults returns what is measured unless one asks for something else: the quick
// scenarios.
func Defaults() Options {
	o := Options{
		Targets: []string{targetBare, targetRelay, targetPosthorn}, Runs: 3, Duration: 10 * time.Second, Connections: 64, Rate: 100,
		DataSize: 500, Hanging: 200, Waiting: 1_000_000, Stored: 10_000_000, Database: databaseSQLite, Talk: io.Discard,
	}
	for _, s := range scenarios() {
		if s.isQuick {
			o.Scenarios = append(o.Scenarios, s.name)
		}
	}
	return o
}

// Validate returns an error that names every mistake.
func (o Options) Validate() error {
	var mistakes []error
	for _, name := range o.Scenarios {
		if _, found := findScenario(name); !found {
			mistakes = append(mistakes, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(scenarioNames(), ", ")))
		}
	}
	for _, name := range o.Targets {
		if !slices.Contains(Targets(), name) {
			mistakes = append(mistakes, fmt.Errorf("%q can't be measured; choose from %s", name, strings.Join(Targets(), ", ")))
		}
	}
	if !slices.Contains(Databases(), o.Database) {
		mistakes = append(mistakes, fmt.Errorf("%q is not a database that can be measured; choose from %s", o.Database, strings.Join(Databases(), ", ")))
	}
	if o.Duration < 100*time.Millisecond || o.Duration > time.Hour {
		mistakes = append(mistakes, errors.New("a load lasts from 100ms to 1h"))
	}
	for _, bound := range []struct {
		what               string
		value, least, most int
	}{
		{"scenarios", len(o.Scenarios), 1, 100},
		{"targets", len(o.Targets), 1, 100},
		{"runs", o.Runs, 1, 100},
		{"requests", o.Requests, 0, 1e9},
		{"connections", o.Connections, 1, 256},
		{"the rate", o.Rate, 1, 100_000},
		{"the size of data", o.DataSize, 50, 1 << 19},
		{"neighbours that hang", o.Hanging, 1, 500},
		{"deliveries that wait", o.Waiting, 1, 100_000_000},
		{"stored deliveries", o.Stored, 1000, 1_000_000_000},
	} {
		if bound.value < bound.least || bound.value > bound.most {
			mistakes = append(mistakes, fmt.Errorf("%s: %d is not within %d and %d", bound.what, bound.value, bound.least, bound.most))
		}
	}
	return errors.Join(mistakes...)
}
