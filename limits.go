package posthorn

import "time"

// Limits bounds what one tenant may have and how fast it may publish, so that
// none can take what the others need, and what all may ask for at once. Zero means
// no limit.
type Limits struct {
	// Projects and Environments are per workspace.
	Projects     int
	Environments int
	// Keys are those of a workspace that are not revoked.
	Keys int
	// Formats are those that a workspace declared; versions don't count.
	Formats int
	// Webhooks are those of an environment that are not deleted.
	Webhooks int
	// EventTypes is the size of an environment's catalogue.
	EventTypes int
	// EventRate is how many events per second a workspace may publish in the long
	// run, EventBurst how many of them at once.
	EventRate  int
	EventBurst int
	// Requests is how many requests may be in progress at once for one workspace,
	// AllRequests for all of them together; of those a platform key has half at most.
	Requests    int
	AllRequests int
}

// RateLimited makes an Error with CodeRateLimited: the same request may succeed
// after the wait.
func RateLimited(message, hint string, wait time.Duration) *Error {
	return &Error{Code: CodeRateLimited, Message: message, Hint: hint, RetryAfter: wait}
}
