package benchmark

import (
	"context"
	"fmt"
	"time"
)

// The families of event types: the usual ones, those for neighbours that hang, those
// of a backlog, and those that are stored only.
const (
	usualFamily   = "bench"
	hangingFamily = "hanging"
	backlogFamily = "backlog"
	storedFamily  = "stored"
)

// Figure is one measured number.
type Figure struct {
	Name  string
	Unit  string
	Value float64
}

// measurement is what a load came to.
type measurement struct {
	sent       sent
	seen       seen
	deliveries int
	idle       int64
	before     usage
	after      usage
}

// measure runs a load: first a short part of it, so that connections are open and
// memory is laid out, then the whole, of which everything is counted.
func (s *stage) measure(ctx context.Context, l load) (measurement, error) {
	idle := usageOf(s.subject.pid()).Memory
	l = s.fitted(l)
	if err := s.warm(ctx, l); err != nil {
		return measurement{}, err
	}
	m, err := s.count(ctx, l)
	m.idle = idle
	return m, err
}

// warm runs a short part of a load that counts nowhere.
func (s *stage) warm(ctx context.Context, l load) error {
	l.Duration, l.Requests = min(time.Second, l.Duration/4), l.Requests/10
	if _, err := s.run(l); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	if err := settle(ctx); err != nil {
		return err
	}
	return s.receiver.tell("reset", nil, nil)
}

// count runs a load of which everything is counted.
func (s *stage) count(ctx context.Context, l load) (measurement, error) {
	var m measurement
	if s.CPUProfile != "" && s.target == targetPosthorn {
		if err := s.subject.tell("profile", s.CPUProfile, nil); err != nil {
			return m, err
		}
	}
	var err error
	m.before = usageOf(s.subject.pid())
	if m.sent, err = s.run(l); err != nil {
		return m, err
	}
	if err := settle(ctx); err != nil {
		return m, err
	}
	m.after = usageOf(s.subject.pid())
	if m.seen, err = s.arrived(); err != nil {
		return m, err
	}
	m.deliveries = m.sent.Events * s.matches()
	return m, nil
}

// settle gives a target the time to write down what has arrived.
func settle(ctx context.Context) error {
	const moment = 200 * time.Millisecond
	napUntil(ctx, time.Now().Add(moment))
	return ctx.Err()
}

// run publishes and waits until everything has arrived.
func (s *stage) run(l load) (sent, error) {
	result, err := s.publish(l)
	if err != nil {
		return result, err
	}
	if result.Events == 0 {
		return result, fmt.Errorf("nothing was accepted: %s", result.Problem)
	}
	return result, s.await(result.Events * s.matches())
}

// matches is how many deliveries an event has.
func (s *stage) matches() int {
	if s.isSpread || s.target == targetBare {
		return 1
	}
	return max(1, s.shape.webhooks)
}

// fitted gives the bare loop, which knows no events but deliveries alone, a load of as
// many deliveries.
func (s *stage) fitted(l load) load {
	if s.target != targetBare {
		return l
	}
	deliveries := max(1, l.Batch)
	if !s.isSpread {
		deliveries *= max(1, s.shape.webhooks)
	}
	l.Batch = 0
	l.Rate *= float64(deliveries)
	l.Requests *= deliveries
	l.Connections = s.Connections
	return l
}

// figures turns a measurement into numbers.
func (m measurement) figures() []Figure {
	events, usual := float64(max(1, m.sent.Events)), m.seen.Usual
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	mebibytes := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	list := []Figure{
		{"delivered", "/s", usual.perSecond()},
		{"published", "/s", float64(m.sent.Events) / max(m.sent.Elapsed.Seconds(), 1e-9)},
	}
	for _, percent := range []int{50, 95, 99} {
		list = append(list, Figure{fmt.Sprintf("publish p%d", percent), "ms", milliseconds(m.sent.Latencies.percentile(float64(percent)))})
	}
	for _, percent := range []int{50, 95, 99} {
		list = append(list, Figure{fmt.Sprintf("end to end p%d", percent), "ms", milliseconds(usual.Latencies.percentile(float64(percent)))})
	}
	list = append(list,
		Figure{"CPU per 1000 deliveries", "s", (m.after.CPU - m.before.CPU).Seconds() / float64(max(1, m.deliveries)) * 1000},
		Figure{"idle memory", "MiB", mebibytes(m.idle)},
		Figure{"peak memory", "MiB", mebibytes(m.after.PeakMemory)},
		Figure{"to disk per event", "B", float64(m.after.DiskBytes-m.before.DiskBytes) / events},
		Figure{"written per event", "B", float64(m.after.WrittenBytes-m.before.WrittenBytes) / events},
	)
	return append(list, m.sent.refusalFigures()...)
}

// refusalFigures tells of what was refused, if anything was.
func (s sent) refusalFigures() []Figure {
	if s.Refused == 0 {
		return nil
	}
	list := []Figure{{"requests refused", "", float64(s.Refused)}}
	for _, percent := range []int{50, 95, 99} {
		list = append(list, Figure{fmt.Sprintf("refusal p%d", percent), "ms", float64(s.Refusals.percentile(float64(percent))) / float64(time.Millisecond)})
	}
	return append(list, Figure{"refused without a time", "", float64(s.Unguided)}, Figure{"not answered", "", float64(s.Unanswered)})
}
