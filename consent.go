package posthorn

import "time"

// Consent is what a receiver answered when it was asked whether it wants requests
// (HTTP 1.1 Web Hooks for Event Delivery 1.0, section 4). The zero value is none.
type Consent struct {
	GivenAt time.Time
	// PerMinute is how many requests in a minute it allows; 0 is no limit.
	PerMinute int
}

// IsGiven reports whether the receiver has consented.
func (c Consent) IsGiven() bool { return !c.GivenAt.IsZero() }

// AwaitsConsent reports that nothing may be sent to the webhook, because its
// receiver has to consent first.
func (w Webhook) AwaitsConsent() bool { return w.Handshake && !w.Consent.IsGiven() }

// Spacing is the time from one request to the next when they are evenly spaced: at
// least what the webhook's rate limit and its receiver's consent say. It is 0
// without a limit.
func (w Webhook) Spacing() time.Duration {
	var spacing time.Duration
	if w.RateLimit != nil {
		spacing = time.Second / time.Duration(*w.RateLimit)
	}
	if w.Handshake && w.Consent.PerMinute > 0 {
		spacing = max(spacing, time.Minute/time.Duration(w.Consent.PerMinute))
	}
	return spacing
}
