package api

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/manage"
)

// limitsBody is the limits in force; null stands for no limit.
type limitsBody struct {
	WorkspaceID *string               `json:"workspaceId" doc:"Whose they are; null for a platform key."`
	Workspace   workspaceLimitsBody   `json:"workspace" doc:"For each workspace."`
	Environment environmentLimitsBody `json:"environment" doc:"For each environment."`
	Publishing  publishingLimitsBody  `json:"publishing"`
	Webhook     webhookLimitsBody     `json:"webhook" doc:"For each webhook."`
}

type workspaceLimitsBody struct {
	Projects           *int `json:"projects"`
	Environments       *int `json:"environments"`
	Keys               *int `json:"keys" doc:"Revoked ones don't count."`
	Formats            *int `json:"formats" doc:"Declared ones; versions don't count."`
	FormatBytes        int  `json:"formatBytes" doc:"The longest text of a format."`
	FormatVersions     int  `json:"formatVersions" doc:"How many versions of a format are kept at once."`
	RequestsInProgress *int `json:"requestsInProgress"`
}

type environmentLimitsBody struct {
	Webhooks   *int `json:"webhooks"`
	EventTypes *int `json:"eventTypes"`
}

type publishingLimitsBody struct {
	EventsPerSecond    *int  `json:"eventsPerSecond" doc:"Of a workspace, in the long run."`
	Burst              *int  `json:"burst" doc:"How many events a workspace may publish at once, after a pause."`
	Left               *int  `json:"left" doc:"How many it may publish at this moment; null for a platform key."`
	BodyBytes          int64 `json:"bodyBytes" doc:"Of a request."`
	BatchEvents        int   `json:"batchEvents"`
	BatchDeliveries    int   `json:"batchDeliveries" doc:"What the events of a batch make together."`
	IdempotencySeconds int   `json:"idempotencySeconds" doc:"How long an answer is kept under its Idempotency-Key."`
}

type webhookLimitsBody struct {
	DefaultTimeoutMs      int64 `json:"defaultTimeoutMs"`
	MaxTimeoutMs          int64 `json:"maxTimeoutMs"`
	DefaultConcurrency    int   `json:"defaultConcurrency"`
	MaxConcurrency        int   `json:"maxConcurrency"`
	MaxRetries            int   `json:"maxRetries"`
	RetryDelaysSeconds    []int `json:"retryDelaysSeconds" doc:"The waits before each retry of a webhook without a schedule of its own; the last one holds for all further retries."`
	MaxRetryAfterSeconds  int   `json:"maxRetryAfterSeconds" doc:"The longest wait that a receiver may ask for."`
	DefaultOverlapSeconds int   `json:"defaultOverlapSeconds" doc:"How long an earlier secret goes on signing."`
	MaxOverlapSeconds     int   `json:"maxOverlapSeconds"`
}

func (s *Server) limitRoutes() []route {
	return []route{reading("/v1/limits", "Show the limits in force", getLimits).in("Server")}
}

func getLimits(_ context.Context, c *call) (limitsBody, error) {
	limits := c.Manager.Limits()
	body := limitsBody{
		Workspace: workspaceLimitsBody{
			Projects: orNone(limits.Projects), Environments: orNone(limits.Environments), Keys: orNone(limits.Keys),
			Formats: orNone(limits.Formats), FormatBytes: manage.MaxFormatText, FormatVersions: posthorn.MaxFormatVersions,
			RequestsInProgress: orNone(limits.Requests),
		},
		Environment: environmentLimitsBody{Webhooks: orNone(limits.Webhooks), EventTypes: orNone(limits.EventTypes)},
		Publishing: publishingLimitsBody{
			EventsPerSecond: orNone(limits.EventRate), Burst: orNone(limits.EventBurst),
			BodyBytes: c.MaxBody, BatchEvents: maxBatch, BatchDeliveries: intake.MaxBatchDeliveries,
			IdempotencySeconds: seconds(intake.AnswerLifetime),
		},
		Webhook: webhookLimits(),
	}
	if c.workspace.IsZero() {
		return body, nil
	}
	workspace := c.workspace.String()
	body.WorkspaceID = &workspace
	if quota, isLimited := c.Admission.Quota(c.workspace); isLimited {
		body.Publishing.Left = &quota.Left
	}
	return body, nil
}

func webhookLimits() webhookLimitsBody {
	body := webhookLimitsBody{
		DefaultTimeoutMs: posthorn.DefaultTimeout.Milliseconds(), MaxTimeoutMs: posthorn.MaxTimeout.Milliseconds(),
		DefaultConcurrency: posthorn.DefaultConcurrency, MaxConcurrency: posthorn.MaxConcurrency,
		MaxRetries: posthorn.MaxRetries, MaxRetryAfterSeconds: seconds(posthorn.MaxRetryAfter),
		DefaultOverlapSeconds: seconds(manage.DefaultOverlap), MaxOverlapSeconds: seconds(manage.MaxOverlap),
	}
	for _, delay := range posthorn.DefaultRetryDelays() {
		body.RetryDelaysSeconds = append(body.RetryDelaysSeconds, seconds(delay))
	}
	return body
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// orNone shows the limit zero as null.
func orNone(limit int) *int {
	if limit == 0 {
		return nil
	}
	return &limit
}
