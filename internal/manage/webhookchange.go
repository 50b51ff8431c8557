package manage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// WebhookChange is what may be said of a webhook. Null goes back to the
// default, where there is one.
type WebhookChange struct {
	Name   Setting[string]
	URL    Setting[string]
	Events Setting[[]string]
	Filter Setting[string]
	// ForceFilter keeps a filter although it fails on every recent event.
	ForceFilter bool
	// isFilterRead reports that the filter has been compiled before; that is too
	// long for a transaction.
	isFilterRead bool
	// fitting is the webhook's dialect with the change, found before the transaction; nil if
	// the change has nothing to do with it, or there is none: then absent says so.
	fitting       fitting
	absent        *posthorn.Error
	Secret        Setting[string]
	Format        Setting[string]
	Description   Setting[string]
	Headers       Setting[[]posthorn.Header]
	Metadata      Setting[map[string]string]
	Retries       Setting[int]
	RetrySchedule Setting[[]time.Duration]
	Timeout       Setting[time.Duration]
	Concurrency   Setting[int]
	RateLimit     Setting[int]
	// UsesSigningKeys makes optional schemes of the format sign, too.
	UsesSigningKeys Setting[bool]
	// Handshake makes the receiver be asked for its consent.
	Handshake Setting[bool]
}

// apply returns the webhook as the change makes it, checked. It is a pure
// computation: it may run more than once, inside the store's transaction.
func (m *Manager) apply(c WebhookChange, w posthorn.Webhook, environment posthorn.Environment, now time.Time) (posthorn.Webhook, error) {
	isNew := w.URL == ""
	urlChanged := c.URL.Given && c.URL.Value != w.URL
	w.URL = c.URL.take(w.URL, "")
	if urlChanged && !isNew { // it was another receiver that asked to wait, and failed
		w.HoldUntil, w.Breaker = time.Time{}, posthorn.Breaker{ChangedAt: now}
	}
	w.Name = strings.TrimSpace(c.Name.take(w.Name, ""))
	if w.Name == "" {
		w.Name = hostOf(w.URL)
	}
	w.Events = distinct(c.Events.take(w.Events, nil))
	w.Filter = strings.TrimSpace(c.Filter.take(w.Filter, ""))
	w.Format = c.Format.take(w.Format, environment.DefaultFormat)
	w.UsesSigningKeys = c.UsesSigningKeys.take(w.UsesSigningKeys, false)
	w.Description = c.Description.take(w.Description, "")
	w.Headers = slices.Clone(c.Headers.take(w.Headers, nil))
	w.Metadata = c.Metadata.take(w.Metadata, nil)
	w.RetrySchedule = slices.Clone(c.RetrySchedule.take(w.RetrySchedule, nil))
	w.Timeout = c.Timeout.take(w.Timeout, posthorn.DefaultTimeout)
	w.Concurrency = c.Concurrency.take(w.Concurrency, posthorn.DefaultConcurrency)
	w.Retries = takeOrNil(c.Retries, w.Retries)
	w.RateLimit = takeOrNil(c.RateLimit, w.RateLimit)
	if c.Secret.present() {
		w.Secrets = replaceCurrent(w.Secrets, posthorn.Secret(c.Secret.Value), now)
	}
	w.Handshake = c.Handshake.take(w.Handshake, false)
	if urlChanged || !w.Handshake { // it was another receiver that consented
		w.Consent = posthorn.Consent{}
	}
	w = untilConsent(w)
	w.UpdatedAt = now
	return w, m.check(c, w, environment.Kind, urlChanged)
}

