package api

import (
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// WebhookBody is a webhook as it is shown.
type WebhookBody struct {
	ID             string            `json:"_id"`
	WorkspaceID    string            `json:"workspaceId"`
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	Events         []string          `json:"events"`
	Secret         string            `json:"secret" doc:"Whole when it is created, rotated or asked for; else its first 12 characters and three dots."`
	StandardSecret string            `json:"standardSecret,omitempty" doc:"The same secret as Standard Webhooks libraries want it; there when the format reads such and the secret is shown whole."`
	RetryAttempts  int               `json:"retryAttempts" doc:"The number that holds, whoever decided it."`
	TimeoutMs      int64             `json:"timeoutMs"`
	Status         string            `json:"status" enum:"active,paused,disabled"`
	StatusReason   string            `json:"statusReason,omitempty"`
	HoldUntil      *string           `json:"holdUntil,omitempty" format:"date-time" doc:"There while the receiver asked to wait (Retry-After); resuming the webhook or changing its URL ends the wait."`
	CreatedBy      string            `json:"createdBy" doc:"The id of the key that created it."`
	CreatedAt      string            `json:"createdAt" format:"date-time"`
	UpdatedAt      string            `json:"updatedAt" format:"date-time"`
	RepeatedID     string            `json:"id"`
	ProjectID      string            `json:"projectId"`
	EnvironmentID  string            `json:"environmentId"`
	Format         string            `json:"format"`
	Description    string            `json:"description"`
	Headers        map[string]string `json:"headers" doc:"Values of headers that hold credentials (Authorization, Cookie, …-Key, …-Token, …-Secret) are shortened like the secret."`
	Metadata       map[string]string `json:"metadata"`
	RetrySchedule  []int64           `json:"retrySchedule" doc:"Seconds before each retry; empty for the default delays."`
	Concurrency    int               `json:"concurrency"`
	Filter         string            `json:"filter" doc:"Decides which events of those types it wants; empty for all."`
	RateLimit      *int              `json:"rateLimit" doc:"Requests in a second; null for no limit."`
	UseSigningKeys bool              `json:"useSigningKeys"`
	Handshake      bool              `json:"handshake"`
	Consent        *consentBody      `json:"consent" doc:"What the receiver answered to the handshake; null while it has not consented, and without a handshake."`
	Breaker        breakerBody       `json:"breaker"`
	Stats          statsBody         `json:"stats"`
}

// consentBody is a receiver's consent.
type consentBody struct {
	GivenAt          string `json:"givenAt" format:"date-time"`
	AllowedPerMinute *int   `json:"allowedPerMinute" doc:"Requests in a minute, which holds beside rateLimit; null for no limit."`
}

func showConsent(consent posthorn.Consent) *consentBody {
	if !consent.IsGiven() {
		return nil
	}
	body := &consentBody{GivenAt: showTime(consent.GivenAt)}
	if consent.PerMinute > 0 {
		body.AllowedPerMinute = &consent.PerMinute
	}
	return body
}

// breakerBody tells whether a webhook is only probed.
type breakerBody struct {
	State       string  `json:"state" enum:"closed,open" doc:"Open after failures in a row: one request at a time goes out as a probe, the rest waits. The first success closes it, and so does resuming the webhook or changing its URL."`
	OpenedAt    *string `json:"openedAt" format:"date-time" doc:"Null while it is closed, as is nextProbeAt."`
	Failures    int     `json:"failures" doc:"Failures in a row when it opened and since; 0 while it is closed."`
	NextProbeAt *string `json:"nextProbeAt" format:"date-time" doc:"No request goes out before."`
}

func showBreaker(b posthorn.Breaker) breakerBody {
	if !b.IsOpen() {
		return breakerBody{State: "closed"}
	}
	return breakerBody{State: "open", OpenedAt: showTimeOrNull(b.OpenedAt), Failures: b.Failures, NextProbeAt: showTimeOrNull(b.NextProbeAt)}
}

// statsBody counts a webhook's deliveries.
type statsBody struct {
	Accepted      int64   `json:"accepted"`
	Pending       int64   `json:"pending"`
	Succeeded     int64   `json:"succeeded"`
	Exhausted     int64   `json:"exhausted"`
	Cancelled     int64   `json:"cancelled"`
	Expired       int64   `json:"expired"`
	Quarantined   int64   `json:"quarantined"`
	Attempts      int64   `json:"attempts"`
	LastAttemptAt *string `json:"lastAttemptAt" format:"date-time"`
	LastSuccessAt *string `json:"lastSuccessAt" format:"date-time"`
	LastFailureAt *string `json:"lastFailureAt" format:"date-time"`
}

// secretShown says how much of a secret is shown.
type secretShown bool

const (
	secretShort secretShown = false
	secretWhole secretShown = true
)

func showShortened(d manage.WebhookDetails) WebhookBody { return showWebhook(d, secretShort) }

func showWebhook(d manage.WebhookDetails, shown secretShown) WebhookBody {
	body := WebhookBody{
		ID: d.ID.String(), WorkspaceID: d.WorkspaceID.String(), Name: d.Name, URL: d.URL, Events: d.Events,
		RetryAttempts: d.EffectiveRetries, TimeoutMs: d.Timeout.Milliseconds(),
		Status: string(d.Status), StatusReason: d.StatusReason, CreatedBy: d.CreatedBy,
		CreatedAt: showTime(d.CreatedAt), UpdatedAt: showTime(d.UpdatedAt),
		RepeatedID: d.ID.String(), ProjectID: d.ProjectID.String(), EnvironmentID: d.EnvironmentID.String(),
		Format: d.Format, Description: d.Description, Headers: make(map[string]string, len(d.Headers)),
		Metadata: d.Metadata, RetrySchedule: make([]int64, len(d.RetrySchedule)), Concurrency: d.Concurrency,
		Filter: d.Filter, RateLimit: d.RateLimit, UseSigningKeys: d.UsesSigningKeys, Handshake: d.Handshake, Consent: showConsent(d.Consent), Breaker: showBreaker(d.Breaker),
		Stats: showStats(d.Stats),
	}
	if d.IsHeld {
		body.HoldUntil = showTimeOrNull(d.HoldUntil)
	}
	for _, h := range d.Headers {
		body.Headers[h.Name] = h.Value
		if shown == secretShort && isCredential(h.Name) {
			body.Headers[h.Name] = posthorn.Secret(h.Value).Shortened()
		}
	}
	for i, delay := range d.RetrySchedule {
		body.RetrySchedule[i] = int64(delay / time.Second)
	}
	current := currentSecret(d.Webhook)
	body.Secret = current.Shortened()
	if shown == secretWhole {
		body.Secret = current.Reveal()
		body.StandardSecret = standardSecret(d)
	}
	return body
}

// isCredential reports whether a static header holds something that must not be
// shown in passing.
func isCredential(name string) bool {
	name = strings.ToLower(name)
	for _, ending := range []string{"authorization", "cookie", "-key", "-token", "-secret", "-password"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

func currentSecret(w posthorn.Webhook) posthorn.Secret {
	if len(w.Secrets) == 0 {
		return ""
	}
	return w.Secrets[0].Value
}

// standardSecret is empty where the format doesn't read such secrets.
func standardSecret(d manage.WebhookDetails) string {
	if d.Dialect == nil || !d.Dialect.ReadsStandardKeys() {
		return ""
	}
	return currentSecret(d.Webhook).Standard()
}

func showStats(s posthorn.WebhookStats) statsBody {
	return statsBody{
		Accepted: s.Accepted, Pending: s.Pending, Succeeded: s.Succeeded, Exhausted: s.Exhausted,
		Cancelled: s.Cancelled, Expired: s.Expired, Quarantined: s.Quarantined, Attempts: s.Attempts,
		LastAttemptAt: showTimeOrNull(s.LastAttemptAt), LastSuccessAt: showTimeOrNull(s.LastSuccessAt), LastFailureAt: showTimeOrNull(s.LastFailureAt),
	}
}
