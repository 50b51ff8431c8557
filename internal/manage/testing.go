package manage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// TestEventType is the type of a test's event when none is named.
const TestEventType = "test"

// TestResult is what came of a test.
type TestResult struct {
	Delivered bool
	EventID   posthorn.EventID
	Request   posthorn.Request
	Outcome   posthorn.Outcome
}

// TestEvent is what a test sends: an event of the type, with the data. Without data it
// has the example of the catalogue, and without a type it is of TestEventType.
type TestEvent struct {
	Type string
	Data []byte
}

// TestWebhook sends one request to a webhook in reach, now, and returns what came back.
// Nothing is kept. The event is of the named type, with the example of the
// catalogue as its data, or of TestEventType. It returns posthorn.ErrBusy when
// too many tests are under way, and an *posthorn.Error with posthorn.CodeRateLimited
// when too many of them are the workspace's own.
func (m *Manager) TestWebhook(ctx context.Context, p Principal, id posthorn.WebhookID, test TestEvent) (TestResult, error) {
	webhook, err := m.webhook(ctx, p, id)
	if err != nil {
		return TestResult{}, err
	}
	if webhook.AwaitsConsent() {
		return TestResult{}, awaitsConsent()
	}
	environment, err := m.store.Environment(ctx, webhook.EnvironmentID)
	if err != nil {
		return TestResult{}, passOn("reading the environment", err)
	}
	event, err := m.testEvent(ctx, webhook, test)
	if err != nil {
		return TestResult{}, err
	}
	dialect, err := m.findDialect(ctx, "", webhook.WorkspaceID, webhook.Format)
	if err != nil {
		return TestResult{}, err
	}
	own, err := m.fitting(ctx, dialect, environment.ID)
	if err != nil {
		return TestResult{}, err
	}
	now := m.now()
	request, err := dialect.Render(wire.Input{
		Keys: own.keys, Event: event, Webhook: webhook, EnvironmentKind: environment.Kind,
		DeliveryID: posthorn.NewID[posthorn.DeliveryID](now, m.random), AttemptNumber: 1, Now: now,
	})
	if err != nil {
		return TestResult{}, passOn("rendering the test", err)
	}
	outcome, err := m.sendTest(ctx, webhook.WorkspaceID, request)
	if err != nil {
		return TestResult{}, err
	}
	outcome = judge(dialect.Format(), outcome)
	return TestResult{Delivered: outcome.Succeeded(), EventID: event.ID, Request: request, Outcome: outcome}, nil
}

// sendTest sends a request in one of the workspace's places.
func (m *Manager) sendTest(ctx context.Context, workspace posthorn.WorkspaceID, request posthorn.Request) (posthorn.Outcome, error) {
	release, err := m.tests.take(workspace)
	if err != nil {
		return posthorn.Outcome{}, err
	}
	defer release()
	return m.sender.Send(ctx, request), nil
}

// plainTestEvent makes an event that is of no type of the catalogue.
func (m *Manager) plainTestEvent(w posthorn.Webhook) posthorn.Event {
	now := m.now()
	return posthorn.Event{
		ID: posthorn.NewID[posthorn.EventID](now, m.random), EnvironmentID: w.EnvironmentID, Type: TestEventType,
		Timestamp: now, AcceptedAt: now, Deliveries: 1,
		Data: []byte(`{"message":"This is a test of your webhook.","webhookId":"` + w.ID.String() + `"}`),
	}
}

func (m *Manager) testEvent(ctx context.Context, w posthorn.Webhook, test TestEvent) (posthorn.Event, error) {
	event := m.plainTestEvent(w)
	if test.Data != nil {
		event.Data = test.Data
	}
	if test.Type == "" {
		return event, nil
	}
	if err := posthorn.ValidateEventTypeName("/type", test.Type); err != nil {
		return posthorn.Event{}, err
	}
	event.Type = test.Type
	if test.Data != nil {
		return event, nil
	}
	entry, err := m.store.EventType(ctx, w.EnvironmentID, test.Type)
	switch {
	case errors.Is(err, posthorn.ErrNotFound):
		return event, nil
	case err != nil:
		return posthorn.Event{}, passOn("reading the event type", err)
	case len(entry.Example) > 0:
		event.Data = entry.Example
	}
	return event, nil
}

// judge lets the format decide whether a response means success: a 204 is one
// in most dialects and none in others.
func judge(format posthorn.Format, o posthorn.Outcome) posthorn.Outcome {
	if o.StatusCode == 0 || (!o.Succeeded() && o.Reason != posthorn.StatusReason(o.StatusCode)) {
		return o
	}
	switch {
	case format.Accepts(o.StatusCode):
		o.Reason, o.Detail = posthorn.ReasonSuccess, ""
	case o.Succeeded():
		o.Reason = posthorn.StatusReason(o.StatusCode)
		told := o.Detail // what only the sender could see
		o.Detail = strings.TrimSpace(fmt.Sprintf("The receiver answered %d, which the format %s doesn't count as success. %s", o.StatusCode, format.Name, told))
	}
	return o
}
