package app

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Invariant: a log of the database that grows is told once, within half a minute, and
// so is that it is short again; a second time it is told again.
func TestLongDatabaseLogIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		var length atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&logWatch{length: length.Load, logger: slog.New(slog.NewTextHandler(&said, nil))}).run(ctx)
		}()
		for _, at := range []int64{16 << 20, longDatabaseLog, 2 * longDatabaseLog, longDatabaseLog - 1, 16 << 20, 0, longDatabaseLog} {
			length.Store(at)
			<-time.After(watchLogEvery)
			synctest.Wait()
		}
		cancel()
		<-done
		if grows, short := strings.Count(said.String(), "log grows"), strings.Count(said.String(), "short again"); grows != 2 || short != 1 {
			t.Errorf("told %d times that it grows, %d times that it is short:\n%s", grows, short, said.String())
		}
	})
}
