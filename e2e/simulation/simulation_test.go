// Package simulation runs the engine, intake and everything between them in a
// bubble of fake time, on a database and a network that fail as a seed says, and
// compares what was promised with what happened.
//
// All chance comes from the seed, and each place has its own: who gets which
// answer, which call of the database fails, who publishes what and when, is the
// same in every run of a seed. Calls of the database, requests and answers that would
// come at the same instant are moved apart by less than a microsecond, for the runtime
// brings those into another order each time. What the engine does by itself at one
// instant is left, and the order in which a select finds two channels ready: one seed
// in six differs from one run to the next. A run whose verdict depends on that may
// have to be repeated:
//
//	go test ./e2e/simulation -simulation.seed=17 -simulation.seeds=1 -count=20
package simulation

import (
	"flag"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn/internal/wire"
)

//nolint:gochecknoglobals // flags have no other place
var (
	firstSeed  = flag.Uint64("simulation.seed", 1, "the first seed")
	seeds      = flag.Int("simulation.seeds", 200, "how many seeds to run")
	lateErrors = flag.Bool("simulation.late", false, "let claiming and accepting fail after their effect, too")
	showTrace  = flag.Bool("simulation.trace", false, "show all that happened in runs that fail")
)

// Invariant: whatever fails, nothing that was acknowledged is lost, and nobody is
// sent what they should not be.
func TestSeeds(t *testing.T) {
	t.Parallel()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	dialects, err := wire.NewSet(formats)
	if err != nil {
		t.Fatal(err)
	}
	const lanes = 2
	begin := time.Now()
	for lane := range lanes {
		t.Run(fmt.Sprint(lane), func(t *testing.T) {
			t.Parallel()
			for n := lane; n < *seeds && !t.Failed(); n += lanes {
				seed := *firstSeed + uint64(n)
				t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { simulate(t, seed, dialects) })
			}
		})
	}
	t.Cleanup(func() {
		t.Logf("%d seeds, %.0f a minute", *seeds, float64(*seeds)/time.Since(begin).Minutes())
	})
}

func simulate(t *testing.T, seed uint64, dialects *wire.Set) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, dialects)
		w.run()
		// The same print twice is the same run twice, but for the order of what
		// happened at the same instant.
		t.Logf("%d steps, print %08x", len(w.books.trace), crc32.ChecksumIEEE([]byte(strings.Join(slices.Sorted(slices.Values(w.books.trace)), "\n"))))
		if len(w.books.violations) == 0 {
			return
		}
		const shown = 10
		t.Errorf("seed %d broke invariants (%v):\n%s", seed, w.profile, strings.Join(w.books.violations[:min(shown, len(w.books.violations))], "\n"))
		if *showTrace {
			t.Log(strings.Join(w.books.trace, "\n"))
		}
	})
}
