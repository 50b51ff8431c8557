// Package insist writes what must not be forgotten, although the database fails for a
// while.
package insist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// The pauses between tries; each is twice the one before.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// On goes on trying to write until that succeeds, or ctx ends, or trying again is
// pointless: the lease is lost, the delivery is unknown, or the database is broken.
// It returns the last error. The write itself isn't ended with ctx.
func On(ctx context.Context, logger *slog.Logger, what string, write func(ctx context.Context) error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := write(context.WithoutCancel(ctx)) // it matters most while the engine is stopping
		if err == nil || errors.Is(err, store.ErrLeaseLost) || errors.Is(err, posthorn.ErrNotFound) || errors.Is(err, store.ErrBroken) {
			return err
		}
		logger.Error(what+" failed, trying again", "pause", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}
