package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// waitingEach is how many deliveries wait for each webhook that hangs.
const waitingEach = 500

// neighboursVariable tells the receiver how many webhooks will hang.
const neighboursVariable = "POSTHORN_BENCH_NEIGHBOURS"

// neighbour is the address of a webhook that hangs. Each has a host of its own,
// as in life; all of 127.0.0.0/8 is this machine.
func neighbour(i int, port string) string {
	const each = 250
	return fmt.Sprintf("127.0.%d.%d:%s", 1+i/each, 1+i%each, port)
}

// compareNeighbours measures a healthy webhook alone and beside webhooks that
// hang and have a backlog.
func compareNeighbours(ctx context.Context, duration time.Duration, rate, hanging int) error {
	pace := func(p publisher) int { return p.pace(ctx, duration, rate) }
	if err := os.Setenv(neighboursVariable, strconv.Itoa(hanging)); err != nil {
		return fmt.Errorf("telling the receiver: %w", err)
	}
	alone, err := measure(ctx, serverTarget, pace)
	if err != nil {
		return fmt.Errorf("alone: %w", err)
	}
	beside, err := measure(ctx, beside(hanging), pace)
	if err != nil {
		return fmt.Errorf("beside %d that hang: %w", hanging, err)
	}
	fmt.Printf("a healthy webhook at %d events a second, %v\n", rate, duration)
	for name, f := range map[string]figures{"alone": alone, "beside": beside} {
		fmt.Printf("  %-7s latency p50 %s  p95 %s  p99 %s   server peak %d MiB\n", name,
			f.arrivals.percentile(50), f.arrivals.percentile(95), f.arrivals.percentile(99), f.server.peakMemory>>20)
	}
	fmt.Printf("  beside %d webhooks that hang with %d deliveries waiting: p99 is %.2f of alone, memory %+d MiB\n", hanging, hanging*waitingEach,
		float64(beside.arrivals.percentile(99))/float64(alone.arrivals.percentile(99)), (beside.server.peakMemory-alone.server.peakMemory)>>20)
	return nil
}

// beside starts a server whose healthy webhook has neighbours that hang.
func beside(hanging int) target {
	return func(ctx context.Context, receiver string) (publisher, func() (usage, error), error) {
		p, stop, err := serverTarget(ctx, receiver)
		if err != nil {
			return p, stop, err
		}
		_, port, err := net.SplitHostPort(receiver)
		if err != nil {
			return p, nil, fmt.Errorf("reading the receiver's address: %w", err)
		}
		for i := range hanging {
			if err := register(ctx, p.server, "http://"+neighbour(i, port)+hangingPath, "hanging.*"); err != nil {
				_, _ = stop()
				return p, nil, err
			}
		}
		flood := p
		flood.body = func(data string) string { return `{"type":"hanging.event","data":` + data + `}` }
		for range waitingEach {
			if !flood.post(ctx, time.Now()) {
				_, _ = stop()
				return p, nil, fmt.Errorf("an event for the webhooks that hang was refused")
			}
		}
		return p, stop, nil
	}
}
