package benchmark

import (
	"context"
	"syscall"
	"time"
)

// napUntil waits for a moment, to about 0.1 ms: timers of the runtime may be a whole
// millisecond late, which would be most of what a paced scenario measures.
func napUntil(ctx context.Context, moment time.Time) {
	const longest = 20 * time.Millisecond // after which the end of ctx is noticed
	for ctx.Err() == nil {
		left := time.Until(moment)
		if left <= 0 {
			return
		}
		request := syscall.NsecToTimespec(int64(min(left, longest)))
		_ = syscall.Nanosleep(&request, nil) // an interrupted nap is only shorter
	}
}
