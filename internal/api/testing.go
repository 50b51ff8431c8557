package api

import (
	"context"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// testInput says what to test a webhook with.
type testInput struct {
	Type optional[string]  `json:"type,omitzero" doc:"An event type, sent with its example from the catalogue; test when left out."`
	Data optional[rawJSON] `json:"data,omitzero" doc:"Data to send instead of the example. It is not checked against a schema."`
}

// testBody tells what came of a test.
type testBody struct {
	Delivered    bool        `json:"delivered"`
	StatusCode   int         `json:"statusCode" doc:"0 when there was no response."`
	Reason       string      `json:"reason"`
	Detail       string      `json:"detail"`
	EventID      string      `json:"eventId"`
	DurationMs   float64     `json:"durationMs"`
	Timings      timingsBody `json:"timings"`
	ResponseBody string      `json:"responseBody"`
	Encoding     string      `json:"responseBodyEncoding,omitempty" doc:"base64 when the response is not UTF-8."`
	Request      testRequest `json:"request"`
}

// forReplay leaves out the request, which may hold a secret.
func (b testBody) forReplay() any {
	b.Request = testRequest{URL: b.Request.URL, Headers: map[string]string{}}
	return b
}

type testRequest struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers" doc:"As they were sent; in the test of a webhook those that hold credentials are shortened."`
	Body    string            `json:"body"`
}

func testWebhook(ctx context.Context, c *call, in *testInput) (testBody, error) {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return testBody{}, err
	}
	result, err := c.Manager.TestWebhook(ctx, c.principal, id, manage.TestEvent{Type: in.Type.Value, Data: in.Data.Value})
	if err != nil {
		return testBody{}, err
	}
	body := showTest(result)
	for name, value := range body.Request.Headers { // nobody asked for the webhook's secrets
		if isCredential(name) {
			body.Request.Headers[name] = posthorn.Secret(value).Shortened()
		}
	}
	return body, nil
}

func showTest(result manage.TestResult) testBody {
	text, encoding := showResponse(&result.Outcome)
	body := testBody{
		Delivered: result.Delivered, StatusCode: result.Outcome.StatusCode, Reason: string(result.Outcome.Reason),
		Detail: result.Outcome.Detail, EventID: result.EventID.String(), DurationMs: milliseconds(result.Outcome.Timings.Total),
		Timings: showTimings(result.Outcome.Timings), ResponseBody: text, Encoding: encoding,
		Request: testRequest{URL: result.Request.URL, Headers: make(map[string]string, len(result.Request.Headers)), Body: string(result.Request.Body)},
	}
	for _, h := range result.Request.Headers {
		body.Request.Headers[h.Name] = h.Value
	}
	return body
}
