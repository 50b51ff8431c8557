package manage

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
)

// Invariant: whoever goes on with replays is told of one when it is kept, and of
// nothing else: not of a dry run, and not of one that is refused.
func TestReplayIsAnnounced(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	webhook := b.makeWebhook(t)
	b.noted.take()
	_, _, err := b.CountReplay(t.Context(), b.platform, webhook.ID, ReplayWish{})
	must(t, err)
	if lines := b.noted.take(); len(lines) > 0 {
		t.Errorf("a dry run was announced: %v", lines)
	}
	_, err = b.CreateReplay(t.Context(), b.platform, webhook.ID, ReplayWish{})
	must(t, err)
	if lines := b.noted.take(); !slices.Equal(lines, []string{"replay"}) {
		t.Errorf("a replay was announced as %v", lines)
	}
	if _, err = b.CreateReplay(t.Context(), b.platform, webhook.ID, ReplayWish{}); !errors.Is(err, posthorn.ErrConflict) {
		t.Errorf("a second replay: %v", err)
	}
	if lines := b.noted.take(); len(lines) > 0 {
		t.Errorf("a refusal was announced: %v", lines)
	}
}

// slowCounts is a store that counts until it is stopped, and whose most is how many
// counts were under way at once.
type slowCounts struct {
	Store
	now, most *atomic.Int64
}

func (s slowCounts) CountReplay(ctx context.Context, _ posthorn.Replay, _ int) (int, error) {
	if now := s.now.Add(1); now > s.most.Load() {
		s.most.Store(now)
	}
	defer s.now.Add(-1)
	<-ctx.Done()
	return 0, ctx.Err()
}

// Invariant: a workspace has one count under way however many it asks for, all together
// have two, and none lasts longer than a second, after which the asker is told what to
// do: counts leave the other connections to who publishes.
func TestCountsAreBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ workspaces, most int }{{1, 1}, {5, maxCounts}} {
		synctest.Test(t, func(t *testing.T) {
			const each = 4
			b := newBench(t, nil)
			slow := slowCounts{b.store, new(atomic.Int64), new(atomic.Int64)}
			b.Manager.store = slow
			began := time.Now()
			var refused atomic.Int64
			for range c.workspaces {
				made, err := b.CreateWorkspace(t.Context(), b.platform, WorkspaceChange{Name: Set("w")})
				must(t, err)
				webhook, err := b.CreateWebhook(t.Context(), b.platform, made.Environment.ID, WebhookChange{URL: Set("https://example.com/in"), Events: Set([]string{"*"})})
				must(t, err)
				for range each {
					go func() {
						_, _, err := b.CountReplay(t.Context(), b.platform, webhook.ID, ReplayWish{})
						var told *posthorn.Error
						if errors.As(err, &told) && told.Code == posthorn.CodeInvalid && told.Pointer == "/dryRun" && told.Hint != "" {
							refused.Add(1)
						}
					}()
				}
			}
			longest := time.Duration(c.workspaces*each/c.most) * longestCount
			<-time.After(longest)
			synctest.Wait()
			if got := int(slow.most.Load()); got != c.most {
				t.Errorf("%d workspaces: %d counts at once, want %d", c.workspaces, got, c.most)
			}
			if got := int(refused.Load()); got != c.workspaces*each {
				t.Errorf("%d workspaces: %d were refused after %v", c.workspaces, got, time.Since(began))
			}
		})
	}
}

// Invariant: the replays that a workspace may have running are few, and who asks for
// more is told how to go on.
func TestRunningReplaysAreFew(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for range posthorn.MaxRunningReplays {
		_, err := b.CreateReplay(t.Context(), b.platform, b.makeWebhook(t).ID, ReplayWish{})
		must(t, err)
	}
	_, err := b.CreateReplay(t.Context(), b.platform, b.makeWebhook(t).ID, ReplayWish{})
	var told *posthorn.Error
	if !errors.As(err, &told) || told.Code != posthorn.CodeLimitReached || told.Hint == "" {
		t.Errorf("one more replay: %v", err)
	}
}