// check names every mistake at once.
func (m *Manager) check(c WebhookChange, w posthorn.Webhook, kind posthorn.EnvironmentKind, urlChanged bool) error {
	var problems posthorn.Problems
	for _, err := range []error{w.Validate(kind), m.checkFilter(c, w.Filter)} {
		var known *posthorn.Error
		if errors.As(err, &known) {
			problems.Add(known)
			for _, other := range known.Others {
				problems.Add(other)
			}
		}
	}
	if c.Secret.Given && c.Secret.Null {
		problems.Add(posthorn.Invalid("/secret", "A webhook can't be without a secret.", "Rotate it to get a new random one."))
	}
	if urlChanged && posthorn.ValidateURL("/url", w.URL, kind) == nil {
		problems.Add(m.checkAddress(w.URL, kind))
	}
	problems.Add(checkDistinctHeaders(w.Headers))
	problems.Add(c.absent)
	problems.Add(m.checkFits(c, w))
	problems.Add(m.checkHandshake(w))
	problems.Add(checkUsesSigningKeys(c.fitting.dialect, w))
	return flat(problems.Err())
}

// readFormat finds the dialect that the webhook has with the change, if that
// could make a difference.
func (m *Manager) readFormat(ctx context.Context, c *WebhookChange, w posthorn.Webhook, environment posthorn.Environment) error {
	isNew := w.URL == ""
	if !isNew && !c.Format.Given && !c.Secret.Given && !c.Metadata.Given && !c.UsesSigningKeys.Given {
		return nil
	}
	dialect, err := m.findDialect(ctx, "/format", environment.WorkspaceID, c.Format.take(w.Format, environment.DefaultFormat))
	var forUser *posthorn.Error
	if errors.As(err, &forUser) && forUser.Code == posthorn.CodeInvalid {
		c.absent = forUser // to be told with the change's other mistakes
		return nil
	}
	if err == nil {
		c.fitting, err = m.fitting(ctx, dialect, environment.ID)
	}
	return err
}

// checkFits finds what of a webhook its format can't do with.
func (m *Manager) checkFits(c WebhookChange, w posthorn.Webhook) *posthorn.Error {
	if c.fitting.dialect == nil || c.fitting.dialect.Format().Name != w.Format || w.Validate(posthorn.Development) != nil {
		return nil
	}
	problem := m.unfit(c.fitting, w)
	if problem == nil {
		return nil
	}
	return posthorn.Invalid("/format", fmt.Sprintf("Nothing could be sent in the format %s: %s", w.Format, problem.Message), problem.Hint)
}

// flat takes the Others out of the Others, so that there is one list.
func flat(err error) error {
	var first *posthorn.Error
	if !errors.As(err, &first) {
		return err
	}
	for i, other := range first.Others {
		if len(other.Others) > 0 {
			alone := *other
			alone.Others = nil
			first.Others[i] = &alone
		}
	}
	return first
}

func checkDistinctHeaders(headers []posthorn.Header) *posthorn.Error {
	seen := make(map[string]bool, len(headers))
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if seen[name] {
			return posthorn.Invalid("/headers", "The header "+clip(h.Name)+" is there twice.", "Names of headers don't tell upper from lower case; keep one.")
		}
		seen[name] = true
	}
	return nil
}

func distinct(patterns []string) []string {
	kept := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		if !slices.Contains(kept, pattern) {
			kept = append(kept, pattern)
		}
		if len(kept) > posthorn.MaxEventPatterns {
			break // too many already, and said so by Validate
		}
	}
	return kept
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return "webhook"
	}
	name := u.Hostname()
	return name[:min(len(name), posthorn.MaxName)]
}

// replaceCurrent puts a new secret in the place of the current one; those that
// were rotated out before stay until they expire.
func replaceCurrent(secrets []posthorn.SigningSecret, secret posthorn.Secret, now time.Time) []posthorn.SigningSecret {
	return append([]posthorn.SigningSecret{{Value: secret}}, rotatedOut(secrets, now)...)
}

// rotatedOut returns the secrets that still sign although they are not current.
func rotatedOut(secrets []posthorn.SigningSecret, now time.Time) []posthorn.SigningSecret {
	var valid []posthorn.SigningSecret
	for _, s := range secrets {
		if !s.ExpiresAt.IsZero() && now.Before(s.ExpiresAt) {
			valid = append(valid, s)
		}
	}
	return valid
}
