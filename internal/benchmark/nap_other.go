//go:build !linux

package benchmark

import (
	"context"
	"time"
)

// napUntil waits for a moment, as well as the runtime's timers do.
func napUntil(ctx context.Context, moment time.Time) {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
