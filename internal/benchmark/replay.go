package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// besideReplay measures a webhook alone and while another's deliveries are replayed, and
// new events of that other one; then what a kill in the middle does to the replay.
func besideReplay(ctx context.Context, b *bench) ([]outcome, error) {
	st, err := b.set(ctx, targetPosthorn, shape{concurrency: b.Connections}, "")
	if err != nil {
		return nil, err
	}
	outcomes, err := st.measureBesideReplay(ctx)
	return outcomes, errors.Join(err, st.close())
}

// replaying is a replay that is watched.
type replaying struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Examined int64  `json:"examined"`
	Replayed int64  `json:"replayed"`
}

func (s *stage) measureBesideReplay(ctx context.Context) ([]outcome, error) {
	id, err := s.api.register(ctx, registration{URL: s.url(backlogPath, 0), Events: []string{backlogFamily + ".*"}})
	if err != nil {
		return nil, err
	}
	told := filling{Deliveries: s.Waiting, Webhooks: []string{id}, IsCancelled: true, Family: backlogFamily, DataSize: s.DataSize, Span: time.Hour}
	if err := s.fillBetween(ctx, told); err != nil {
		return nil, err
	}
	s.say("  alone")
	usual, own := s.paced(float64(s.Rate)), s.paced(float64(s.Rate))
	own.Family = backlogFamily
	alone, err := s.measure(ctx, usual)
	if err != nil {
		return nil, fmt.Errorf("alone: %w", err)
	}
	ownAlone, err := s.countOwn(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("its own events alone: %w", err)
	}
	count, err := s.countReplay(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.receiver.tell("reset", nil, nil); err != nil {
		return nil, err
	}
	s.say("  beside the replay")
	r, err := s.startReplay(ctx, id)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	beside, err := s.count(ctx, usual)
	if err != nil {
		return nil, fmt.Errorf("beside: %w", err)
	}
	beside.idle = alone.idle
	ownBeside, err := s.countOwn(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("its own events: %w", err)
	}
	if r, err = s.replay(ctx, r.ID); err != nil {
		return nil, err
	}
	rate := float64(r.Replayed) / time.Since(began).Seconds()
	killed, err := s.killDuringReplay(ctx, r, int64(ownBeside.sent.Events))
	if err != nil {
		return nil, fmt.Errorf("after a kill: %w", err)
	}
	figures := append(append(beside.figures(), count...), Figure{"replayed", "/s", rate})
	return []outcome{
		{"alone", append(alone.figures(), ownAlone.ownFigures()...)},
		{"beside", append(append(figures, ownBeside.ownFigures()...), killed...)},
	}, nil
}

// countOwn runs a load of new events of the webhook that is replayed.
func (s *stage) countOwn(ctx context.Context, l load) (measurement, error) {
	var m measurement
	var err error
	before, err := s.arrived()
	if err != nil {
		return m, err
	}
	if m.sent, err = s.publish(l); err != nil {
		return m, err
	}
	const patience = 30 * time.Second
	fresh := before.Backlog.Latencies.count() + int64(m.sent.Events)
	if err := s.receiver.tell("wait", waiting{Fresh: fresh, Patience: patience}, nil); err != nil {
		return m, err
	}
	m.seen, err = s.arrived()
	return m, err
}

// ownFigures are those of new events of the webhook that is replayed.
func (m measurement) ownFigures() []Figure {
	m.seen.Usual = m.seen.Backlog
	var list []Figure
	for _, f := range m.figures() {
		switch f.Name {
		case "publish p50", "publish p95", "publish p99", "end to end p50", "end to end p95", "end to end p99":
			list = append(list, Figure{"own " + f.Name, f.Unit, f.Value})
		}
	}
	return list
}

// countReplay times a dry run.
func (s *stage) countReplay(ctx context.Context, webhook string) ([]Figure, error) {
	began := time.Now()
	said, err := s.api.post(ctx, "/v1/webhooks/"+webhook+"/replays", map[string]any{"statuses": []string{"cancelled"}, "dryRun": true})
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	counted, err := readData[struct {
		Matching int `json:"matching"`
	}](said)
	return []Figure{{"deliveries to replay", "", float64(s.Waiting)}, {"dry run counts", "", float64(counted.Matching)}, {"dry run", "ms", float64(took.Microseconds()) / 1000}}, err
}

func (s *stage) startReplay(ctx context.Context, webhook string) (replaying, error) {
	said, err := s.api.post(ctx, "/v1/webhooks/"+webhook+"/replays", map[string]any{"statuses": []string{"cancelled"}})
	if err != nil {
		return replaying{}, err
	}
	return readData[replaying](said)
}

func (s *stage) replay(ctx context.Context, id string) (replaying, error) {
	said, err := s.api.get(ctx, "/v1/replays/"+id)
	if err != nil {
		return replaying{}, err
	}
	return readData[replaying](said)
}

// killDuringReplay kills the server, starts it again and lets the replay go on for a
// while. Then it tells how soon that was, and how much arrived twice or not at all of
// what was made due. Fresh is how many of the arrivals are no part of the replay.
func (s *stage) killDuringReplay(ctx context.Context, before replaying, fresh int64) ([]Figure, error) {
	s.say("  after a kill")
	s.subject.kill()
	s.subject = nil
	began := time.Now()
	if err := s.startServer(ctx); err != nil {
		return nil, err
	}
	const longest, every, afterwards = time.Minute, 10 * time.Millisecond, 2 * time.Second
	var wentOn time.Duration
	for r := before; wentOn == 0; {
		var err error
		if r, err = s.replay(ctx, before.ID); err != nil {
			return nil, err
		}
		if r.Replayed < before.Replayed {
			return nil, fmt.Errorf("it has replayed %d, and had replayed %d before it was killed", r.Replayed, before.Replayed)
		}
		if r.Replayed > before.Replayed || r.Status != "running" {
			wentOn = time.Since(began)
		}
		if time.Since(began) > longest {
			return nil, fmt.Errorf("it has not gone on for %v", longest)
		}
		napUntil(ctx, time.Now().Add(every))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	napUntil(ctx, time.Now().Add(min(afterwards, s.Duration)))
	if _, err := s.api.post(ctx, "/v1/replays/"+before.ID+"/cancel", struct{}{}); err != nil && ctx.Err() != nil {
		return nil, err // a replay that is done can't be cancelled
	}
	over, err := s.replay(ctx, before.ID)
	if err != nil {
		return nil, err
	}
	const patience = 30 * time.Second
	if err := s.receiver.tell("wait", waiting{Backlog: over.Replayed + fresh, Patience: patience}, nil); err != nil {
		return nil, err
	}
	if err := settle(ctx); err != nil {
		return nil, err
	}
	seen, err := s.arrived()
	return []Figure{
		{"goes on after a kill", "ms", float64(wentOn.Microseconds()) / 1000},
		{"replayed in all", "", float64(over.Replayed)},
		{"sent twice", "", float64(seen.Backlog.Count - over.Replayed - fresh)},
	}, err
}
