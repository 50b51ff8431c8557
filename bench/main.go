// Command bench measures Posthorn on this machine: a publisher, the server and a
// receiver run as processes of their own and talk over loopback.
//
//	go run ./bench
//
// It prints the deliveries a second at saturation (64 connections, one webhook,
// 500-byte events, SQLite with full sync) and the time from publishing to
// arrival at 100 events a second, both beside a bare client that posts straight
// to the receiver: the ratio is what compares between machines. With
// POSTHORN_BENCH_PROFILE=FILE the server writes a CPU profile of its last
// scenario. With -hanging N it measures instead how a healthy webhook fares beside
// N webhooks that hang and have a backlog.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// roleVariable tells a child process what it is.
const roleVariable = "POSTHORN_BENCH_ROLE"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	switch os.Getenv(roleVariable) {
	case "server":
		return serve(ctx)
	case "receiver":
		return receive(ctx)
	}
	duration := flag.Duration("duration", 10*time.Second, "how long each scenario runs")
	connections := flag.Int("connections", 64, "connections that publish at saturation")
	rate := flag.Int("rate", 100, "events a second of the paced scenario")
	hanging := flag.Int("hanging", 0, "also measure a healthy webhook beside so many that hang, with 500 deliveries waiting for each")
	flag.Parse()
	if *duration < time.Second || *duration > 10*time.Minute || *connections < 1 || *connections > 1024 || *rate < 1 || *rate > 100_000 || *hanging < 0 || *hanging > 500 {
		return errors.New("out of bounds: -duration is 1s to 10m, -connections 1 to 1024, -rate 1 to 100000, -hanging 0 to 500")
	}
	if *hanging > 0 {
		return compareNeighbours(ctx, *duration, *rate, *hanging)
	}
	return compare(ctx, *duration, *connections, *rate)
}
