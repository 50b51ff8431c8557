package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// compare runs each scenario against the bare receiver and through the server.
func compare(ctx context.Context, duration time.Duration, connections, rate int) error {
	saturate := func(p publisher) int { return p.saturate(ctx, duration, connections) }
	if err := besides(ctx, fmt.Sprintf("saturation, %d connections, %v", connections, duration), saturate); err != nil {
		return err
	}
	pace := func(p publisher) int { return p.pace(ctx, duration, rate) }
	return besides(ctx, fmt.Sprintf("paced, %d events a second, %v", rate, duration), pace)
}

func besides(ctx context.Context, title string, publish func(p publisher) int) error {
	bare, err := measure(ctx, bareTarget, publish)
	if err != nil {
		return fmt.Errorf("%s, bare: %w", title, err)
	}
	through, err := measure(ctx, serverTarget, publish)
	if err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	fmt.Println(title)
	bare.print("bare client", nil)
	through.print("posthorn", &bare)
	return nil
}

// target starts what is published to. It returns who publishes to it, and how to
// stop it.
type target func(ctx context.Context, receiver string) (publisher, func() (usage, error), error)

// figures are what a scenario came to.
type figures struct {
	published int
	arrivals  arrivals
	// perSecond counts arrivals between the first and the last.
	perSecond float64
	server    usage
}

func measure(ctx context.Context, start target, publish func(p publisher) int) (figures, error) {
	receiver, err := startChild(ctx, "receiver")
	if err != nil {
		return figures{}, err
	}
	defer receiver.kill()
	p, stop, err := start(ctx, receiver.address)
	if err != nil {
		return figures{}, err
	}
	published := publish(p)
	if err := receiver.waitFor(ctx, published); err != nil {
		return figures{}, err
	}
	server, err := stop()
	if err != nil {
		return figures{}, err
	}
	result := figures{published: published, server: server}
	if err := receiver.finish(&result.arrivals); err != nil {
		return figures{}, err
	}
	if seconds := result.arrivals.Last.Sub(result.arrivals.First).Seconds(); seconds > 0 {
		result.perSecond = float64(result.arrivals.Count) / seconds
	}
	return result, nil
}

func bareTarget(_ context.Context, receiver string) (publisher, func() (usage, error), error) {
	nothing := func() (usage, error) { return usage{}, nil }
	return publisher{url: "http://" + receiver, client: newClient(), body: dataOnly}, nothing, nil
}

func (f figures) print(name string, bare *figures) {
	fmt.Printf("  %-12s %7.0f deliveries/s   latency p50 %s  p95 %s  p99 %s", name, f.perSecond,
		f.arrivals.percentile(50), f.arrivals.percentile(95), f.arrivals.percentile(99))
	if bare != nil {
		fmt.Printf("   %.2f of bare; server %.2f CPU-s per 1000, peak %d MiB",
			f.perSecond/bare.perSecond, f.server.cpu.Seconds()/float64(f.published)*1000, f.server.peakMemory>>20)
	}
	fmt.Println()
}

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1024, MaxIdleConns: 1024, DisableCompression: true},
		Timeout:   time.Minute,
	}
}
