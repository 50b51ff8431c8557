package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// WebhookFields is what may be said of a webhook.
type WebhookFields struct {
	Name          optional[string]            `json:"name,omitzero" doc:"The URL's host when left out."`
	URL           optional[string]            `json:"url,omitzero" doc:"Where to send: https, or http in a development environment." example:"https://example.com/webhooks"`
	Events        optional[[]string]          `json:"events,omitzero" doc:"Event types (user.created), families (user.*) or everything (*)."`
	Filter        optional[string]            `json:"filter,omitzero" doc:"A CEL expression over event.type, event.data and event.timestamp that decides which events of those types it wants; all of them when left out." example:"event.data.amount > 100"`
	ForceFilter   bool                        `json:"forceFilter,omitzero" doc:"Keep a filter although it fails on every recent event."`
	Secret        optional[string]            `json:"secret,omitzero" doc:"What signs the requests; 32 random bytes in hex when left out."`
	RetryAttempts optional[int64]             `json:"retryAttempts,omitzero" doc:"Retries after the first attempt, 0 to 50. When left out the event type, the format or the environment decides."`
	TimeoutMs     optional[int64]             `json:"timeoutMs,omitzero" doc:"Milliseconds for a whole attempt, 100 to 60000; 10000 when left out."`
	Format        optional[string]            `json:"format,omitzero" doc:"The dialect to speak; the environment's default when left out."`
	Description   optional[string]            `json:"description,omitzero"`
	Headers       optional[map[string]string] `json:"headers,omitzero" doc:"Sent as they are with every request."`
	Metadata      optional[map[string]string] `json:"metadata,omitzero" doc:"Yours; never sent."`
	RetrySchedule optional[[]int64]           `json:"retrySchedule,omitzero" doc:"Seconds before each retry; the last holds for all further ones."`
	Concurrency   optional[int64]             `json:"concurrency,omitzero" doc:"Requests under way at once, 1 to 256; 8 when left out."`
	RateLimit     optional[int64]             `json:"rateLimit,omitzero" doc:"Requests in a second, 1 to 10000, evenly spaced, retries included; no limit when left out."`
	// UseSigningKeys is about schemes that are optional in the format.
	UseSigningKeys optional[bool] `json:"useSigningKeys,omitzero" doc:"Sign with the environment's signing keys, too, where the format can (v1a of standard, ed25519 of httpsig); false when left out. Formats that need them are always signed with them."`
	// Handshake is that of the CloudEvents webhook specification.
	Handshake optional[bool] `json:"handshake,omitzero" doc:"Ask the receiver by OPTIONS whether it wants requests (CloudEvents webhooks, section 4), and send nothing before it has consented; false when left out."`
}

// webhookInput is a webhook to be made.
type webhookInput struct {
	WebhookFields
	EnvironmentID optional[posthorn.EnvironmentID] `json:"environmentId,omitzero" doc:"The oldest environment in reach when left out."`
}

func (in *webhookInput) environment() posthorn.EnvironmentID { return in.EnvironmentID.Value }

func (f *WebhookFields) change() manage.WebhookChange {
	return manage.WebhookChange{
		Name: f.Name.Setting, URL: f.URL.Setting, Events: f.Events.Setting, Filter: f.Filter.Setting, ForceFilter: f.ForceFilter, Secret: f.Secret.Setting,
		Format: f.Format.Setting, Description: f.Description.Setting, Metadata: f.Metadata.Setting,
		Headers:       mapped(f.Headers, headersByName),
		Retries:       mapped(f.RetryAttempts, clampToInt),
		RetrySchedule: mapped(f.RetrySchedule, durations),
		Timeout:       mapped(f.TimeoutMs, inUnits(time.Millisecond)),
		Concurrency:   mapped(f.Concurrency, clampToInt),
		RateLimit:     mapped(f.RateLimit, clampToInt),

		UsesSigningKeys: f.UseSigningKeys.Setting, Handshake: f.Handshake.Setting,
	}
}

// clampToInt keeps what is beyond any limit beyond it on every platform.
func clampToInt(n int64) int {
	const farBeyond = 1 << 30
	return int(max(-farBeyond, min(farBeyond, n)))
}

func durations(seconds []int64) []time.Duration {
	toDuration := inUnits(time.Second)
	delays := make([]time.Duration, len(seconds))
	for i, n := range seconds {
		delays[i] = toDuration(n)
	}
	return delays
}

