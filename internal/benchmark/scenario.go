package benchmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scenario tells of a scenario that can be chosen.
type Scenario struct {
	Name    string
	Summary string
	// IsQuick says that it is measured unless one asks for others.
	IsQuick bool
}

// Scenarios returns what can be measured.
func Scenarios() []Scenario {
	var list []Scenario
	for _, s := range scenarios() {
		list = append(list, Scenario{Name: s.name, Summary: s.summary, IsQuick: s.isQuick})
	}
	return list
}

// scenario is a situation that is measured.
type scenario struct {
	name    string
	summary string
	isQuick bool
	// baselines are the columns that the others are compared with.
	baselines []string
	// prepare, unless it is nil, makes what all runs share, and how to remove it.
	prepare func(ctx context.Context, b *bench) (remove func() error, err error)
	// run measures every target once.
	run func(ctx context.Context, b *bench) ([]outcome, error)
}

// outcome is what was measured of one target in one run.
type outcome struct {
	target  string
	figures []Figure
}

// scenarios returns all scenarios, in the order in which they are shown.
func scenarios() []scenario {
	return []scenario{
		usual("saturation", "64 connections publish as fast as they are answered, to one webhook", shape{}, func(b *bench) load { return b.closed() }).quick(),
		usual("paced", "events at a steady rate (100 a second), latencies from the planned moment", shape{}, func(b *bench) load { return b.paced(float64(b.Rate)) }).quick(),
		half(),
		usual("batch", "100 events in each request, from an eighth of the connections", shape{}, func(b *bench) load {
			l := b.closed()
			l.Connections, l.Batch = max(1, b.Connections/8), 100
			return l
		}),
		usual("fan-out-10", "each event goes to 10 webhooks", shape{webhooks: 10}, func(b *bench) load { return b.closed() }),
		usual("fan-out-1000", "each event goes to 1000 webhooks, one publish call after the other", shape{webhooks: 1000, concurrency: 8}, func(b *bench) load {
			l := b.closed()
			l.Connections = 1
			return l
		}),
		usual("fan-out-1000-paced", "two events a second, each to 1000 webhooks: how long a call takes while the last one's deliveries are over", shape{webhooks: 1000, concurrency: 8},
			func(b *bench) load { return b.paced(2) }),
		usual("large", "64 KiB of data in each event", shape{}, func(b *bench) load {
			l := b.closed()
			l.DataSize = 64 << 10
			return l
		}),
		usual("webhooks-1000", "events of 1000 types, each for a webhook of its own", shape{webhooks: 1000, isSpread: true, concurrency: 8}, func(b *bench) load {
			l := b.closed()
			l.Types = 1000
			return l
		}),
		usual("tls", "saturation, receivers over TLS", shape{isTLS: true}, func(b *bench) load { return b.closed() }),
		usual("http2", "saturation, receivers over HTTP/2", shape{isTLS: true, isHTTP2: true}, func(b *bench) load { return b.closed() }),
		{name: "neighbours", summary: "a paced webhook alone, and beside 200 that hang with 500 deliveries waiting for each", baselines: []string{"alone"}, run: beside(hangingPath)},
		{name: "slow-receivers", summary: "a paced webhook alone, and beside 200 that answer after four to six seconds, with 500 deliveries waiting for each", baselines: []string{"alone"}, run: beside(slowPath)},
		{name: "backlog", summary: "a paced webhook alone, and beside one that comes back with a million deliveries waiting", baselines: []string{"alone"}, run: besideBacklog},
		{name: "overload", summary: "saturation, and sixteen times as many connections that publish as fast as they are answered", baselines: []string{"saturation"}, run: overload},
		{name: "flood", summary: "a paced workspace alone, and beside another that floods: beyond its rate, with all its requests, with a platform key, with batches", baselines: []string{"alone"}, run: besideFloods},
		{name: "replay", summary: "a paced webhook alone, and beside another whose million deliveries are replayed; new events of that one too; then a kill", baselines: []string{"alone"}, run: besideReplay},
		{name: "stored", summary: "saturation and every list on an empty database, and on one with ten million deliveries", baselines: []string{"empty"}, prepare: fillStored, run: besideStored},
		{name: "restart", summary: "how soon a server with a million deliveries waiting is ready and delivers, after a stop and after a kill", run: restart},
	}
}

func (s scenario) quick() scenario {
	s.isQuick = true
	return s
}

// usual is a scenario that measures all targets in the same way.
func usual(name, summary string, s shape, loadOf func(b *bench) load) scenario {
	return scenario{name: name, summary: summary, baselines: []string{targetBare, targetRelay}, run: func(ctx context.Context, b *bench) ([]outcome, error) {
		return b.eachTarget(ctx, s, loadOf(b))
	}}
}

// beside is a scenario with other webhooks at a path.
func beside(path string) func(context.Context, *bench) ([]outcome, error) {
	return func(ctx context.Context, b *bench) ([]outcome, error) { return besideNeighbours(ctx, b, path) }
}

// half is paced at half of what Posthorn reaches at saturation, for all targets.
func half() scenario {
	s := usual("half", "events at half of the rate that Posthorn reaches at saturation", shape{}, nil)
	s.run = func(ctx context.Context, b *bench) ([]outcome, error) {
		rate, err := b.saturation(ctx)
		if err != nil {
			return nil, err
		}
		return b.eachTarget(ctx, shape{}, b.paced(rate/2))
	}
	return s
}

func (b *bench) eachTarget(ctx context.Context, s shape, l load) ([]outcome, error) {
	if s.concurrency == 0 {
		s.concurrency = b.Connections
	}
	var outcomes []outcome
	for _, target := range b.Targets {
		m, err := b.measureOn(ctx, target, s, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", target, err)
		}
		outcomes = append(outcomes, outcome{target, m.figures()})
	}
	return outcomes, nil
}

// measureOn measures a target on a stage of its own.
func (b *bench) measureOn(ctx context.Context, target string, s shape, l load) (measurement, error) {
	b.say("  %s", target)
	st, err := b.set(ctx, target, s, "")
	if err != nil {
		return measurement{}, err
	}
	m, err := st.measure(ctx, l)
	return m, errors.Join(err, st.close())
}

// closed is the load at saturation.
func (b *bench) closed() load {
	return load{Connections: b.Connections, Duration: b.Duration, Requests: b.Requests, DataSize: b.DataSize, Family: usualFamily, Types: 1}
}

// paced is a load at a steady rate.
func (b *bench) paced(rate float64) load {
	l := b.closed()
	l.Rate = rate
	return l
}

// saturation returns how many events a second Posthorn delivers, from the scenario of
// that name or else measured for this.
func (b *bench) saturation(ctx context.Context) (float64, error) {
	if len(b.saturated) == 0 {
		b.say("  saturation, to know the half of it")
		l := b.closed()
		l.Duration = max(l.Duration/2, 100*time.Millisecond)
		m, err := b.measureOn(ctx, targetPosthorn, shape{concurrency: b.Connections}, l)
		if err != nil {
			return 0, err
		}
		b.saturated = append(b.saturated, m.seen.Usual.perSecond())
	}
	return median(b.saturated), nil
}

func findScenario(name string) (scenario, bool) {
	list := scenarios()
	i := slices.IndexFunc(list, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, false
	}
	return list[i], true
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}
