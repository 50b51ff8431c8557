package posthorn

import (
	"slices"
	"time"
)

// ReplayStatus is where a replay stands.
type ReplayStatus string

// The statuses of a replay.
const (
	// ReplayRunning goes on, in turn with others, while its webhook has room.
	ReplayRunning ReplayStatus = "running"
	// ReplayDone has looked at every delivery that it was made for.
	ReplayDone ReplayStatus = "done"
	// ReplayCancelled was stopped by a person, or its webhook was deleted. What it had
	// made due before stays so.
	ReplayCancelled ReplayStatus = "cancelled"
)

// MaxReplaysKept is how many replays of a webhook are kept, the running one included.
const MaxReplaysKept = 100

// MaxRunningReplays is how many replays of a workspace may run at once: all workspaces'
// replays take turns, so that one with more of them would have more turns.
const MaxRunningReplays = 5

// Replay sends deliveries of a webhook again that are over: little by little, behind
// what is new.
type Replay struct {
	ID            ReplayID
	WebhookID     WebhookID
	EnvironmentID EnvironmentID
	// Statuses are those of the deliveries that are wanted.
	Statuses []DeliveryStatus
	// Made is when the wanted deliveries were made; none is wanted that was made when
	// the replay was, or later.
	Made   Span
	Status ReplayStatus
	// Examined is how many deliveries made in that time it has looked at, Replayed how
	// many of them were wanted and are due again.
	Examined  int64
	Replayed  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ReplayableStatuses are the statuses that a replay may ask for: a delivery that is
// not over yet needs no replay.
func ReplayableStatuses() []DeliveryStatus {
	return slices.DeleteFunc(DeliveryStatuses(), func(s DeliveryStatus) bool { return !s.IsTerminal() })
}

// Wants reports whether deliveries of a status are made due again.
func (r Replay) Wants(status DeliveryStatus) bool { return slices.Contains(r.Statuses, status) }

// Within returns between which ids the deliveries are that the replay looks at; none
// is equal to either. Ids begin with the moment when the delivery was made, so that
// the bounds are exact to a quarter of a microsecond.
func (r Replay) Within() (after, before DeliveryID) {
	before = firstID(r.CreatedAt)
	if !r.Made.Until.IsZero() && r.Made.Until.Before(r.CreatedAt) {
		before = firstID(r.Made.Until)
	}
	switch {
	case r.Made.From.After(r.CreatedAt):
		return before, before
	case !r.Made.From.IsZero():
		after = firstID(r.Made.From)
	}
	return after, before
}

// firstID is below every id of the moment, and above every id of those before.
func firstID(at time.Time) DeliveryID {
	if at.Before(time.Unix(0, 0)) {
		return DeliveryID{}
	}
	const moment = 8 // bytes; the others are random, and never all zero
	id := NewID[DeliveryID](at, func() uint64 { return 0 })
	clear(id[moment:])
	return id
}
