// Package starved knows how much of the time this process was kept from running: too
// little of a processor, a throttled container, a machine that swaps, a process that
// was stopped. What seems slow of a receiver then is slow of ours.
package starved

import (
	"context"
	"sync"
	"time"
)

// period is how often the meter wants to run, and grain how late it may do so without
// anything being amiss.
const (
	period = 100 * time.Millisecond
	grain  = 50 * time.Millisecond
)

// Meter measures for how long in all it could not run although it wanted to. It is
// safe for concurrent use.
type Meter struct {
	now func() time.Time

	mu   sync.Mutex
	last time.Time // when it last ran
	late time.Duration
}

// NewMeter makes a meter by a clock; it measures while Run runs.
func NewMeter(now func() time.Time) *Meter { return &Meter{now: now} }

// Run measures until ctx ends.
func (m *Meter) Run(ctx context.Context) {
	often := time.NewTicker(period)
	defer often.Stop()
	for m.tick(); ; m.tick() {
		select {
		case <-often.C:
		case <-ctx.Done():
			m.mu.Lock()
			defer m.mu.Unlock()
			m.last = time.Time{}
			return
		}
	}
}

func (m *Meter) tick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.late += m.overdue(now)
	m.last = now
}

// overdue is for how long the meter should have run again; who asks may run before
// it does.
func (m *Meter) overdue(now time.Time) time.Duration {
	if m.last.IsZero() {
		return 0
	}
	if overdue := now.Sub(m.last) - period; overdue > grain {
		return overdue
	}
	return 0
}

// Late is for how long it could not run, in all since it began.
func (m *Meter) Late() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.late + m.overdue(m.now())
}
