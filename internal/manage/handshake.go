package manage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// noConsent begins the reason of a webhook that is paused because its receiver has
// not consented, and by nobody.
const noConsent = "Nothing is sent before the receiver consents (handshake): "

// untilConsent pauses a webhook whose receiver has to consent first, and ends such
// a pause when there is no reason for it any more.
func untilConsent(w posthorn.Webhook) posthorn.Webhook {
	switch {
	case w.AwaitsConsent() && w.Status == posthorn.WebhookActive:
		w.Status, w.StatusReason = posthorn.WebhookPaused, noConsent+"it has not been asked yet."
	case !w.AwaitsConsent() && w.Status == posthorn.WebhookPaused && strings.HasPrefix(w.StatusReason, noConsent):
		w.Status, w.StatusReason = posthorn.WebhookActive, ""
	}
	return w
}

func awaitsConsent() error {
	return &posthorn.Error{
		Code: posthorn.CodeConflict, Message: "The webhook's receiver has not consented to be sent anything.",
		Hint: "Ask it again with POST /v1/webhooks/ID/handshake, or set \"handshake\": false.",
	}
}

func (m *Manager) checkHandshake(w posthorn.Webhook) *posthorn.Error {
	if !w.Handshake || m.origin != "" {
		return nil
	}
	return posthorn.Invalid("/handshake", "This server has no name by which it could ask a receiver.", "Leave it out, or have whoever runs the server set handshake-origin.")
}

// AskForConsent asks the receiver of a webhook in reach whether it wants requests,
// as "HTTP 1.1 Web Hooks for Event Delivery" 1.0 has it in section 4. With its
// consent a webhook that waited for it becomes active; if it refuses, nothing is
// sent any more. It returns a conflict if the webhook has no handshake, and
// posthorn.ErrBusy or posthorn.CodeRateLimited when too many tests are under way.
func (m *Manager) AskForConsent(ctx context.Context, p Principal, id posthorn.WebhookID) (WebhookDetails, error) {
	webhook, err := m.webhook(ctx, p, id)
	if err != nil {
		return WebhookDetails{}, err
	}
	if !webhook.Handshake {
		return WebhookDetails{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The webhook's receiver need not consent.", Hint: "Set \"handshake\": true if it should be asked."}
	}
	return m.askForConsent(ctx, webhook)
}

func (m *Manager) askForConsent(ctx context.Context, asked posthorn.Webhook) (WebhookDetails, error) {
	environment, err := m.store.Environment(ctx, asked.EnvironmentID)
	if err != nil {
		return WebhookDetails{}, passOn("reading the environment", err)
	}
	outcome, err := m.sendTest(ctx, asked.WorkspaceID, m.handshake(asked, environment.Kind))
	if err != nil {
		return WebhookDetails{}, err
	}
	now := m.now()
	consent, refusal := m.readConsent(outcome, now)
	return m.changeWebhook(ctx, asked, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		if w.URL != asked.URL || !w.Handshake {
			return w, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The webhook was changed while its receiver was asked.", Hint: "Ask again."}
		}
		const serverError = 500
		hasAnswered := outcome.Succeeded() && outcome.StatusCode < serverError
		if refusal != "" && !hasAnswered && w.Consent.IsGiven() {
			return w, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The receiver gave no answer: " + refusal, Hint: "Its earlier consent holds. Ask again later."}
		}
		w.Consent = consent
		w = untilConsent(w)
		if strings.HasPrefix(w.StatusReason, noConsent) {
			w.StatusReason = noConsent + refusal
		}
		w.UpdatedAt = now
		return w, nil
	})
}

// askAtFirst is askForConsent for a webhook that was just saved: it is there,
// whatever comes of the question.
func (m *Manager) askAtFirst(ctx context.Context, saved posthorn.Webhook) (WebhookDetails, error) {
	details, err := m.askForConsent(ctx, saved)
	var known *posthorn.Error
	if errors.As(err, &known) && slices.Contains([]posthorn.Code{posthorn.CodeBusy, posthorn.CodeRateLimited, posthorn.CodeConflict}, known.Code) {
		return m.withDetails(ctx, saved)
	}
	return details, err
}

const (
	requestOrigin = "WebHook-Request-Origin"
	requestRate   = "WebHook-Request-Rate"
	allowedOrigin = "WebHook-Allowed-Origin"
	allowedRate   = "WebHook-Allowed-Rate"
)

// handshake is the question. The webhook's own headers go with it, because they
// may hold what the receiver knows its senders by.
func (m *Manager) handshake(w posthorn.Webhook, kind posthorn.EnvironmentKind) posthorn.Request {
	headers := []posthorn.Header{{Name: requestOrigin, Value: m.origin}}
	if w.RateLimit != nil {
		headers = append(headers, posthorn.Header{Name: requestRate, Value: strconv.Itoa(*w.RateLimit * int(time.Minute/time.Second))})
	}
	for _, header := range w.Headers {
		if !strings.EqualFold(header.Name, requestOrigin) && !strings.EqualFold(header.Name, requestRate) {
			headers = append(headers, header)
		}
	}
	return posthorn.Request{
		Method: "OPTIONS", URL: w.URL, Headers: headers, Wanted: []string{allowedOrigin, allowedRate},
		Timeout: w.Timeout, EnvironmentKind: kind,
	}
}

// readConsent reads the answer: a consent, or why there is none.
func (m *Manager) readConsent(outcome posthorn.Outcome, now time.Time) (posthorn.Consent, string) {
	var origin, rate string
	for _, header := range outcome.Headers {
		switch header.Name {
		case allowedOrigin:
			origin = strings.TrimSpace(header.Value)
		case allowedRate:
			rate = strings.TrimSpace(header.Value)
		}
	}
	const class = 100
	switch {
	case !outcome.Succeeded():
		return posthorn.Consent{}, "it could not be asked. " + outcome.Detail
	case outcome.StatusCode/class != 2:
		return posthorn.Consent{}, fmt.Sprintf("it answered OPTIONS with status %d.", outcome.StatusCode)
	case origin == "":
		return posthorn.Consent{}, fmt.Sprintf("its answer to OPTIONS has no %s.", allowedOrigin)
	case origin != "*" && !strings.EqualFold(origin, m.origin):
		return posthorn.Consent{}, fmt.Sprintf("it allows the origin %q, and this server is %s.", clip(origin), m.origin)
	case rate == "" || rate == "*":
		return posthorn.Consent{GivenAt: now}, ""
	}
	perMinute, err := strconv.Atoi(rate)
	if err != nil || perMinute < 1 {
		return posthorn.Consent{}, fmt.Sprintf("%q in its %s is not a number of requests in a minute.", clip(rate), allowedRate)
	}
	const unlimited = posthorn.MaxRateLimit * int(time.Minute/time.Second)
	return posthorn.Consent{GivenAt: now, PerMinute: min(perMinute, unlimited)}, ""
}
