package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector runs when the heap has grown by so many percent of what is alive.
// Little is alive here: with Go's 100 a busy server spent a tenth of its time
// collecting. One that allocates more than busyHeap in a second collects when so
// much has come, whatever is alive, within bounds.
const (
	usualGrowth    = 150
	greatestGrowth = 500
	busyHeap       = 40 << 20
)

// collector decides how often the garbage collector runs, unless the operator has
// said so (GOGC). Set is debug.SetGCPercent.
type collector struct {
	set       func(percent int) int
	growth    int
	allocated uint64
}

func newCollector() *collector {
	if os.Getenv("GOGC") != "" {
		return &collector{set: func(int) int { return 0 }}
	}
	return &collector{set: debug.SetGCPercent}
}

// settle gives back what only starting needed.
func (c *collector) settle() {
	c.choose(usualGrowth)
	debug.FreeOSMemory()
}

// run follows the load until ctx ends.
func (c *collector) run(ctx context.Context) {
	every(ctx, time.Second, func() {
		samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
		metrics.Read(samples)
		c.follow(samples[0].Value.Uint64(), samples[1].Value.Uint64())
	})
}

// follow is told once a second how many bytes have been allocated in all, and how
// many were alive at the last collection.
func (c *collector) follow(allocated, alive uint64) {
	isBusy := allocated-c.allocated > busyHeap && c.allocated > 0
	c.allocated = allocated
	growth := usualGrowth
	if isBusy {
		const percent = 100
		growth = int(min(greatestGrowth, max(usualGrowth, busyHeap*percent/max(1, alive))))
	}
	c.choose(growth)
}

// choose leaves small changes out: each one stops everything for a moment.
func (c *collector) choose(growth int) {
	const worthwhile = 50
	if difference := growth - c.growth; difference > -worthwhile && difference < worthwhile {
		return
	}
	c.growth = growth
	c.set(growth)
}
