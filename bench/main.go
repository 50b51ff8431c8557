// Command bench is posthorn bench, to be run out of the source:
//
//	go run ./bench
//	go run ./bench --scenario saturation,tls --runs 5 -o json
//
// Package internal/benchmark does the work; docs/performance.md explains the figures.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/posthorn/posthorn/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, slices.Concat([]string{"posthorn", "bench"}, os.Args[1:]), os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
