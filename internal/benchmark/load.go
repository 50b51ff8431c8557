package benchmark

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// load is how events are published.
type load struct {
	Connections int `json:"connections"`
	// Rate is how many requests are planned for a second, evenly spaced; with 0 each
	// connection makes the next as soon as it has the answer.
	Rate float64 `json:"rate"`
	// Duration is how long; Requests, unless it is 0, is how many at most.
	Duration time.Duration `json:"duration"`
	Requests int           `json:"requests"`
	// Batch is how many events a request has; below 2 it is one by itself.
	Batch int `json:"batch"`
	// DataSize is the size of an event's data in bytes.
	DataSize int `json:"dataSize"`
	// Family begins the event types; Types is how many there are, in turn.
	Family string `json:"family"`
	Types  int    `json:"types"`
	// Environment is the id of where the events belong; empty for where the key's do.
	Environment string `json:"environment,omitempty"`
}

// sent is what came of a load. Latencies count from the moment that a request was
// planned for to its answer.
type sent struct {
	Requests  int           `json:"requests"`
	Events    int           `json:"events"`
	Refused   int           `json:"refused"`
	Elapsed   time.Duration `json:"elapsed"`
	Latencies distribution  `json:"latencies"`
	// Refusals are the latencies of refusals, from when they were sent: whoever asks for
	// more than is answered plans in vain. Of what was refused, Unanswered got no
	// answer at all, and Unguided one that isn't 429 or 503 or doesn't say when to come
	// back.
	Refusals   distribution `json:"refusals"`
	Unanswered int          `json:"unanswered"`
	Unguided   int          `json:"unguided"`
	// Problem is why the first one was refused.
	Problem string `json:"problem,omitempty"`
}

// post makes the numbered request, planned for a moment. It returns how many events
// were accepted.
type post func(ctx context.Context, planned time.Time, number int) (int, error)

// driver makes a load's requests from all its connections.
type driver struct {
	load       load
	latencies  histogram
	refusals   histogram
	requests   atomic.Int64
	events     atomic.Int64
	refused    atomic.Int64
	unanswered atomic.Int64
	unguided   atomic.Int64
	problem    atomic.Pointer[string]
	numbers    atomic.Int64
}

// drive runs a load until it is over or ctx ends. Each connection has a post of its
// own.
func drive(ctx context.Context, l load, connect func() post) sent {
	d := &driver{load: l}
	began := time.Now()
	if l.Rate > 0 {
		d.pace(ctx, began, connect)
	} else {
		d.saturate(ctx, began.Add(l.Duration), connect)
	}
	result := sent{
		Requests: int(d.requests.Load()), Events: int(d.events.Load()), Refused: int(d.refused.Load()),
		Elapsed: time.Since(began), Latencies: d.latencies.distribution(),
		Refusals: d.refusals.distribution(), Unanswered: int(d.unanswered.Load()), Unguided: int(d.unguided.Load()),
	}
	if problem := d.problem.Load(); problem != nil {
		result.Problem = *problem
	}
	return result
}

// saturate is the closed loop.
func (d *driver) saturate(ctx context.Context, until time.Time, connect func() post) {
	var group sync.WaitGroup
	for range d.load.Connections {
		request := connect()
		group.Go(func() {
			for ctx.Err() == nil {
				number, now := d.next(), time.Now()
				if number < 0 || !now.Before(until) {
					return
				}
				d.do(ctx, request, now, number)
			}
		})
	}
	group.Wait()
}

// pace is the open loop: a request that finds every connection busy waits, and its
// latency counts from when it was planned all the same.
func (d *driver) pace(ctx context.Context, began time.Time, connect func() post) {
	type turn struct {
		planned time.Time
		number  int
	}
	turns := make(chan turn)
	var group sync.WaitGroup
	for range d.load.Connections {
		request := connect()
		group.Go(func() {
			for t := range turns {
				d.do(ctx, request, t.planned, t.number)
			}
		})
	}
	gap := float64(time.Second) / d.load.Rate
	for number := d.next(); number >= 0 && ctx.Err() == nil; number = d.next() {
		after := time.Duration(float64(number) * gap)
		if after >= d.load.Duration {
			break
		}
		napUntil(ctx, began.Add(after))
		turns <- turn{began.Add(after), number}
	}
	close(turns)
	group.Wait()
}

// next returns the number of the next request, or -1 when there were enough.
func (d *driver) next() int {
	number := int(d.numbers.Add(1)) - 1
	if d.load.Requests > 0 && number >= d.load.Requests {
		return -1
	}
	return number
}

func (d *driver) do(ctx context.Context, request post, planned time.Time, number int) {
	begun := time.Now()
	accepted, err := request(ctx, planned, number)
	d.requests.Add(1)
	if err != nil {
		d.refusedBy(err, time.Since(begun))
		return
	}
	d.events.Add(int64(accepted))
	d.latencies.add(time.Since(planned))
}

func (d *driver) refusedBy(err error, after time.Duration) {
	d.refused.Add(1)
	text := err.Error()
	d.problem.CompareAndSwap(nil, &text)
	var told *refusal
	if !errors.As(err, &told) {
		d.unanswered.Add(1)
		return
	}
	d.refusals.add(after)
	if !told.saysWhen() {
		d.unguided.Add(1)
	}
}
