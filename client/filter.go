package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// FilterQuestion says which filter to try on which events. A WebhookID stands for
// the webhook's environment, filter and event types, where the others are empty.
type FilterQuestion struct {
	// Filter is a CEL expression over event.type, event.data and event.timestamp.
	Filter        string   `json:"filter,omitempty"`
	Events        []string `json:"events,omitempty"`
	WebhookID     string   `json:"webhookId,omitempty"`
	EnvironmentID string   `json:"environmentId,omitempty"`
}

// FilterTrial is what a filter makes of the newest events of those types.
type FilterTrial struct {
	Document
	Filter string   `json:"filter"`
	Events []string `json:"events"`
	// EstimatedCost is what an evaluation costs at most on an ordinary event, and
	// CostLimit where it is stopped, in units of about one step.
	EstimatedCost uint64 `json:"estimatedCost"`
	CostLimit     uint64 `json:"costLimit"`
	// Tried is the sum of the three.
	Tried     int `json:"tried"`
	Matched   int `json:"matched"`
	Unmatched int `json:"unmatched"`
	// Failed counts events for which the filter can't be evaluated; they don't
	// match.
	Failed   int             `json:"failed"`
	Failures []FilterFailure `json:"failures"`
}

// FilterFailure is why a filter can't be evaluated for some of the events.
type FilterFailure struct {
	Detail string `json:"detail"`
	Count  int    `json:"count"`
	// EventID is the newest such event.
	EventID string `json:"eventId"`
}

// TestFilter tries a filter on the newest events. Nothing is kept or sent.
func (c *Client) TestFilter(ctx context.Context, question FilterQuestion) (FilterTrial, error) {
	return send[FilterTrial](ctx, c, call{method: http.MethodPost, repeatable: true, timeout: trialTimeout}, question, "filters", "test")
}

// trialTimeout leaves room for reading a hundred large events.
const trialTimeout = 30 * time.Second

// Explanation says why an event has or has no delivery to a webhook.
type Explanation struct {
	Document
	EventID   string `json:"eventId"`
	WebhookID string `json:"webhookId"`
	// Because is the one word for it, Detail a sentence.
	Because string `json:"because"`
	Detail  string `json:"detail"`
	// DeliveryID and DeliveryStatus are nil when there is no delivery.
	DeliveryID     *string `json:"deliveryId"`
	DeliveryStatus *string `json:"deliveryStatus"`
	// Filter is there when it was looked at, and Failure when it can't be evaluated.
	Filter  string `json:"filter"`
	Failure string `json:"failure"`
	// WebhookChanged reports that the webhook was changed after the event was
	// accepted; what is said is said of it as it is now.
	WebhookChanged bool `json:"webhookChanged"`
	WebhookDeleted bool `json:"webhookDeleted"`
}

// ExplainEvent says why an event has or has no delivery to a webhook. The
// environment is needed where the publisher gave the event's id and the key
// reaches several environments.
func (c *Client) ExplainEvent(ctx context.Context, environmentID, eventID, webhookID string) (Explanation, error) {
	query := url.Values{"webhook": {webhookID}}
	setText(query, "environmentId", environmentID)
	return exchange[Explanation](ctx, c, call{method: http.MethodGet, query: query, repeatable: true}, "events", eventID, "explain")
}
