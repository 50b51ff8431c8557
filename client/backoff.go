package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// backoff says when a call is tried again.
type backoff struct {
	retries        int
	first, longest time.Duration
}

// next returns the wait before the next try, and whether there is one after the
// given number of tries that were repetitions and the error that came of the last.
func (b backoff) next(request call, repetitions int, err error, random func() uint64) (time.Duration, bool) {
	if repetitions >= b.retries || !mayRepeat(request, err) {
		return 0, false
	}
	wait := b.first << min(repetitions, 20)
	if wait > b.longest || wait < b.first {
		wait = b.longest
	}
	wait = jitter(wait, random)
	var problem *Error
	if errors.As(err, &problem) && problem.RetryAfter > 0 {
		if problem.RetryAfter > b.longest {
			return 0, false
		}
		wait = max(wait, problem.RetryAfter)
	}
	return wait, true
}

func mayRepeat(request call, err error) bool {
	var lost *ConnectionError
	if errors.As(err, &lost) {
		return request.repeatable
	}
	var problem *Error
	if !errors.As(err, &problem) {
		return false
	}
	switch problem.Status {
	case http.StatusTooManyRequests: // refused before anything was done
		return true
	case http.StatusServiceUnavailable:
		return request.repeatable
	case http.StatusConflict:
		return request.idempotencyKey != "" && problem.Code == codeIdempotencyRunning
	default:
		return false
	}
}

// jitter spreads a wait evenly over ±20 %, so that clients that failed together
// don't come back together.
func jitter(wait time.Duration, random func() uint64) time.Duration {
	span := uint64(wait) * 2 / 5
	if span == 0 {
		return wait
	}
	return wait - time.Duration(span/2) + time.Duration(random()%span)
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
