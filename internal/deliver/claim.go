package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/pace"
	"github.com/posthorn/posthorn/internal/store"
)

// maxClaims bounds the claims under way at once; a database that commits in
// groups answers several as fast as one.
const maxClaims = 8

// claimLoop fetches what is due whenever there is room for it, until ctx ends.
// Claims may still be under way then.
func (e *Engine) claimLoop(ctx context.Context, claims *sync.WaitGroup) {
	places := make(chan struct{}, maxClaims)
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for ctx.Err() == nil {
		alarm.Reset(e.claimDue(ctx, places, claims))
		select {
		case <-ctx.Done():
		case <-e.kick:
		case <-alarm.C:
		}
	}
}

// claimDue starts a claim for every lane whose time has come, and returns how
// long to wait for the next one.
func (e *Engine) claimDue(ctx context.Context, places chan struct{}, claims *sync.WaitGroup) time.Duration {
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return 0
		}
		l, since, wait := e.nextToClaim()
		if l == nil {
			<-places
			return wait
		}
		claims.Go(func() {
			defer func() { <-places }()
			claimed, err := e.claim(ctx, l, since)
			e.claimed(l, claimed, err)
		})
	}
}

// crowdedPause is how long a webhook waits when the engine holds all it may.
const crowdedPause = 100 * time.Millisecond

// Publishing reports whether fresh deliveries have been taken into memory within the last second.
func (e *Engine) Publishing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.courtesy.IsPublishing(e.Now())
}

// nextToClaim takes the lane that claims first, if its time has come and there is
// room, and returns since when it could have claimed; else it tells how long to
// wait.
func (e *Engine) nextToClaim() (*lane, time.Time, time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.Now()
	e.callDue(now)
	for l, ok := e.nextDue(now); ok; l, ok = e.nextDue(now) {
		l.isDue = false
		from := l.sendFrom()
		switch {
		case from.After(now):
			l.claimAt = from
		case !l.wantsClaim(): // it has got something meanwhile
		case !e.hasRoom(l, 0):
			l.claimAt = now.Add(crowdedPause)
		default:
			since := l.claimAt
			l.claimAt, l.isClaiming = time.Time{}, true
			if l.hasRested {
				e.courtesy.Begin(now)
			}
			return l, since, 0
		}
		e.arrange(l)
	}
	wait := time.Hour
	if _, at, ok := e.timetable.First(); ok {
		wait = at.Sub(now)
	}
	if _, left := e.courtesy.Rests(now); left > 0 {
		wait = min(wait, left)
	}
	return nil, time.Time{}, wait
}

// nextDue takes out the lane whose turn it is to claim. Those that rest come first once
// the rest is over, however many others are due.
func (e *Engine) nextDue(now time.Time) (*lane, bool) {
	if rests, _ := e.courtesy.Rests(now); !rests {
		if l, ok := e.patient.Next(); ok {
			l.hasRested = true
			return l, true
		}
	}
	l, ok := e.due.Next()
	if ok {
		l.hasRested = false
	}
	return l, ok
}

// isPatient reports whether the lane's claims rest for the sake of others.
func (e *Engine) isPatient(l *lane, now time.Time) bool {
	return e.courtesy.Spares(&l.backlog, min(maxClaimJobs, l.window-l.held), now)
}

// hurry has a lane that was patient, and is no longer, take its turn before the others.
func (e *Engine) hurry(l *lane, now time.Time) {
	if l.isDue && !e.isPatient(l, now) && e.patient.Remove(l.workspace, l) {
		e.due.Add(l.workspace, l)
		signal(e.kick)
	}
}

// callDue has the lanes whose time has come take turns: a workspace whose backlog
// is old doesn't keep the others from claiming.
func (e *Engine) callDue(now time.Time) {
	for l, at, ok := e.timetable.First(); ok && !at.After(now); l, at, ok = e.timetable.First() {
		e.timetable.Remove(l)
		l.isDue = true
		turns := &e.due
		if e.isPatient(l, now) {
			turns = &e.patient
		}
		turns.Add(l.workspace, l)
	}
}

