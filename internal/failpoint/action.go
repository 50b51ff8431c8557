//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// passed counts how often the chosen point was reached. It belongs to the whole
// process, as the crash does; no release has it.
var passed atomic.Int64

// Hit does what FAILPOINT chose for this passing of the point: it ends the
// process, panics, waits, or returns ErrInjected.
func Hit(p Point) error {
	chosen, action, _ := strings.Cut(os.Getenv("FAILPOINT"), "=")
	name, passing, _ := strings.Cut(chosen, ":")
	if name != string(p) {
		return nil
	}
	every, err := strconv.ParseInt(passing, 10, 64)
	if err != nil || every < 1 {
		return fmt.Errorf("reading FAILPOINT: %q is not a passing", passing)
	}
	return act(p, action, passed.Add(1), every)
}

func act(p Point, action string, passing, every int64) error {
	switch {
	case action == "" || action == "exit":
		if passing == every {
			end()
		}
	case passing%every != 0:
	case action == "panic":
		panic(fmt.Sprintf("the failpoint %s panics", p))
	case action == "error":
		return ErrInjected
	case strings.HasPrefix(action, "sleep("):
		length, err := time.ParseDuration(strings.TrimSuffix(strings.TrimPrefix(action, "sleep("), ")"))
		if err != nil {
			return fmt.Errorf("reading FAILPOINT: %w", err)
		}
		<-time.After(length)
	default:
		return fmt.Errorf("reading FAILPOINT: there is no action %q", action)
	}
	return nil
}

// end ends the process. Before that it holds up whoever came by, and nobody else:
// what others make of the time is part of what a crash at the point must not harm.
func end() {
	const heldUp, killed = 20 * time.Millisecond, 137
	<-time.After(heldUp)
	os.Exit(killed)
}
