package posthorn

import (
	"fmt"
	"time"
)

// Limits and defaults of retrying.
const (
	// MaxRetries is the most retries a webhook, event type or environment may ask for.
	MaxRetries = 50
	// DefaultRetries is an environment's default.
	DefaultRetries = 3
	// MaxRetryAfter is the longest wait that a receiver may ask for.
	MaxRetryAfter = 24 * time.Hour
	// MaxRetryDelay is the longest delay of a webhook's own schedule.
	MaxRetryDelay = 7 * 24 * time.Hour
)

// RetryPolicy says how often and when to try again.
type RetryPolicy struct {
	// Retries is the number of retries after the first attempt.
	Retries int
	// Delays are the waits before each retry; the last one holds for all further
	// retries. Empty means DefaultRetryDelays.
	Delays []time.Duration
}

// DefaultRetryDelays returns the waits before each retry of a webhook without a
// schedule of its own. They follow the example of Standard Webhooks 1.0.
func DefaultRetryDelays() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// EffectiveRetries is the number of retries that holds: the webhook's own, else
// the event type's, else the format's, else the environment's default.
func EffectiveRetries(webhook, eventType, format *int, environment int) int {
	for _, retries := range []*int{webhook, eventType, format} {
		if retries != nil {
			return *retries
		}
	}
	return environment
}

func validateRetries(pointer string, retries int) *Error {
	if retries < 0 || retries > MaxRetries {
		return Invalid(pointer, fmt.Sprintf("%d retries is outside 0 to %d.", retries, MaxRetries), fmt.Sprintf("Give a number from 0 to %d.", MaxRetries))
	}
	return nil
}