// claimed ends a claim and takes over what it yielded; one that failed is tried again.
func (e *Engine) claimed(l *lane, claimed store.Claimed, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		e.Logger.Error("claiming deliveries failed, trying again", "webhook", l.webhook, "error", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.Now()
	l.isClaiming = false
	if l.hasRested {
		e.courtesy.End(now)
	}
	if err != nil {
		claimed.NextAt = now.Add(time.Second)
		l.backlog.Fail()
	} else {
		l.backlog.End(!claimed.NextAt.IsZero() && !claimed.NextAt.After(now), now)
	}
	for _, job := range claimed.Jobs {
		e.hold(l, len(job.Event.Data))
		e.enqueue(l, &job)
	}
	e.claimFrom(l, claimed.NextAt)
	signal(e.kick) // one that rests may be the next
	e.arrange(l)
	e.drop(l, now)
}

// claim fetches due deliveries of one webhook; the earliest was due since then.
// For a webhook that is gone or not active it ends those that have no future.
func (e *Engine) claim(ctx context.Context, l *lane, since time.Time) (store.Claimed, error) {
	directory, err := e.Directories.Environment(ctx, l.environment)
	if err != nil {
		return store.Claimed{}, fmt.Errorf("finding the webhook: %w", err)
	}
	webhook, ok := directory.Webhook(l.webhook)
	switch {
	case !ok:
		return store.Claimed{}, e.endSome(l, func() (int, error) { return e.Queue.CancelPending(ctx, l.webhook, chunk, e.Now()) })
	case webhook.Status != posthorn.WebhookActive:
		before := e.Now().Add(-e.MaxWait)
		if !since.Before(before) {
			return store.Claimed{}, nil
		}
		return store.Claimed{}, e.endSome(l, func() (int, error) { return e.Queue.Expire(ctx, l.webhook, before, chunk, e.Now()) })
	}
	asked, mayClaim := e.claimFor(l, webhook)
	if !mayClaim {
		return store.Claimed{}, nil
	}
	claimed, err := e.Queue.Claim(ctx, asked)
	if err != nil {
		return store.Claimed{}, fmt.Errorf("claiming: %w", err)
	}
	return claimed, nil
}

// Limits of one claim; several are under way at once, and together they may
// exceed the bounds of the engine by this much each.
const (
	maxClaimJobs  = 256
	maxClaimBytes = 4 << 20
	// usualClaimJobs are claimed of a long backlog: more would keep publishers
	// waiting. Those that have joined it since the last claim come on top, so that it
	// gets shorter under whatever load.
	usualClaimJobs     = 64
	courteousClaimJobs = 8 // while others publish: they wait for what goes out at once
)

// claimFor returns what to claim; false when the directory says: nothing yet.
func (e *Engine) claimFor(l *lane, webhook *posthorn.Webhook) (store.Claim, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learn(l, webhook)
	if from := l.sendFrom(); from.After(e.Now()) {
		e.claimFrom(l, from)
		return store.Claim{}, false
	}
	room := pace.Load{
		Jobs:  min(maxClaimJobs, l.window-l.held, e.heldJobs.Left(l.workspace)),
		Bytes: min(maxClaimBytes, maxLaneBytes-l.heldBytes, e.heldBytes.Left(l.workspace)),
	}
	if l.pace.IsOpen() {
		room.Jobs = 1 // a probe
	}
	usual, now := usualClaimJobs, e.Now()
	if e.isPatient(l, now) {
		usual = courteousClaimJobs
	}
	share := l.backlog.Begin(room, usual)
	return store.Claim{WebhookID: l.webhook, NodeID: e.node, Now: now, Limit: share.Jobs, MaxBytes: share.Bytes}, true
}

// chunk bounds how many deliveries one transaction ends.
const chunk = 500

// endSome ends a chunk of deliveries. When there may be more, the lane queues up
// again behind the others.
func (e *Engine) endSome(l *lane, end func() (int, error)) error {
	n, err := end()
	if err != nil {
		return fmt.Errorf("ending deliveries: %w", err)
	}
	if n == chunk {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.claimFrom(l, e.Now())
	}
	return nil
}

// found takes over which webhooks the database says have pending deliveries.
func (e *Engine) found(due []store.DueWebhook) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, webhook := range due {
		l := e.lane(webhook.EnvironmentID, webhook.WebhookID)
		l.backlog.Doubt()
		e.claimFrom(l, webhook.DueAt)
	}
}
