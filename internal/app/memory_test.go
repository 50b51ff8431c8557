package app

import (
	"slices"
	"testing"
)

// Invariant: a busy server collects when a fixed part of memory has filled, however
// little is alive, and an idle one as soon as usual; what is alive in great numbers
// doesn't make the heap grow further than that.
func TestCollectorFollowsTheLoad(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	var chosen []int
	c := &collector{set: func(percent int) int { chosen = append(chosen, percent); return 0 }}
	allocated := uint64(100 * mib)
	second := func(allocates, alive uint64) {
		allocated += allocates
		c.follow(allocated, alive)
	}
	second(0, 10*mib)
	second(mib, 10*mib)      // idle
	second(200*mib, 10*mib)  // busy: 40 MiB beside 10
	second(200*mib, 11*mib)  // hardly another figure
	second(200*mib, 20*mib)  // 40 MiB beside 20
	second(200*mib, mib)     // bounded
	second(200*mib, 0)       // before the first collection
	second(200*mib, 500*mib) // not less than usual
	second(200*mib, 10*mib)
	second(mib, 10*mib) // idle again
	if want := []int{150, 400, 200, 500, 150, 400, 150}; !slices.Equal(chosen, want) {
		t.Errorf("chosen: %v, want %v", chosen, want)
	}
}
