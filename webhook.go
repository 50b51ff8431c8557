package posthorn

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// WebhookStatus says whether a webhook is sent to.
type WebhookStatus string

// The statuses of a webhook.
const (
	// WebhookActive gets its deliveries.
	WebhookActive WebhookStatus = "active"
	// WebhookPaused was paused by a person: new deliveries are made and wait.
	WebhookPaused WebhookStatus = "paused"
	// WebhookDisabled was switched off because its receiver answered 410 Gone: no
	// new deliveries are made, those that exist wait until somebody resumes it.
	WebhookDisabled WebhookStatus = "disabled"
	// WebhookDeleted is gone for everybody; its open deliveries are cancelled.
	WebhookDeleted WebhookStatus = "deleted"
)

// Defaults and limits of a webhook.
const (
	DefaultTimeout     = 10 * time.Second
	MinTimeout         = 100 * time.Millisecond
	MaxTimeout         = 60 * time.Second
	DefaultConcurrency = 8
	MaxConcurrency     = 256
	MaxRateLimit       = 10_000
	MaxURL             = 2048
	MaxEventPatterns   = 200
	MaxMetadata        = 50
	MaxMetadataValue   = 500
	// MaxFilter is the longest filter, in bytes.
	MaxFilter = 2048
)

// Webhook is a registered URL, the event types it wants, its secrets and its
// delivery settings.
type Webhook struct {
	ID            WebhookID
	WorkspaceID   WorkspaceID
	ProjectID     ProjectID
	EnvironmentID EnvironmentID
	Name          string
	URL           string
	// Events are the patterns of the event types it wants.
	Events []string
	// Filter is a CEL expression that decides which events of those types it wants;
	// empty for all of them.
	Filter      string
	Format      string
	Description string
	// Headers are sent as they are with every request.
	Headers  []Header
	Metadata map[string]string
	// Secrets are newest first; the first one is current.
	Secrets []SigningSecret
	// UsesSigningKeys makes schemes of the format that are optional sign as well,
	// with the signing keys of the environment.
	UsesSigningKeys bool
	// Handshake: the receiver is asked whether it wants requests, and before it has
	// consented none are sent.
	Handshake bool
	Consent   Consent
	// Retries is nil when the event type, the format or the environment decides.
	Retries *int
	// RetrySchedule overrides the default delays when it is not empty.
	RetrySchedule []time.Duration
	Timeout       time.Duration
	// Concurrency is how many requests may be under way at once.
	Concurrency int
	// RateLimit is how many requests may go out in a second, evenly spaced; nil is
	// no limit.
	RateLimit *int
	Status    WebhookStatus
	// StatusReason says why a webhook that is not active is not.
	StatusReason string
	// HoldUntil is when the receiver allowed the next request (Retry-After); zero
	// when it didn't ask to wait.
	HoldUntil time.Time
	// Breaker is as the engine last left it, or as a person closed it.
	Breaker   Breaker
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// SigningSecrets returns the secrets that sign at now, newest first.
func (w Webhook) SigningSecrets(now time.Time) []Secret {
	valid := make([]Secret, 0, len(w.Secrets))
	for _, s := range w.Secrets {
		if s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt) {
			valid = append(valid, s.Value)
		}
	}
	return valid
}

// Wants reports whether the webhook should get new events of the type, if its
// filter has nothing against them.
func (w Webhook) Wants(eventType string) bool {
	if w.Status != WebhookActive && w.Status != WebhookPaused {
		return false
	}
	return slices.ContainsFunc(w.Events, func(pattern string) bool { return MatchesPattern(pattern, eventType) })
}

// MatchesPattern reports whether an event type matches a pattern: exactly, by
// "user.*" (everything below user), or by "*".
func MatchesPattern(pattern, eventType string) bool {
	if pattern == "*" || pattern == eventType {
		return true
	}
	family, isFamily := strings.CutSuffix(pattern, "*")
	return isFamily && len(eventType) > len(family) && strings.HasPrefix(eventType, family)
}

// Validate checks everything that needs no knowledge of the network's addresses
// or of the formats that exist. It returns an *Error with CodeInvalid that
// names every mistake.
func (w Webhook) Validate(kind EnvironmentKind) error {
	var problems Problems
	problems.Add(validateName("/name", w.Name))
	problems.Add(ValidateURL("/url", w.URL, kind))
	problems.Add(validateEvents(w.Events))
	problems.Add(validateText("/filter", w.Filter, MaxFilter))
	problems.Add(validateText("/description", w.Description, MaxDescription))
	problems.Add(validateHeaders(w.Headers))
	problems.Add(ValidateMetadata(w.Metadata))
	if w.Retries != nil {
		problems.Add(validateRetries("/retryAttempts", *w.Retries))
	}
	problems.Add(validateSchedule(w.RetrySchedule))
	if w.Timeout < MinTimeout || w.Timeout > MaxTimeout {
		problems.Add(Invalid("/timeoutMs", fmt.Sprintf("timeoutMs is outside %d to %d.", MinTimeout.Milliseconds(), MaxTimeout.Milliseconds()), "Give milliseconds; 10000 is the default."))
	}
	if w.Concurrency < 1 || w.Concurrency > MaxConcurrency {
		problems.Add(Invalid("/concurrency", fmt.Sprintf("%d is outside 1 to %d.", w.Concurrency, MaxConcurrency), fmt.Sprintf("%d is the default.", DefaultConcurrency)))
	}
	if w.RateLimit != nil && (*w.RateLimit < 1 || *w.RateLimit > MaxRateLimit) {
		problems.Add(Invalid("/rateLimit", fmt.Sprintf("%d is outside 1 to %d.", *w.RateLimit, MaxRateLimit), "Give requests per second, or null for no limit."))
	}
	for _, secret := range w.Secrets {
		problems.Add(ValidateSecret("/secret", secret.Value))
	}
	return problems.Err()
}

