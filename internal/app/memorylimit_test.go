package app

import (
	"math"
	"testing"

	"github.com/posthorn/posthorn/internal/api"
	"github.com/posthorn/posthorn/internal/deliver"
)

// Invariant: a container's limit is understood, and what isn't one is none.
func TestGroupLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"134217728\n": 134217728 / 10 * 9, "max\n": 0, "": 0, "-1\n": 0, "0": 0, "99999999999999999999": 0} {
		if got := groupLimit([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// Invariant: bodies and held deliveries together take less than half of the memory
// there may be, are no more than without a limit, and one body always has room.
func TestSharesOfMemory(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	without := sharesOf(math.MaxInt64, mib)
	if without != (shares{api.DefaultMaxBodyMemory, deliver.DefaultMaxHeldBytes}) {
		t.Errorf("without a limit: %+v", without)
	}
	for _, limit := range []int64{32 * mib, 64 * mib, 128 * mib, 512 * mib, 8 << 30} {
		got := sharesOf(limit, mib)
		if got.bodies+2*got.held > limit/2 || got.bodies > without.bodies || got.held > without.held || got.bodies < mib {
			t.Errorf("of %d: %+v", limit, got)
		}
	}
	if got := sharesOf(64*mib, 100*mib); got.bodies != 100*mib {
		t.Errorf("with long bodies: %+v", got)
	}
}
