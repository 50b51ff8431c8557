package app

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how much the heap may grow between two collections, in percent
// of what is alive: little is alive here, and with the usual 100 a busy server
// spent a tenth of its time collecting.
const heapGrowth = 150

// settleMemory gives back what only starting needed, and has the collector run
// less often, unless the operator has said how often (GOGC).
func settleMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	debug.FreeOSMemory()
}