func headersByName(given map[string]string) []posthorn.Header {
	headers := make([]posthorn.Header, 0, len(given))
	for name, value := range given {
		headers = append(headers, posthorn.Header{Name: name, Value: value})
	}
	slices.SortFunc(headers, func(a, b posthorn.Header) int { return strings.Compare(a.Name, b.Name) })
	return headers
}

func (s *Server) webhookRoutes() []route {
	return []route{
		writing(http.MethodPost, "/v1/webhooks", http.StatusCreated, "Create a webhook", createWebhook).in("Webhooks").needs("url", "events"),
		listing("/v1/webhooks", "List webhooks", listWebhooks).in("Webhooks").asks(environmentParameter()),
		reading("/v1/webhooks/{webhookId}", "Get a webhook", getWebhook).in("Webhooks"),
		writing(http.MethodPatch, "/v1/webhooks/{webhookId}", http.StatusOK, "Change a webhook; null goes back to the default", updateWebhook).in("Webhooks"),
		deleting("/v1/webhooks/{webhookId}", "Delete a webhook and cancel what waits for it", deleteWebhook).in("Webhooks"),
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/test", http.StatusOK, "Send a test event now and tell what came back", testWebhook).in("Webhooks").mayBeEmpty(),
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/pause", http.StatusOK, "Let a webhook's deliveries wait", pauseWebhook).in("Webhooks").mayBeEmpty(),
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/resume", http.StatusOK, "Make a paused or disabled webhook active again", resumeWebhook).in("Webhooks").mayBeEmpty(),
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/handshake", http.StatusOK, "Ask a webhook's receiver again whether it wants requests", askForConsent).in("Webhooks").mayBeEmpty(),
		reading("/v1/webhooks/{webhookId}/secret", "Show a webhook's secret", revealSecret).in("Webhooks"),
		writing(http.MethodPost, "/v1/webhooks/{webhookId}/rotate-secret", http.StatusOK, "Replace a webhook's secret, with a time in which both sign", rotateSecret).in("Webhooks").mayBeEmpty(),
	}
}

func createWebhook(ctx context.Context, c *call, in *webhookInput) (WebhookBody, error) {
	details, err := c.Manager.CreateWebhook(ctx, c.principal, in.EnvironmentID.Value, in.change())
	if err != nil {
		return WebhookBody{}, err
	}
	return showWebhook(details, secretWhole), nil
}

func listWebhooks(ctx context.Context, c *call) (page[WebhookBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[WebhookBody]{}, err
	}
	environment, err := c.environmentID()
	if err != nil {
		return page[WebhookBody]{}, err
	}
	webhooks, err := c.Manager.Webhooks(ctx, c.principal, environment, asked)
	if err != nil {
		return page[WebhookBody]{}, err
	}
	return pageOf(c, asked, webhooks, func(d manage.WebhookDetails) [16]byte { return d.ID }, showShortened), nil
}

func getWebhook(ctx context.Context, c *call) (WebhookBody, error) {
	return withWebhook(ctx, c, c.Manager.Webhook)
}

// withWebhook does something with the webhook of the path and shows it.
func withWebhook(ctx context.Context, c *call, do func(context.Context, manage.Principal, posthorn.WebhookID) (manage.WebhookDetails, error)) (WebhookBody, error) {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return WebhookBody{}, err
	}
	details, err := do(ctx, c.principal, id)
	if err != nil {
		return WebhookBody{}, err
	}
	return showShortened(details), nil
}

func updateWebhook(ctx context.Context, c *call, in *WebhookFields) (WebhookBody, error) {
	return withWebhook(ctx, c, func(ctx context.Context, p manage.Principal, id posthorn.WebhookID) (manage.WebhookDetails, error) {
		return c.Manager.UpdateWebhook(ctx, p, id, in.change())
	})
}

func deleteWebhook(ctx context.Context, c *call) error {
	id, err := pathID[posthorn.WebhookID](c, "webhookId")
	if err != nil {
		return err
	}
	return c.Manager.DeleteWebhook(ctx, c.principal, id)
}

// nothing is a body without members.
type nothing struct{}

func pauseWebhook(ctx context.Context, c *call, _ *nothing) (WebhookBody, error) {
	return withWebhook(ctx, c, c.Manager.PauseWebhook)
}

func askForConsent(ctx context.Context, c *call, _ *nothing) (WebhookBody, error) {
	return withWebhook(ctx, c, c.Manager.AskForConsent)
}

func resumeWebhook(ctx context.Context, c *call, _ *nothing) (WebhookBody, error) {
	return withWebhook(ctx, c, c.Manager.ResumeWebhook)
}
