// Package schedule decides what happens to a delivery after an attempt. It is
// pure: the same arguments give the same answer.
package schedule

import (
	"time"

	"github.com/posthorn/posthorn"
)

// jitterShare is how far a delay may stray from the schedule, as a share of it.
const jitterShare = 0.2

// uncountedDelay is the wait before another try when the attempt failed through
// no fault of the receiver's. It doubles with each such failure, up to a limit.
const (
	uncountedDelay    = 5 * time.Second
	maxUncountedDelay = 15 * time.Minute
)

// History is what happened to a delivery before the outcome.
type History struct {
	// Attempts is how many requests were made, the one of the outcome included.
	Attempts int
	// Uncounted is how many of the earlier ones don't use up retries.
	Uncounted int
}

// Next decides what follows an outcome that came at now.
func Next(policy posthorn.RetryPolicy, history History, outcome posthorn.Outcome, now time.Time, random posthorn.Randomness) posthorn.Next {
	if outcome.Succeeded() {
		return posthorn.Next{Status: posthorn.DeliverySucceeded}
	}
	if !outcome.ChargedToReceiver() {
		return posthorn.Next{
			Status:    posthorn.DeliveryPending,
			DueAt:     now.Add(jitter(min(uncountedDelay<<min(history.Uncounted, 20), maxUncountedDelay), random)),
			Uncounted: true,
		}
	}
	next := retryOrGiveUp(policy, history, outcome, now, random)
	next.DisableWebhook = outcome.Reason == posthorn.ReasonGone
	if outcome.RetryAfter > 0 {
		next.HoldUntil = now.Add(min(outcome.RetryAfter, posthorn.MaxRetryAfter))
	}
	return next
}

func retryOrGiveUp(policy posthorn.RetryPolicy, history History, outcome posthorn.Outcome, now time.Time, random posthorn.Randomness) posthorn.Next {
	failed := history.Attempts - history.Uncounted
	if failed > policy.Retries {
		return posthorn.Next{Status: posthorn.DeliveryExhausted}
	}
	delay := jitter(delayBefore(policy, failed), random)
	delay = max(delay, min(outcome.RetryAfter, posthorn.MaxRetryAfter))
	return posthorn.Next{Status: posthorn.DeliveryPending, DueAt: now.Add(delay)}
}

// delayBefore returns the scheduled wait before the given retry, counted from 1.
func delayBefore(policy posthorn.RetryPolicy, retry int) time.Duration {
	delays := policy.Delays
	if len(delays) == 0 {
		delays = posthorn.DefaultRetryDelays()
	}
	return delays[min(max(retry, 1), len(delays))-1]
}

// jitter moves a delay by up to a fifth, so that deliveries that failed together
// don't come back together.
func jitter(delay time.Duration, random posthorn.Randomness) time.Duration {
	const steps = 1 << 53
	unit := float64(random()>>11) / steps // in [0, 1)
	return time.Duration(float64(delay) * (1 - jitterShare + 2*jitterShare*unit))
}
