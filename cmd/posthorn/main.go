// Command posthorn sends webhooks: the server and its command line in one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/posthorn/posthorn/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the usual handling is back: the second one ends the
	// program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
