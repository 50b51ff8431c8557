package starved

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
)

// Sender sends, and blames a timeout on this machine when the process was kept from
// running for half of the attempt or longer: then nobody knows how fast the receiver
// would have been. Less than that leaves the receiver the better half of its time, and
// a machine that is always a little short still slows down for receivers that hang.
type Sender struct {
	Sender interface {
		// Send is described at deliver.Sender.
		Send(ctx context.Context, request posthorn.Request) posthorn.Outcome
	}
	// Late is for how long the process was kept from running, in all.
	Late func() time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Send implements deliver.Sender.
func (s Sender) Send(ctx context.Context, request posthorn.Request) posthorn.Outcome {
	begun, before := s.Now(), s.Late()
	outcome := s.Sender.Send(ctx, request)
	if !isTimeout(outcome.Reason) {
		return outcome
	}
	took, late := s.Now().Sub(begun), s.Late()-before
	if late == 0 || late < took/2 {
		return outcome
	}
	outcome.Detail = fmt.Sprintf("This server could not run for %v of the %v that the attempt took (too little processor time?), so the timeout may be its own and doesn't count (%s).",
		late.Round(time.Millisecond), took.Round(time.Millisecond), outcome.Reason)
	outcome.Reason = posthorn.ReasonLocalResource
	return outcome
}

func isTimeout(reason posthorn.Reason) bool {
	switch reason {
	case posthorn.ReasonTimeout, posthorn.ReasonConnectTimeout, posthorn.ReasonTLSTimeout, posthorn.ReasonDNSError:
		return true
	default:
		return false
	}
}
