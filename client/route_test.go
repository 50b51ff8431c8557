package client_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/posthorn/posthorn/client"
)

// Every method asks for its route, with the body that the API reads.
func TestRoutes(t *testing.T) {
	t.Parallel()
	page := client.ListQuery{EnvironmentID: "e", Limit: 7, Cursor: "c"}
	scope := client.ListQuery{WorkspaceID: "w", ProjectID: "p"}
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		want string
		do   func(context.Context, *client.Client) error
	}{
		{`POST /webhooks {"url":"u","events":["*"],"retryAttempts":0}`, one(func(ctx context.Context, c *client.Client) (client.Webhook, error) {
			return c.CreateWebhook(ctx, client.WebhookInput{URL: "u", Events: []string{"*"}, RetryAttempts: client.Set(0)})
		})},
		{`GET /webhooks?cursor=c&environmentId=e&limit=7`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Webhook], error) {
			return c.ListWebhooks(ctx, page)
		})},
		{`PATCH /webhooks/i {"name":"n","retryAttempts":null}`, one(func(ctx context.Context, c *client.Client) (client.Webhook, error) {
			return c.UpdateWebhook(ctx, "i", client.WebhookChanges{Name: client.Set("n"), RetryAttempts: client.Reset[int]()})
		})},
		{`PATCH /webhooks/i {"filter":null,"forceFilter":true}`, one(func(ctx context.Context, c *client.Client) (client.Webhook, error) {
			return c.UpdateWebhook(ctx, "i", client.WebhookChanges{Filter: client.Reset[string](), ForceFilter: true})
		})},
		{`DELETE /webhooks/i`, byID((*client.Client).DeleteWebhook)},
		{`POST /webhooks/i/pause`, byID((*client.Client).PauseWebhook)},
		{`POST /webhooks/i/resume`, byID((*client.Client).ResumeWebhook)},
		{`POST /webhooks/i/replays {}`, one(func(ctx context.Context, c *client.Client) (client.Replay, error) {
			return c.CreateReplay(ctx, "i", client.ReplayInput{})
		})},
		{`POST /webhooks/i/replays {"statuses":["expired"],"after":"2026-01-02T03:04:05Z","before":"2026-01-02T03:04:05Z","dryRun":true}`, one(func(ctx context.Context, c *client.Client) (client.Replay, error) {
			return c.CreateReplay(ctx, "i", client.ReplayInput{Statuses: []string{"expired"}, After: moment, Before: moment, DryRun: true})
		})},
		{`GET /webhooks/i/replays?cursor=c&limit=7`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Replay], error) {
			return c.ListReplays(ctx, "i", client.ListQuery{Limit: 7, Cursor: "c"})
		})},
		{`GET /replays/i`, byID((*client.Client).GetReplay)},
		{`POST /replays/i/cancel`, byID((*client.Client).CancelReplay)},
		{`GET /webhooks/i/secret`, byID((*client.Client).RevealSecret)},
		{`POST /webhooks/i/rotate-secret {"overlapSeconds":0}`, one(func(ctx context.Context, c *client.Client) (client.Webhook, error) {
			return c.RotateSecret(ctx, "i", client.Rotation{OverlapSeconds: client.Set(0)})
		})},
		{`POST /webhooks/i/test {"type":"t"}`, one(func(ctx context.Context, c *client.Client) (client.TestResult, error) {
			return c.TestWebhook(ctx, "i", client.TestEvent{Type: "t"})
		})},
		{`GET /events?after=2026-01-02T03%3A04%3A05Z&type=t`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Event], error) {
			return c.ListEvents(ctx, client.EventQuery{Type: "t", After: moment})
		})},
		{`GET /events/i`, byID((*client.Client).GetEvent)},
		{`POST /filters/test {"filter":"true","events":["a.*"],"webhookId":"w"}`, one(func(ctx context.Context, c *client.Client) (client.FilterTrial, error) {
			return c.TestFilter(ctx, client.FilterQuestion{Filter: "true", Events: []string{"a.*"}, WebhookID: "w"})
		})},
		{`GET /events/i/explain?environmentId=e&webhook=w`, one(func(ctx context.Context, c *client.Client) (client.Explanation, error) {
			return c.ExplainEvent(ctx, "e", "i", "w")
		})},
		{`POST /verify {"request":"r","secrets":["s"],"webhookId":"w","receivedAt":"2026-01-02T03:04:05Z"}`, one(func(ctx context.Context, c *client.Client) (client.Verification, error) {
			return c.Verify(ctx, client.VerifyQuestion{CapturedRequest: client.CapturedRequest{Request: "r", Secrets: []string{"s"}}, WebhookID: "w", ReceivedAt: moment})
		})},
		{`POST /formats/infer {"request":"r","environmentId":"e","name":"n"}`, one(func(ctx context.Context, c *client.Client) (client.InferredFormat, error) {
			return c.InferFormat(ctx, client.CapturedRequest{Request: "r", EnvironmentID: "e"}, "n")
		})},
		{`GET /deliveries?eventId=v&status=pending&webhookId=w`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Delivery], error) {
			return c.ListDeliveries(ctx, client.DeliveryQuery{WebhookID: "w", EventID: "v", Status: "pending"})
		})},
		{`GET /deliveries/i`, byID((*client.Client).GetDelivery)},
		{`POST /deliveries/i/retry`, byID((*client.Client).RetryDelivery)},
		{`POST /deliveries/i/cancel`, byID((*client.Client).CancelDelivery)},
		{`POST /event-types {"name":"n","retries":5,"example":{ "a":1 },"environmentId":"e"}`, one(func(ctx context.Context, c *client.Client) (client.EventType, error) {
			retries := 5
			return c.CreateEventType(ctx, client.EventTypeInput{EnvironmentID: "e", Name: "n", Retries: &retries, Example: json.RawMessage(`{ "a":1 }`)})
		})},
		{`GET /event-types/n?environmentId=e`, one(func(ctx context.Context, c *client.Client) (client.EventType, error) {
			return c.GetEventType(ctx, "e", "n")
		})},
		{`PATCH /event-types/n {"environmentId":"e","description":"d","retries":null}`, one(func(ctx context.Context, c *client.Client) (client.EventType, error) {
			return c.UpdateEventType(ctx, "n", client.EventTypeChanges{EnvironmentID: "e", Description: client.Set("d"), Retries: client.Reset[int]()})
		})},
		{`DELETE /event-types/n`, one(func(ctx context.Context, c *client.Client) (client.Deleted, error) {
			return c.DeleteEventType(ctx, "", "n")
		})},
		{`POST /event-types/import {"preset":"ascendkit","environmentId":"e"}`, one(func(ctx context.Context, c *client.Client) (client.Import, error) {
			return c.ImportPreset(ctx, "ascendkit", client.ImportOptions{EnvironmentID: "e"})
		})},
		{`POST /event-types/import {"eventTypes":[ {"name":"a"} ]}`, one(func(ctx context.Context, c *client.Client) (client.Import, error) {
			return c.ImportEventTypes(ctx, json.RawMessage(`[ {"name":"a"} ]`), client.ImportOptions{})
		})},
		{`GET /formats`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Format], error) {
			return c.ListFormats(ctx, client.ListQuery{})
		})},
		{`GET /formats/n?environmentId=e&version=2&workspaceId=w`, one(func(ctx context.Context, c *client.Client) (client.Format, error) {
			return c.GetFormat(ctx, "n", client.FormatQuery{WorkspaceID: "w", EnvironmentID: "e", Version: 2})
		})},
		{`PUT /formats/n?appliesTo=all&environmentId=e body: {raw: event.data}`, one(func(ctx context.Context, c *client.Client) (client.Format, error) {
			return c.SaveFormat(ctx, client.FormatInput{Name: "n", EnvironmentID: "e", Text: []byte("body: {raw: event.data}"), AppliesToAll: true})
		})},
		{`PUT /formats/n?workspaceId=w {"body" : []}`, one(func(ctx context.Context, c *client.Client) (client.Format, error) {
			return c.SaveFormat(ctx, client.FormatInput{Name: "n", WorkspaceID: "w", Text: []byte(`{"body" : []}`)})
		})},
		{`DELETE /formats/n`, one(func(ctx context.Context, c *client.Client) (client.Deleted, error) {
			return c.DeleteFormat(ctx, "n", client.FormatQuery{})
		})},
		{`POST /formats/preview {"name":"n","version":2,"webhookId":"h","environmentId":"e","url":"u","secret":"s","metadata":{"a":"b"},"event":{"data":{"a" : 1e400}}}`, one(func(ctx context.Context, c *client.Client) (client.FormatPreview, error) {
			return c.PreviewFormat(ctx, client.FormatTrial{
				Name: "n", Version: 2, WebhookID: "h", EnvironmentID: "e", URL: "u", Secret: "s",
				Metadata: map[string]string{"a": "b"}, Event: json.RawMessage(`{"data":{"a" : 1e400}}`),
			})
		})},
		{`POST /formats/test {"format":"body: []"}`, one(func(ctx context.Context, c *client.Client) (client.TestResult, error) {
			return c.TestFormat(ctx, client.FormatTrial{Text: []byte("body: []")})
		})},
		{`POST /workspaces {"name":"n","externalId":"x"}`, one(func(ctx context.Context, c *client.Client) (client.Workspace, error) {
			return c.CreateWorkspace(ctx, client.WorkspaceInput{Name: "n", ExternalID: "x"})
		})},
		{`PATCH /workspaces/i {"name":"n"}`, one(func(ctx context.Context, c *client.Client) (client.Workspace, error) {
			return c.UpdateWorkspace(ctx, "i", client.WorkspaceChanges{Name: client.Set("n")})
		})},
		{`GET /workspaces/i`, byID((*client.Client).GetWorkspace)},
		{`POST /projects {"workspaceId":"w","name":"n"}`, one(func(ctx context.Context, c *client.Client) (client.Project, error) {
			return c.CreateProject(ctx, client.ProjectInput{WorkspaceID: "w", Name: "n"})
		})},
		{`GET /projects?projectId=p&workspaceId=w`, many(func(ctx context.Context, c *client.Client) (client.Page[client.Project], error) {
			return c.ListProjects(ctx, scope)
		})},
		{`PATCH /projects/i {"name":"n"}`, one(func(ctx context.Context, c *client.Client) (client.Project, error) {
			return c.UpdateProject(ctx, "i", client.ProjectChanges{Name: client.Set("n")})
		})},
		{`POST /environments {"name":"n","kind":"development","defaultRetries":9}`, one(func(ctx context.Context, c *client.Client) (client.Environment, error) {
			return c.CreateEnvironment(ctx, client.EnvironmentInput{Name: "n", Kind: "development", DefaultRetries: client.Set(9)})
		})},
		{`PATCH /environments/i {"defaultFormat":"sendkit"}`, one(func(ctx context.Context, c *client.Client) (client.Environment, error) {
			return c.UpdateEnvironment(ctx, "i", client.EnvironmentChanges{DefaultFormat: client.Set("sendkit")})
		})},
		{`POST /keys {"workspaceId":"w","name":"n"}`, one(func(ctx context.Context, c *client.Client) (client.Key, error) {
			return c.CreateKey(ctx, client.KeyInput{WorkspaceID: "w", Name: "n"})
		})},
		{`GET /limits`, one(func(ctx context.Context, c *client.Client) (client.Limits, error) { return c.GetLimits(ctx) })},
		{`GET /meta/egress`, one(func(ctx context.Context, c *client.Client) (client.Egress, error) { return c.GetEgress(ctx) })},
		{`DELETE /keys/i`, byID((*client.Client).RevokeKey)},
	} {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			server := answering(answer{status: 200, body: `{"success":true,"data":{"id":"i"}}`})
			if tc.want[:3] == "GET" {
				server = answering(answer{status: 200, body: `{"success":true,"data":[]}`})
			}
			_ = tc.do(t.Context(), newClient(t, server)) // the answer is read elsewhere
			if got := server.requests[0].line(); got != tc.want {
				t.Errorf("asked\n%s, want\n%s", got, tc.want)
			}
		})
	}
}

func (r received) line() string {
	line := r.method + " " + r.path[len("/base/v1"):]
	if r.query != "" {
		line += "?" + r.query
	}
	if r.body != "" {
		line += " " + r.body
	}
	return line
}

func one[T any](do func(context.Context, *client.Client) (T, error)) func(context.Context, *client.Client) error {
	return func(ctx context.Context, c *client.Client) error { _, err := do(ctx, c); return err }
}

func many[T any](do func(context.Context, *client.Client) (client.Page[T], error)) func(context.Context, *client.Client) error {
	return one(do)
}

func byID[T any](do func(*client.Client, context.Context, string) (T, error)) func(context.Context, *client.Client) error {
	return func(ctx context.Context, c *client.Client) error { _, err := do(c, ctx, "i"); return err }
}
