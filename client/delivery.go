package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	Document
	ID            string `json:"id"`
	EventID       string `json:"eventId"`
	EventType     string `json:"eventType"`
	WebhookID     string `json:"webhookId"`
	EnvironmentID string `json:"environmentId"`
	// Status is pending, leased, succeeded, exhausted, cancelled, expired or
	// quarantined.
	Status string `json:"status"`
	// StatusReason is why a quarantined delivery is not tried any more.
	StatusReason string `json:"statusReason"`
	Attempts     int    `json:"attempts"`
	// DueAt is when a pending delivery is sent next.
	DueAt *time.Time `json:"dueAt"`
	// WaitingFor says what else a pending delivery waits for, such as "webhook is
	// paused"; empty when it is nothing special.
	WaitingFor     string  `json:"waitingFor"`
	LastReason     *string `json:"lastReason"`
	LastStatusCode *int    `json:"lastStatusCode"`
	// FormatVersion is the version of a declared format that retries are made of; nil
	// for built-in formats.
	FormatVersion *int `json:"formatVersion"`
	// Crashes is how many times in a row the server died while it had the delivery
	// under way.
	Crashes   int       `json:"crashes"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// AttemptList is every attempt, oldest first; only GetDelivery returns it.
	AttemptList []Attempt `json:"attemptList"`
}

// Attempt is one HTTP request of a delivery and what came of it.
type Attempt struct {
	ID        string    `json:"id"`
	Number    int       `json:"number"`
	StartedAt time.Time `json:"startedAt"`
	URL       string    `json:"url"`
	Success   bool      `json:"success"`
	// Reason is the one word for what came of it, Detail a sentence about it.
	Reason     string `json:"reason"`
	Detail     string `json:"detail"`
	StatusCode *int   `json:"statusCode"`
	// RetryAfterMs is how long the receiver asked to wait.
	RetryAfterMs *int64 `json:"retryAfterMs"`
	// ResponseBody is text, or base64 when ResponseBodyEncoding says so.
	ResponseBody          string  `json:"responseBody"`
	ResponseBodyEncoding  string  `json:"responseBodyEncoding"`
	ResponseBodyTruncated bool    `json:"responseBodyTruncated"`
	ConnectionReused      bool    `json:"connectionReused"`
	Timings               Timings `json:"timings"`
}

// DeliveryQuery narrows a list of deliveries. Fields that are zero don't.
type DeliveryQuery struct {
	EnvironmentID string
	WebhookID     string
	EventID       string
	Status        string
	After, Before time.Time
	Limit         int
	Cursor        string
}

// ListDeliveries returns one page of deliveries, newest first.
func (c *Client) ListDeliveries(ctx context.Context, query DeliveryQuery) (Page[Delivery], error) {
	values := ListQuery{EnvironmentID: query.EnvironmentID, Limit: query.Limit, Cursor: query.Cursor}.values()
	setText(values, "webhookId", query.WebhookID)
	setText(values, "eventId", query.EventID)
	setText(values, "status", query.Status)
	setTime(values, "after", query.After)
	setTime(values, "before", query.Before)
	return listPage[Delivery](ctx, c, values, "deliveries")
}

// Deliveries yields all deliveries of the query from its cursor on.
func (c *Client) Deliveries(ctx context.Context, query DeliveryQuery) iter.Seq2[Delivery, error] {
	return walk(query.Cursor, func(cursor string) (Page[Delivery], error) {
		query.Cursor = cursor
		return c.ListDeliveries(ctx, query)
	})
}

// GetDelivery returns one delivery with its attempts.
func (c *Client) GetDelivery(ctx context.Context, id string) (Delivery, error) {
	return getOne[Delivery](ctx, c, "deliveries", id)
}

// RetryDelivery asks for another try of a delivery now.
func (c *Client) RetryDelivery(ctx context.Context, id string) (Delivery, error) {
	return exchange[Delivery](ctx, c, call{method: http.MethodPost}, "deliveries", id, "retry")
}

// CancelDelivery stops a delivery that waits or is quarantined.
func (c *Client) CancelDelivery(ctx context.Context, id string) (Delivery, error) {
	return exchange[Delivery](ctx, c, call{method: http.MethodPost}, "deliveries", id, "cancel")
}
