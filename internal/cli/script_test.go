package cli_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/posthorn/posthorn/internal/cli"
)

// The scripts run the real program under two names: its own, and the one that a
// link to it may have.
func TestMain(m *testing.M) {
	program := func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(cli.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv))
	}
	testscript.Main(m, map[string]func(){"posthorn": program, "ascendkit": program})
}

// Every script finds a server of its own at $POSTHORN_SERVER, and its key in
// $POSTHORN_API_KEY; $NOBODY is an address where nothing listens.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			server := newFakeServer()
			env.Defer(server.close)
			env.Values[fakeServerKey{}] = server
			env.Setenv("POSTHORN_SERVER", server.url())
			env.Setenv("POSTHORN_API_KEY", fakeKey)
			env.Setenv("POSTHORN_CONFIG_HOME", env.Getenv("WORK")+"/config")
			env.Setenv("NOBODY", "http://"+closedAddress(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "received": receivedCommand},
	})
}

type fakeServerKey struct{}

// exits CODE PROGRAM ARGUMENTS… runs a program that must end with the code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("%q is not a code", args[0])
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// received FILE compares the newest request with a file: method, path and query
// in the first line, the body after it.
func receivedCommand(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 {
		ts.Fatalf("usage: received FILE")
	}
	server, isServer := ts.Value(fakeServerKey{}).(*fakeServer)
	if !isServer {
		ts.Fatalf("there is no server")
	}
	if got, want := server.last(), ts.ReadFile(args[0]); got != want {
		ts.Fatalf("received\n%s\nwant\n%s", got, want)
	}
}

func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}
