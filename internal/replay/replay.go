// Package replay goes on with replays, a step at a time and behind everything else: a
// webhook gets more to send again only when what it has to send takes fewer than half
// of its places, so that there is one for a new event. Where a replay stands is
// kept with each step, so a process that ends in the middle leaves nothing to clear up.
package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Share is how many deliveries of a webhook may be leased, or pending and due, after a
// step, unless half of its concurrency is more: so many a new event may find ahead of it
// through a replay. A step begins with that half, which leaves a new event a place, and
// only for a receiver that has taken all of it before the next step it gets longer. More
// would go out in a burst for which everybody waits.
const (
	Share       = 16
	gentleShare = 4
)

// How far a step goes, and how long it is before the next one, of whichever replay:
// calm times as long as the step took, so that all replays together take half of what
// can be written, and the less the more others write. While somebody publishes it is
// gentleCalm times as long, up to longestGentlePause, and a step makes no more than
// gentleShare due, so that an event that comes waits for a short commit at most, and
// seldom; no more than Share when the last step was slow: what such a commit costs
// others is hardly its rows. When none may go on, it is asked
// again after a time that doubles, up to a quarter of the time for which none could.
const (
	examine            = 500
	calm               = 1
	gentleCalm         = 9
	slowStep           = 5 * time.Millisecond
	shortestWait       = 5 * time.Millisecond
	longestPause       = time.Second
	longestGentlePause = 100 * time.Millisecond
	usualWait          = 100 * time.Millisecond
	longestWait        = 5 * time.Second
)

// Options are what a Runner is made of. All fields are needed.
type Options struct {
	Queue  store.Replaying
	Logger *slog.Logger
	Now    func() time.Time
	// Due hears that deliveries of a webhook are to be tried again. It must not block.
	Due func(environment posthorn.EnvironmentID, webhook posthorn.WebhookID)
	// Publishing reports whether somebody publishes now, for whose sake replays are gentle.
	Publishing func() bool
}

// Runner goes on with replays. Its methods are safe for concurrent use.
type Runner struct {
	Options
	kick chan struct{}
}

// New makes a Runner.
func New(o Options) *Runner { return &Runner{Options: o, kick: make(chan struct{}, 1)} }

// Kick says that a replay was made, or that one may go on that could not before. It
// shortens the wait of a runner that has nothing to do, and never the pause after a
// step: who changes webhooks again and again hurries nothing.
func (r *Runner) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run goes on with all replays that are running, each in turn, until ctx ends. One
// goroutine runs it at a time.
func (r *Runner) Run(ctx context.Context) {
	var last posthorn.WebhookID
	shares := map[posthorn.WebhookID]int{}
	stepped, wait, took := r.Now(), shortestWait, time.Duration(0)
	for {
		began, isGentle := r.Now(), r.Publishing()
		turn, err := r.turn(ctx, last)
		if err == nil {
			last = turn.Replay.WebhookID
			err = r.step(ctx, turn, share(shares, turn, most(isGentle, took)))
			stepped, wait = r.Now(), shortestWait
			took = stepped.Sub(began)
		}
		pause := restAfter(r.Now().Sub(began), isGentle)
		if errors.Is(err, posthorn.ErrNotFound) {
			wait = min(2*wait, max(usualWait, r.Now().Sub(stepped)/4), longestWait)
		} else if err != nil && ctx.Err() == nil {
			r.Logger.Error("going on with a replay failed, trying again", "error", err)
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
			wait = shortestWait
		case <-time.After(wait - pause):
		}
	}
}

// restAfter is how long to rest after a step that took so long.
func restAfter(took time.Duration, isGentle bool) time.Duration {
	if isGentle {
		return max(shortestWait, min(gentleCalm*took, longestGentlePause))
	}
	return max(shortestWait, min(calm*took, longestPause))
}

// most returns how many deliveries may be ahead after a step at most, when the one before
// it took so long.
func most(isGentle bool, took time.Duration) int {
	switch {
	case !isGentle:
		return math.MaxInt
	case took < slowStep:
		return gentleShare
	default:
		return Share
	}
}

// share returns how many deliveries of a webhook may be ahead after this step, no more
// than most, and remembers it for the next one.
func share(shares map[posthorn.WebhookID]int, turn store.ReplayTurn, most int) int {
	const remembered = 1000 // webhooks; to forget them costs speed alone
	if len(shares) >= remembered {
		clear(shares)
	}
	half, webhook := max(1, turn.Concurrency/2), turn.Replay.WebhookID
	switch {
	case turn.IsProbe:
		shares[webhook] = 1
	case turn.Ahead > 0:
		shares[webhook] = half
	default:
		shares[webhook] = max(half, min(2*shares[webhook], Share))
	}
	shares[webhook] = min(shares[webhook], most)
	return shares[webhook]
}

// turn finds the replay whose turn it is: the next one after that of the webhook that
// had it last, or else the first.
func (r *Runner) turn(ctx context.Context, last posthorn.WebhookID) (store.ReplayTurn, error) {
	turn, err := r.Queue.NextReplay(ctx, last, r.Now(), Share)
	if errors.Is(err, posthorn.ErrNotFound) && !last.IsZero() {
		turn, err = r.Queue.NextReplay(ctx, posthorn.WebhookID{}, r.Now(), Share)
	}
	if err != nil {
		return store.ReplayTurn{}, fmt.Errorf("looking for replays: %w", err)
	}
	return turn, nil
}

// step makes as much due as its share allows.
func (r *Runner) step(ctx context.Context, turn store.ReplayTurn, share int) error {
	before := turn.Replay
	after, err := r.Queue.StepReplay(ctx, store.ReplayStep{ID: before.ID, Examine: examine, Move: max(1, share-turn.Ahead), Now: r.Now()})
	if errors.Is(err, posthorn.ErrConflict) {
		return nil // it was cancelled meanwhile
	}
	if err != nil {
		return fmt.Errorf("replaying to the webhook %s: %w", before.WebhookID, err)
	}
	if after.Replayed > before.Replayed {
		r.Due(after.EnvironmentID, after.WebhookID)
	}
	if after.Status == posthorn.ReplayDone {
		r.Logger.Info("a replay is done", "replay", after.ID, "webhook", after.WebhookID, "examined", after.Examined, "replayed", after.Replayed)
	}
	return nil
}
