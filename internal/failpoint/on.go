//go:build failpoint

package failpoint

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// Is reports whether MUTANT chose this mistake.
func Is(m Mutant) bool { return os.Getenv("MUTANT") == string(m) }

// Start holds up a start if MUTANT chose StartSlowly.
func Start() {
	if Is(StartSlowly) {
		const tooLong = 6 * time.Second
		<-time.After(tooLong)
	}
}

// Send sends, but SuccessBeforeSend doesn't wait for what comes back, and
// BodyChangedAfterSigning sends another form of the body.
func Send(ctx context.Context, request posthorn.Request, send func(context.Context, posthorn.Request) posthorn.Outcome) posthorn.Outcome {
	if Is(BodyChangedAfterSigning) {
		request.Body = append([]byte(" "), request.Body...)
	}
	if Is(SuccessBeforeSend) {
		go send(context.WithoutCancel(ctx), request)
		return success()
	}
	answered := make(chan posthorn.Outcome, 1)
	go func() { answered <- send(ctx, request) }()
	const aMoment = time.Millisecond // the request has left
	<-time.After(aMoment)
	if err := Hit(AfterSendBeforeRead); err != nil {
		return posthorn.Outcome{Reason: posthorn.ReasonInternal, Detail: err.Error()}
	}
	return <-answered
}

// Event returns the event that is about to be sent; DataEncodedAgain changes the
// form of its data and not its meaning. An event of the type that POISON names
// ends the process, as running out of memory does.
func Event(e posthorn.Event) posthorn.Event {
	if e.Type == os.Getenv("POISON") {
		const killed = 137
		os.Exit(killed)
	}
	if Is(DataEncodedAgain) {
		e.Data = append([]byte(" "), e.Data...)
	}
	return e
}

// cursors is where replays stand, if that is kept in memory; the whole process has one.
var cursors sync.Map

// standing is where a replay stands, and what is kept of that.
type standing struct{ kept, now posthorn.DeliveryID }

// Cursor returns where a replay stood when its step began: what is kept, or what
// ReplayCursorInMemory knows better.
func Cursor(id posthorn.ReplayID, kept posthorn.DeliveryID) posthorn.DeliveryID {
	if !Is(ReplayCursorInMemory) {
		return kept
	}
	known, _ := cursors.LoadOrStore(id, standing{kept, kept})
	return known.(standing).now
}

// KeepCursor returns what is to be kept of where a replay stands after its step; that
// is where it stood when the process began if ReplayCursorInMemory keeps the rest.
func KeepCursor(id posthorn.ReplayID, after posthorn.DeliveryID) []byte {
	if known, is := cursors.Load(id); is {
		before := known.(standing)
		cursors.Store(id, standing{before.kept, after})
		return before.kept[:]
	}
	return after[:]
}

// ReplayEnd returns before which delivery a replay ends; with ReplayWithoutEnd that is
// the present.
func ReplayEnd(r posthorn.Replay, now time.Time) posthorn.DeliveryID {
	_, before := r.Within()
	if Is(ReplayWithoutEnd) {
		return posthorn.NewID[posthorn.DeliveryID](now, func() uint64 { return 0 })
	}
	return before
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
