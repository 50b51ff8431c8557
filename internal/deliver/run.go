package deliver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/posthorn/posthorn/internal/suspect"
	"github.com/posthorn/posthorn/internal/sweep"
)

// Join makes the node known to the database; on a database that only one node
// uses, what an earlier process left leased is due again, or quarantined if that
// happened too often. Call it once, before Run.
func (e *Engine) Join(ctx context.Context) error {
	quarantined, err := e.Queue.Join(ctx, e.node, e.Now(), e.Random)
	if err != nil {
		return fmt.Errorf("joining the queue: %w", err)
	}
	suspect.Report(e.Logger, quarantined)
	return nil
}

// Run delivers until ctx ends. Then it stops claiming, gives back at once what
// has not been sent, waits up to the grace period for requests under way, gives
// back the rest uncounted, and returns. What is published after ctx has ended is
// pending; a delivery that intake had a reservation for and hands over after Run
// has returned stays leased until the next start.
func (e *Engine) Run(ctx context.Context) {
	sendContext, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	e.start(sendContext)
	var claims, resting sync.WaitGroup
	resting.Go(func() { e.restLoop(ctx) })
	trials := suspect.Trials{Queue: e.Queue, Logger: e.Logger, Now: e.Now, LookEvery: e.SweepEvery, Try: e.trySuspect}
	claims.Go(func() { trials.Run(ctx) })
	sweeper := sweep.Sweeper{Queue: e.Queue, Logger: e.Logger, Now: e.Now, Written: e.Written, Found: e.found, Jumped: e.startAfresh, SeenAll: e.dropIdle}
	claims.Go(func() { sweeper.Run(ctx, e.SweepEvery) })
	e.claimLoop(ctx, &claims)
	e.stop()
	resting.Wait()
	claims.Wait()
	grace := time.AfterFunc(e.Grace, giveUp)
	defer grace.Stop()
	for e.releaseWaiting(sendContext) && sendContext.Err() == nil {
		select {
		case <-e.settled:
		case <-sendContext.Done():
		}
	}
	e.work.Wait()
}

func (e *Engine) start(sendContext context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.background = func(work func(ctx context.Context)) { e.work.Run(func() { work(sendContext) }) }
	e.recorder.Background = e.background
	e.dispatch()
}

func (e *Engine) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopping = true
}

// releaseWaiting gives back what has not been sent, and reports whether the
// engine still holds anything.
func (e *Engine) releaseWaiting(ctx context.Context) bool {
	for _, l := range e.lanesWaiting() {
		e.mu.Lock()
		jobs := l.waiting
		l.waiting = nil
		e.mu.Unlock()
		e.release(ctx, jobs)
		e.mu.Lock()
		for _, job := range jobs {
			e.over(l, job)
		}
		e.mu.Unlock()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heldJobs.Taken() > 0
}

func (e *Engine) lanesWaiting() []*lane {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []*lane
	for _, l := range e.lanes {
		if len(l.waiting) > 0 {
			found = append(found, l)
		}
	}
	return found
}
