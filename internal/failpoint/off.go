//go:build !failpoint

package failpoint

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
)

// Hit does nothing in this build.
func Hit(Point) error { return nil }

// Is reports that this build makes no mistakes on purpose.
func Is(Mutant) bool { return false }

// Start does nothing in this build.
func Start() {}

// Send sends.
func Send(ctx context.Context, request posthorn.Request, send func(context.Context, posthorn.Request) posthorn.Outcome) posthorn.Outcome {
	return send(ctx, request)
}

// Event returns the event.
func Event(e posthorn.Event) posthorn.Event { return e }

// Cursor returns where a replay stood when its step began.
func Cursor(_ posthorn.ReplayID, kept posthorn.DeliveryID) posthorn.DeliveryID { return kept }

// KeepCursor returns what is to be kept of where a replay stands after its step.
func KeepCursor(_ posthorn.ReplayID, after posthorn.DeliveryID) []byte { return after[:] }

// ReplayEnd returns before which delivery a replay ends.
func ReplayEnd(r posthorn.Replay, _ time.Time) posthorn.DeliveryID {
	_, before := r.Within()
	return before
}

// Outcome returns the outcome.
func Outcome(o posthorn.Outcome) posthorn.Outcome { return o }

// Next returns what happens next.
func Next(_ posthorn.Outcome, next posthorn.Next) posthorn.Next { return next }
