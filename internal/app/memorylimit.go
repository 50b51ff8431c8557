package app

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/posthorn/posthorn/internal/api"
	"github.com/posthorn/posthorn/internal/deliver"
)

// groupMemory is where a container's limit stands, with version 2 of control groups.
const groupMemory = "/sys/fs/cgroup/memory.max"

// obeyMemoryLimit has the collector keep below what the container may use, unless the
// operator has said how much (GOMEMLIMIT), and returns that limit in bytes;
// math.MaxInt64 when there is none.
func obeyMemoryLimit(variable, groupFile string) int64 {
	if variable == "" {
		text, err := os.ReadFile(groupFile)
		if limit := groupLimit(text); err == nil && limit > 0 {
			debug.SetMemoryLimit(limit)
		}
	}
	return debug.SetMemoryLimit(-1)
}

// groupLimit is nine tenths of a group's limit, because not all memory is the
// collector's; 0 when there is none ("max").
func groupLimit(text []byte) int64 {
	limit, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil || limit <= 0 {
		return 0
	}
	return limit / 10 * 9
}

// shares are what the two great users of memory may take of it.
type shares struct{ bodies, held int64 }

// sharesOf gives the bodies of requests and the deliveries held in memory an eighth
// of a limit each, because each is there several times for a moment and the heap
// grows beyond what is alive, and no more than they have without a limit.
func sharesOf(limit, maxBody int64) shares {
	const part = 8
	if limit == math.MaxInt64 {
		return shares{bodies: max(api.DefaultMaxBodyMemory, maxBody), held: deliver.DefaultMaxHeldBytes}
	}
	return shares{
		bodies: max(min(api.DefaultMaxBodyMemory, limit/part), maxBody),
		held:   min(deliver.DefaultMaxHeldBytes, limit/part/2), // all together may hold twice as much
	}
}
