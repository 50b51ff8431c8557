package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// MaxBatch is how many events one batch may have.
const MaxBatch = 1000

// Batch is what came of a batch, in the order of its events.
type Batch struct {
	Document
	Results            []BatchResult
	Accepted, Rejected int
}

// BatchResult is what came of one event of a batch.
type BatchResult struct {
	Document
	// Index counts the events of the batch from 0.
	Index      int       `json:"index"`
	Success    bool      `json:"success"`
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	Timestamp  time.Time `json:"timestamp"`
	Deliveries int       `json:"deliveries"`
	// Duplicate reports that the event was there already.
	Duplicate bool `json:"duplicate"`
	// Status, Code, Detail, Hint and Pointer tell what is wrong with an event that
	// was rejected.
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint"`
	Pointer string `json:"pointer"`
	// Warnings say where the data of an event that was accepted doesn't match the
	// schema of its type.
	Warnings []ErrorAtPlace `json:"warnings"`
}

// PublishBatch hands over at most MaxBatch events in one request, all of one
// environment. An event that is rejected keeps none of the others back.
func (c *Client) PublishBatch(ctx context.Context, environmentID string, events []EventInput) (Batch, error) {
	body := []byte{'['}
	for i, event := range events {
		text, err := event.body()
		if err != nil {
			return Batch{}, fmt.Errorf("event %d of the batch: %w", i, err)
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, text...)
	}
	return c.publishBatch(ctx, environmentID, append(body, ']'), jsonType)
}

// PublishLines hands over at most MaxBatch events as NDJSON: one event object a
// line, sent as it is.
func (c *Client) PublishLines(ctx context.Context, environmentID string, lines []byte) (Batch, error) {
	return c.publishBatch(ctx, environmentID, lines, "application/x-ndjson")
}

func (c *Client) publishBatch(ctx context.Context, environmentID string, body []byte, contentType string) (Batch, error) {
	request := c.publishing(body, contentType)
	request.path = "/v1/events/batch"
	request.query = url.Values{}
	setText(request.query, "environmentId", environmentID)
	text, err := c.perform(ctx, request)
	if err != nil {
		return Batch{}, err
	}
	answer, err := openEnvelope(text)
	if err != nil {
		return Batch{}, err
	}
	results, err := readMany[BatchResult](answer.Data)
	if err != nil {
		return Batch{}, err
	}
	return Batch{Document: Document{text: json.RawMessage(answer.Data)}, Results: results, Accepted: answer.Accepted, Rejected: answer.Rejected}, nil
}
