package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/deliver"
	"github.com/posthorn/posthorn/internal/replay"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// askedForReplays counts how often somebody looks for replays to go on with.
type askedForReplays struct {
	*memstore.Store
	times atomic.Int64
}

func (a *askedForReplays) NextReplay(ctx context.Context, after posthorn.WebhookID, now time.Time, room int) (store.ReplayTurn, error) {
	a.times.Add(1)
	return a.Store.NextReplay(ctx, after, now, room)
}

// Invariant: replays are looked for at once, not when it is next their time, when one
// was made and when a webhook changed, which may have been resumed.
func TestChangesWakeReplays(t *testing.T) {
	t.Parallel()
	for name, tell := range map[string]func(notifier){
		"a webhook changed": func(n notifier) { n.WebhookChanged(posthorn.Webhook{ID: posthorn.WebhookID{1}}) },
		"a replay was made": func(n notifier) { n.ReplayMade() },
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := &askedForReplays{Store: memstore.New()}
			runner := replay.New(replay.Options{Queue: asked, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Publishing: func() bool { return false }})
			directories := snapshot.NewCache(asked)
			engine := deliver.New(deliver.Options{Queue: asked, Directories: directories, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: func() uint64 { return 1 }})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				runner.Run(ctx)
			}()
			defer func() {
				cancel()
				<-done
			}()
			<-time.After(time.Minute)
			synctest.Wait()
			before := asked.times.Load()
			tell(notifier{directories, engine, runner})
			synctest.Wait()
			if got := asked.times.Load() - before; got != 1 {
				t.Errorf("%s, and replays were looked for %d times", name, got)
			}
		})
	}
}
