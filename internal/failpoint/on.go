//go:build failpoint

package failpoint

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
)

// passed counts how often the chosen point was reached. It belongs to the whole
// process, as the crash does; no release has it.
var passed atomic.Int64

// Hit ends the process if FAILPOINT chose this passing of the point. Before that it
// holds up whoever came by, and nobody else: what others make of the time is part
// of what a crash at the point must not harm.
func Hit(p Point) {
	name, passing, _ := strings.Cut(os.Getenv("FAILPOINT"), ":")
	if name != string(p) {
		return
	}
	if n, err := strconv.ParseInt(passing, 10, 64); err == nil && passed.Add(1) == n {
		const heldUp, killed = 20 * time.Millisecond, 137
		<-time.After(heldUp)
		os.Exit(killed)
	}
}

// Is reports whether MUTANT chose this mistake.
func Is(m Mutant) bool { return os.Getenv("MUTANT") == string(m) }

// Send sends, but SuccessBeforeSend doesn't wait for what comes back, and
// BodyChangedAfterSigning sends another form of the body.
func Send(ctx context.Context, request posthorn.Request, send func(context.Context, posthorn.Request) posthorn.Outcome) posthorn.Outcome {
	if Is(BodyChangedAfterSigning) {
		request.Body = append([]byte(" "), request.Body...)
	}
	if !Is(SuccessBeforeSend) {
		return send(ctx, request)
	}
	go send(context.WithoutCancel(ctx), request)
	return success()
}

// Data returns the data; DataEncodedAgain changes its form and not its meaning.
func Data(data []byte) []byte {
	if Is(DataEncodedAgain) {
		return append([]byte(" "), data...)
	}
	return data
}

// Outcome returns the outcome, or what the mutant makes of it.
func Outcome(o posthorn.Outcome) posthorn.Outcome {
	switch {
	case Is(TimeoutIsSuccess) && o.Reason == posthorn.ReasonTimeout:
		return success()
	case Is(RetryAfterIgnored):
		o.RetryAfter = 0
	}
	return o
}

// Next returns what happens next, or what the mutant makes of it.
func Next(o posthorn.Outcome, next posthorn.Next) posthorn.Next {
	switch {
	case Is(DropOn429) && o.Reason == posthorn.ReasonRateLimited, Is(RetryForgotten) && !o.Succeeded():
		return posthorn.Next{Status: posthorn.DeliveryExhausted}
	case Is(MaxAttemptsIgnored) && next.Status == posthorn.DeliveryExhausted,
		Is(SuccessRepeated) && o.Succeeded() && o.Timings.Total%8 == 0:
		next.Status, next.DueAt = posthorn.DeliveryPending, time.Now()
	}
	return next
}

func success() posthorn.Outcome {
	const ok = 200
	return posthorn.Outcome{Reason: posthorn.ReasonSuccess, StatusCode: ok}
}
