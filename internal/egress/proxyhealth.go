package egress

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quietAfterOutage is how long after an outage was told the next one isn't, so
// that a proxy which comes and goes doesn't fill the log.
const quietAfterOutage = time.Minute

// proxyHealth tells the operator when the proxy begins to fail and when it works
// again, once each.
type proxyHealth struct {
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	since  time.Time // of the outage; zero while the proxy works
	toldAt time.Time
	told   bool
}

// note takes down how the proxy took a connection.
func (h *proxyHealth) note(ctx context.Context, isBroken bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	switch {
	case isBroken && h.since.IsZero():
		h.since = now
		if h.told = h.toldAt.IsZero() || now.Sub(h.toldAt) >= quietAfterOutage; h.told {
			h.toldAt = now
			h.logger.ErrorContext(ctx, "the egress proxy fails: deliveries wait until it works, and lose no retries")
		}
	case !isBroken && !h.since.IsZero():
		if h.told {
			h.logger.InfoContext(ctx, "the egress proxy works again", "after", now.Sub(h.since).Round(time.Second))
		}
		h.since = time.Time{}
	}
}

// failingSince is zero while the proxy works, and without one.
func (h *proxyHealth) failingSince() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since
}
