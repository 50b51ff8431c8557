package benchmark

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// flood is a way in which a workspace asks for more than its part.
type flood struct {
	name string
	// isPlatform says that a platform key publishes for it.
	isPlatform bool
	settings   map[string]string
	load       load
}

// floods are those that are measured. Each lasts as long as it is told.
func (b *bench) floods() []flood {
	const share, rate, batch = 256, 1000, 1000 // the defaults of max-requests and event-rate, and the most events of a batch
	limited := map[string]string{"max-requests": fmt.Sprint(share), "event-rate": fmt.Sprint(rate)}
	shared := map[string]string{"max-requests": fmt.Sprint(share)}
	singly := load{Connections: 2 * share, DataSize: b.DataSize, Family: backlogFamily, Types: 1}
	paced, batches := singly, singly
	paced.Rate = 10 * rate
	batches.Connections, batches.Batch = b.Connections, batch
	return []flood{
		{name: "rate", settings: limited, load: paced},
		{name: "requests", settings: shared, load: singly},
		{name: "platform key", isPlatform: true, settings: shared, load: singly},
		{name: "batches", settings: shared, load: batches},
	}
}

// besideFloods measures a workspace alone, and beside another one that floods.
func besideFloods(ctx context.Context, b *bench) ([]outcome, error) {
	var outcomes []outcome
	for i, f := range b.floods() {
		b.say("  %s", f.name)
		st, err := b.set(ctx, targetPosthorn, shape{concurrency: b.Connections, settings: f.settings}, "")
		if err != nil {
			return nil, err
		}
		alone, beside, err := st.measureBesideFlood(ctx, f, i == 0)
		if err := errors.Join(err, st.close()); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if alone != nil {
			outcomes = append(outcomes, outcome{"alone", alone})
		}
		outcomes = append(outcomes, outcome{f.name, beside})
	}
	return outcomes, nil
}

// measureBesideFlood measures the first workspace alone, if that is wanted, and beside
// a flood of the second.
func (s *stage) measureBesideFlood(ctx context.Context, f flood, isFirst bool) ([]Figure, []Figure, error) {
	key, err := s.joinFlood(ctx, &f)
	if err != nil {
		return nil, nil, err
	}
	l := s.paced(float64(s.Rate))
	var alone []Figure
	if isFirst {
		m, err := s.measure(ctx, l)
		if err != nil {
			return nil, nil, fmt.Errorf("alone: %w", err)
		}
		alone = m.figures()
	}
	idle := usageOf(s.subject.pid()).Memory
	if err := s.warm(ctx, l); err != nil {
		return nil, nil, err
	}
	flooder, err := startChild(ctx, rolePublisher, s.Talk)
	if err != nil {
		return nil, nil, err
	}
	defer flooder.kill()
	const before = 500 * time.Millisecond
	f.load.Duration = 2*before + lasting(l)
	var flooded sent
	var floodErr error
	var group sync.WaitGroup
	group.Go(func() { flooded, floodErr = s.publishFrom(flooder, key, f.load) })
	napUntil(ctx, time.Now().Add(before))
	m, err := s.count(ctx, l)
	group.Wait()
	if err := errors.Join(err, floodErr); err != nil {
		return nil, nil, err
	}
	m.idle = idle
	arrived, err := s.drain(flooded)
	return alone, append(m.figures(), flooded.floodFigures(arrived)...), err
}

// joinFlood makes the workspace that floods, has the one that is measured use a key of
// its own, and returns the key that the flood comes with.
func (s *stage) joinFlood(ctx context.Context, f *flood) (string, error) {
	other, err := s.api.newTenant(ctx)
	if err != nil {
		return "", err
	}
	_, err = s.api.as(other.key).register(ctx, registration{URL: s.url(backlogPath, 0), Events: []string{backlogFamily + ".*"}, Concurrency: s.concurrency})
	if err != nil {
		return "", err
	}
	own, err := s.api.newKey(ctx, "")
	if err != nil {
		return "", err
	}
	key := other.key
	if f.isPlatform {
		key, f.load.Environment = s.api.key, other.environment
	}
	s.api = s.api.as(own)
	return key, nil
}

// drain waits until what a flood got accepted has arrived, and returns how much did.
func (s *stage) drain(flooded sent) (int64, error) {
	const patience = 30 * time.Second
	if err := s.receiver.tell("wait", waiting{Backlog: int64(flooded.Events), Patience: patience}, nil); err != nil {
		return 0, err
	}
	seen, err := s.arrived()
	return seen.Backlog.Count, err
}

// lasting is about how long a paced load takes.
func lasting(l load) time.Duration {
	if l.Requests > 0 {
		return min(l.Duration, time.Duration(float64(l.Requests)/l.Rate*float64(time.Second)))
	}
	return l.Duration
}

// floodFigures tells what came of a flood.
func (s sent) floodFigures(arrived int64) []Figure {
	seconds := max(s.Elapsed.Seconds(), 1e-9)
	list := []Figure{
		{"flood requests", "/s", float64(s.Requests) / seconds},
		{"flood accepted", "/s", float64(s.Events) / seconds},
		{"flood events accepted", "", float64(s.Events)},
		{"flood events arrived", "", float64(arrived)},
		{"flood publish p99", "ms", float64(s.Latencies.percentile(99)) / float64(time.Millisecond)},
	}
	for _, f := range s.refusalFigures() {
		list = append(list, Figure{"flood " + f.Name, f.Unit, f.Value})
	}
	return list
}
