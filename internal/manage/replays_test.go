package manage

import (
	"errors"
	"slices"
	"testing"

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
