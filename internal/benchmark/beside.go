package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// waitingEach is how many deliveries wait for each neighbour that hangs.
const waitingEach = 500

// besideNeighbours measures a healthy webhook alone, and beside others at a path, which
// says what is wrong with them.
func besideNeighbours(ctx context.Context, b *bench, path string) ([]outcome, error) {
	s := shape{concurrency: b.Connections, neighbours: b.Hanging, neighbourPath: path}
	alone, err := b.measureOn(ctx, targetPosthorn, s, b.paced(float64(b.Rate)))
	if err != nil {
		return nil, fmt.Errorf("alone: %w", err)
	}
	b.say("  beside %d neighbours", b.Hanging)
	st, err := b.set(ctx, targetPosthorn, s, "")
	if err != nil {
		return nil, err
	}
	beside, err := st.measureBesideNeighbours(ctx)
	if err := errors.Join(err, st.close()); err != nil {
		return nil, fmt.Errorf("beside: %w", err)
	}
	growth := float64(beside.after.PeakMemory-alone.after.PeakMemory) / (1 << 20)
	figures := append(beside.figures(), Figure{"deliveries waiting", "", float64(b.Hanging * waitingEach)}, Figure{"growth of memory", "MiB", growth})
	return []outcome{{"alone", alone.figures()}, {"beside", figures}}, nil
}

func (s *stage) measureBesideNeighbours(ctx context.Context) (measurement, error) {
	if err := s.addNeighbours(ctx); err != nil {
		return measurement{}, err
	}
	const batch = 10 // with the most neighbours, as many deliveries as a batch may make
	flood := s.closed()
	flood.Connections, flood.Requests, flood.Batch, flood.Family, flood.Duration = 1, waitingEach/batch, batch, hangingFamily, time.Hour
	flooded, err := s.publish(flood)
	if err != nil {
		return measurement{}, err
	}
	if flooded.Refused > 0 {
		return measurement{}, fmt.Errorf("events for the neighbours were refused: %s", flooded.Problem)
	}
	return s.measure(ctx, s.paced(float64(s.Rate)))
}

// besideBacklog measures a healthy webhook while another's deliveries wait for it to
// be resumed, and while they go out.
func besideBacklog(ctx context.Context, b *bench) ([]outcome, error) {
	st, err := b.set(ctx, targetPosthorn, shape{concurrency: b.Connections}, "")
	if err != nil {
		return nil, err
	}
	outcomes, err := st.measureBesideBacklog(ctx)
	return outcomes, errors.Join(err, st.close())
}

func (s *stage) measureBesideBacklog(ctx context.Context) ([]outcome, error) {
	id, err := s.api.register(ctx, registration{URL: s.url(backlogPath, 0), Events: []string{backlogFamily + ".*"}})
	if err != nil {
		return nil, err
	}
	if _, err := s.api.post(ctx, "/v1/webhooks/"+id+"/pause", struct{}{}); err != nil {
		return nil, err
	}
	told := filling{Deliveries: s.Waiting, Webhooks: []string{id}, Family: backlogFamily, DataSize: s.DataSize, Span: time.Hour}
	if err := s.fillBetween(ctx, told); err != nil {
		return nil, err
	}
	s.say("  alone")
	alone, err := s.measure(ctx, s.paced(float64(s.Rate)))
	if err != nil {
		return nil, fmt.Errorf("alone: %w", err)
	}
	s.say("  beside the backlog")
	if err := s.receiver.tell("reset", nil, nil); err != nil {
		return nil, err
	}
	if _, err := s.api.post(ctx, "/v1/webhooks/"+id+"/resume", struct{}{}); err != nil {
		return nil, err
	}
	beside, err := s.count(ctx, s.paced(float64(s.Rate)))
	if err != nil {
		return nil, fmt.Errorf("beside: %w", err)
	}
	beside.idle = alone.idle
	figures := append(beside.figures(), Figure{"deliveries waiting", "", float64(s.Waiting)}, Figure{"backlog delivered", "/s", beside.seen.Backlog.perSecond()})
	return []outcome{{"alone", alone.figures()}, {"beside", figures}}, nil
}

// fillBetween stops the server, fills its database and starts it again.
func (s *stage) fillBetween(ctx context.Context, told filling) error {
	if err := s.stopServer(); err != nil {
		return err
	}
	if err := s.fill(ctx, told); err != nil {
		return err
	}
	return s.startServer(ctx)
}

func (s *stage) fill(ctx context.Context, told filling) error {
	s.say("  filling the database with %d deliveries", told.Deliveries)
	told.Directory, told.Database = s.directory, s.Database
	c, err := startChild(ctx, roleFiller, s.Talk)
	if err != nil {
		return err
	}
	err = c.tell("fill", told, nil)
	return errors.Join(err, c.end())
}

// restart measures a server that starts while deliveries wait: after it was stopped,
// and after it was killed.
func restart(ctx context.Context, b *bench) ([]outcome, error) {
	st, err := b.set(ctx, targetPosthorn, shape{concurrency: b.Connections}, "")
	if err != nil {
		return nil, err
	}
	figures, err := st.measureRestart(ctx)
	return []outcome{{targetPosthorn, figures}}, errors.Join(err, st.close())
}

func (s *stage) measureRestart(ctx context.Context) ([]Figure, error) {
	if err := s.stopServer(); err != nil {
		return nil, err
	}
	told := filling{Deliveries: s.Waiting, Webhooks: s.webhooks, Family: usualFamily, DataSize: s.DataSize, Span: time.Hour}
	if err := s.fill(ctx, told); err != nil {
		return nil, err
	}
	figures, err := s.startTimed(ctx, "a stop")
	if err != nil {
		return nil, err
	}
	const underWay = 20_000 // it is killed while it delivers
	if err := s.await(min(s.Waiting/10, underWay)); err != nil {
		return nil, err
	}
	s.subject.kill()
	s.subject = nil
	if err := settle(ctx); err != nil {
		return nil, err
	}
	if err := s.receiver.tell("reset", nil, nil); err != nil {
		return nil, err
	}
	afterKill, err := s.startTimed(ctx, "a kill")
	if err != nil {
		return nil, err
	}
	peak := float64(usageOf(s.subject.pid()).PeakMemory) / (1 << 20)
	return append(append(figures, afterKill...), Figure{"deliveries waiting", "", float64(s.Waiting)}, Figure{"peak memory", "MiB", peak}), nil
}

// startTimed starts the server and tells how long after its process began it was ready,
// and the first delivery arrived.
func (s *stage) startTimed(ctx context.Context, after string) ([]Figure, error) {
	began := time.Now()
	if err := s.startServer(ctx); err != nil {
		return nil, err
	}
	ready := time.Since(began)
	if err := s.await(1); err != nil {
		return nil, err
	}
	arrived, err := s.arrived()
	if err != nil {
		return nil, err
	}
	first := time.Unix(0, arrived.Usual.First).Sub(began)
	return []Figure{
		{"ready after " + after, "ms", float64(ready.Microseconds()) / 1000},
		{"first delivery after " + after, "ms", float64(first.Microseconds()) / 1000},
	}, nil
}
