package intake

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/posthorn/posthorn"
)

// everybody is what the requests of all have in progress together.
type everybody struct {
	requests   atomic.Int64
	publishing atomic.Int64
	// readers bounds how many large bodies are read at once, readingTurns those of one
	// workspace.
	readers      *semaphore.Weighted
	readingTurns *turns
	// refused counts refusals that are nobody's.
	refused *rate.Limiter
}

func newEverybody() everybody {
	return everybody{
		readers: semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2))), readingTurns: newTurns(1), refused: newRefusals(),
	}
}

// Come lets a request in, before anything is known of it. It returns posthorn.ErrBusy
// if too many are in progress; for one that publishes three quarters of them are, so
// that there is room to look what is going on. Unless there was an error, Go must be
// called when the request has ended, or must wait for its client: it comes again
// afterwards.
func (a *Admission) Come(publishes bool) error {
	all, publishing := a.everybody.requests.Add(1), int64(0)
	if publishes {
		publishing = a.everybody.publishing.Add(1)
	}
	if most := int64(a.limits.AllRequests); most > 0 && (all > most || publishing > max(1, most*3/4)) {
		a.Go(publishes)
		busy := *posthorn.ErrBusy
		busy.RetryAfter = time.Second
		return &busy
	}
	return nil
}

// Go ends a request that was let in by Come.
func (a *Admission) Go(publishes bool) {
	a.everybody.requests.Add(-1)
	if publishes {
		a.everybody.publishing.Add(-1)
	}
}

// EnterPlatform lets a request of a platform key in, whose workspace is known only when
// it has been read. It returns a *posthorn.Error with posthorn.CodeRateLimited if the
// key has half of all the requests that may be in progress. Unless there was an error,
// LeavePlatform must be called when the request has ended.
func (a *Admission) EnterPlatform(key posthorn.KeyID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if most := a.limits.AllRequests; most > 0 && a.platform[key] >= max(1, most/2) {
		return posthorn.RateLimited(
			fmt.Sprintf("The platform key has %d requests in progress, which is half of what the server takes from everybody together.", a.platform[key]),
			"Wait for answers before sending more; many events go into one batch. Whoever runs this server sets the limit (max-all-requests).", time.Second)
	}
	a.platform[key]++
	return nil
}

// LeavePlatform ends a request that was let in by EnterPlatform.
func (a *Admission) LeavePlatform(key posthorn.KeyID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.platform[key]--; a.platform[key] == 0 {
		delete(a.platform, key)
	}
}

// Read waits until a large body of a workspace may be read, which takes a processor for
// milliseconds: one of a workspace after the other, and of all as many as half of the
// processors. The zero workspace stands for platform keys. It returns what ends that,
// or the context's error.
func (a *Admission) Read(ctx context.Context, workspace posthorn.WorkspaceID) (func(), error) {
	endTurn, err := a.everybody.readingTurns.take(ctx, workspace, 1)
	if err != nil {
		return nil, err
	}
	if err := a.everybody.readers.Acquire(ctx, 1); err != nil {
		endTurn()
		return nil, fmt.Errorf("waiting to read a body: %w", err)
	}
	return func() {
		a.everybody.readers.Release(1)
		endTurn()
	}, nil
}

// What is refused more often than refusalRate a second is held for refusalHold first:
// whoever asks again at once, whatever it was told, would otherwise take the processors
// from those who are served.
const (
	refusalRate = 200
	refusalHold = 50 * time.Millisecond
)

func newRefusals() *rate.Limiter { return rate.NewLimiter(refusalRate, refusalRate) }

// Refused tells how long to hold the refusal of a request of a workspace: zero, unless
// there are very many. The zero workspace stands for whoever isn't known, and for
// platform keys.
func (a *Admission) Refused(workspace posthorn.WorkspaceID) time.Duration {
	refusals := a.everybody.refused
	if !workspace.IsZero() {
		refusals = a.refusalsOf(workspace)
	}
	if refusals.AllowN(a.now(), 1) {
		return 0
	}
	return refusalHold
}

func (a *Admission) refusalsOf(workspace posthorn.WorkspaceID) *rate.Limiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.shareOf(workspace)
	if s.refused == nil {
		s.refused = newRefusals()
	}
	return s.refused
}
