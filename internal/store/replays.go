package store

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
)

// Replays is what managing replays needs.
type Replays interface {
	// CreateReplay keeps a replay. It returns posthorn.ErrNotFound if its webhook is
	// absent or deleted, posthorn.ErrConflict if the webhook has one that is running, and
	// posthorn.ErrLimit if posthorn.MaxRunningReplays of its workspace are.
	// Of the webhook's other replays the newest stay, so that there are no more than
	// posthorn.MaxReplaysKept.
	CreateReplay(ctx context.Context, r posthorn.Replay) error
	// CountReplay counts the deliveries that a replay would make due if it were made
	// now, kept or not, and no further than limit.
	CountReplay(ctx context.Context, r posthorn.Replay, limit int) (int, error)
	// Replay returns a replay, or posthorn.ErrNotFound.
	Replay(ctx context.Context, id posthorn.ReplayID) (posthorn.Replay, error)
	// Replays lists a webhook's replays, newest first.
	Replays(ctx context.Context, webhook posthorn.WebhookID, page posthorn.Page) ([]posthorn.Replay, error)
	// CancelReplay ends a running replay. It returns the replay, posthorn.ErrConflict if
	// it had ended before, or posthorn.ErrNotFound.
	CancelReplay(ctx context.Context, id posthorn.ReplayID, now time.Time) (posthorn.Replay, error)
}

// Replaying is what going on with replays needs.
type Replaying interface {
	// NextReplay finds the first running replay, in the order of their webhooks' ids and
	// after the given one, that may go on: its webhook is active, not held until after
	// now, and of its deliveries fewer than room, and fewer than half of its Concurrency
	// (rounded up), are ahead: leased, or pending and due at now. If its breaker is open,
	// the next probe must be due at now and none be ahead that could be it.
	// It returns posthorn.ErrNotFound if there is none.
	NextReplay(ctx context.Context, after posthorn.WebhookID, now time.Time, room int) (ReplayTurn, error)

	// StepReplay goes on with a replay: it looks at the deliveries that come next (in the
	// order of their ids, within the replay's bounds), and does to those that are wanted
	// what Retry does. It stops after s.Examine deliveries, or s.Move that were wanted.
	// When there are no more the replay is done. All that, and where the next step goes
	// on, is one transaction: no delivery is passed over or moved twice. It returns the
	// replay as it is then, posthorn.ErrConflict if it isn't running, or
	// posthorn.ErrNotFound.
	StepReplay(ctx context.Context, s ReplayStep) (posthorn.Replay, error)
}

// ReplayTurn is a replay that may go on. Ahead is how many of its webhook's deliveries
// are leased, or pending and due, Concurrency the webhook's. If the webhook's breaker is
// open IsProbe reports that one delivery is wanted, to find out whether the receiver
// answers again.
type ReplayTurn struct {
	Replay      posthorn.Replay
	Ahead       int
	Concurrency int
	IsProbe     bool
}

// ReplayStep is a part of a replay, which one transaction does.
type ReplayStep struct {
	ID posthorn.ReplayID
	// Examine and Move bound it; both are at least one.
	Examine int
	Move    int
	Now     time.Time
}