// ValidateSubscription checks patterns of event types and the text of a filter as
// Webhook.Validate does; what the filter says is checked by who reads it. It
// returns an *Error with CodeInvalid.
func ValidateSubscription(filter string, patterns []string) error {
	var problems Problems
	problems.Add(validateText("/filter", filter, MaxFilter))
	problems.Add(validateEvents(patterns))
	return problems.Err()
}

func validateEvents(patterns []string) *Error {
	const pointer = "/events"
	if len(patterns) == 0 {
		return Invalid(pointer, "At least one event type is needed.", "Give [\"*\"] for everything.")
	}
	if len(patterns) > MaxEventPatterns {
		return Invalid(pointer, fmt.Sprintf("%d patterns are more than the %d allowed.", len(patterns), MaxEventPatterns), "Use a family (user.*) or everything (*).")
	}
	for i, pattern := range patterns {
		if err := ValidateEventPattern(pointer+"/"+strconv.Itoa(i), pattern); err != nil {
			return err
		}
	}
	return nil
}

// ValidateMetadata checks a webhook's metadata. It returns an *Error with
// CodeInvalid.
func ValidateMetadata(metadata map[string]string) *Error {
	const pointer = "/metadata"
	if len(metadata) > MaxMetadata {
		return Invalid(pointer, fmt.Sprintf("%d entries are more than the %d allowed.", len(metadata), MaxMetadata), "Keep fewer entries.")
	}
	for name, value := range metadata {
		if name == "" || len(name) > 64 || strings.ContainsFunc(name, notIDRune) {
			return Invalid(pointer, fmt.Sprintf("%q is not a name of metadata.", clip(name)), "Use 1 to 64 letters, digits, '-' and '_'.")
		}
		if len(value) > MaxMetadataValue || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return Invalid(pointer+"/"+name, "The value is too long or has control characters.", fmt.Sprintf("Use at most %d bytes of text on one line.", MaxMetadataValue))
		}
	}
	return nil
}

func validateSchedule(delays []time.Duration) *Error {
	const pointer = "/retrySchedule"
	if len(delays) > MaxRetries {
		return Invalid(pointer, fmt.Sprintf("%d delays are more than the %d allowed.", len(delays), MaxRetries), "The last delay holds for all further retries.")
	}
	for i, delay := range delays {
		if delay < 0 || delay > MaxRetryDelay {
			return Invalid(pointer+"/"+strconv.Itoa(i), fmt.Sprintf("The delay is outside 0 to %d seconds.", int(MaxRetryDelay.Seconds())), "Give whole seconds.")
		}
	}
	return nil
}

// ValidateURL checks where a webhook sends to: an absolute http or https URL
// (https only in production) with a host that is a name or a plain address, no
// credentials and no fragment. Whether the address is allowed is decided by the
// egress policy.
func ValidateURL(pointer, text string, kind EnvironmentKind) *Error {
	const example = "For example: https://example.com/webhooks"
	if len(text) > MaxURL {
		return Invalid(pointer, fmt.Sprintf("The URL is %d bytes long; the limit is %d.", len(text), MaxURL), "Shorten it.")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return Invalid(pointer, "The URL has spaces, control characters or backslashes.", example)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return Invalid(pointer, "The URL is not absolute.", example)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Invalid(pointer, "The URL must begin with https:// (or http:// in development).", example)
	case u.Scheme == "http" && kind == Production:
		return Invalid(pointer, "In production the URL must be https.", "Use https://, or an environment of kind development.")
	case u.User != nil:
		return Invalid(pointer, "The URL has credentials in it.", "Leave out user:password@ and set a header such as Authorization instead.")
	case strings.Contains(text, "#"):
		return Invalid(pointer, "The URL has a fragment, which is never sent.", "Leave out # and what follows.")
	}
	return validateHost(pointer, u)
}

func validateHost(pointer string, u *url.URL) *Error {
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return Invalid(pointer, fmt.Sprintf("%q is not a port.", clip(port)), "Use a port from 1 to 65535, or none.")
		}
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return Invalid(pointer, "The address has a zone.", "Use a name, or an address without %.")
		}
		return nil
	}
	return validateHostName(pointer, host)
}

func validateHostName(pointer, host string) *Error {
	name := strings.TrimSuffix(host, ".")
	if name == "" || len(name) > 253 {
		return Invalid(pointer, "The URL's host is empty or too long.", "Use a host name such as example.com.")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.ContainsFunc(label, notIDRune) {
			return Invalid(pointer, fmt.Sprintf("%q is not a host name.", clip(host)), "Write international names in their xn-- form.")
		}
	}
	if looksNumeric(labels[len(labels)-1]) {
		return Invalid(pointer, fmt.Sprintf("%q looks like a number, not like a host name.", clip(host)), "Write an address as four decimal parts (203.0.113.7), or use a name.")
	}
	return nil
}

// looksNumeric reports whether a last label would be read as part of an address
// by lenient resolvers (WHATWG URL, "ends in a number").
func looksNumeric(label string) bool {
	digits := strings.ToLower(label)
	if hexDigits, isHex := strings.CutPrefix(digits, "0x"); isHex {
		return strings.Trim(hexDigits, "0123456789abcdef") == ""
	}
	return strings.Trim(digits, "0123456789") == ""
}
