package deliver

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/dialects"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/schedule"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/internal/workers"
)

// try makes one attempt: steps 4 to 6 in the life of an event.
func (e *Engine) try(ctx context.Context, l *lane, job *store.Job) {
	directory, webhook, err := e.receiver(ctx, job.Delivery.EnvironmentID, job.Delivery.WebhookID)
	var style dialects.Style
	if err == nil {
		style, err = e.Dialects.Style(ctx, directory, webhook, job.Delivery.Format)
	}
	if err != nil || webhook.Status != posthorn.WebhookActive {
		e.giveBack(ctx, l, job, err)
		return
	}
	startedAt := e.Now()
	outcome, policy := e.send(ctx, directory, webhook, job, style, startedAt)
	outcome = failpoint.Outcome(e.excuse(webhook, outcome, startedAt))
	if outcome.Reason == posthorn.ReasonInterrupted {
		e.giveBack(ctx, l, job, nil)
		return
	}
	now := e.Now()
	history := schedule.History{Attempts: job.Delivery.Attempts + 1, Uncounted: job.Delivery.Uncounted}
	next := failpoint.Next(outcome, schedule.Next(policy, history, outcome, now, e.Random))
	attempt := posthorn.Attempt{
		ID:         posthorn.NewID[posthorn.AttemptID](startedAt, e.Random),
		DeliveryID: job.Delivery.ID,
		Number:     history.Attempts,
		StartedAt:  startedAt,
		URL:        webhook.URL,
		Outcome:    outcome,
	}
	breaker := e.sent(l, attempt, next)
	recording := store.Recording{Lease: job.Lease, WebhookID: job.Delivery.WebhookID, Attempt: attempt, Next: next, Format: style.Remembered(job.Delivery.Format, outcome, next), Breaker: breaker, Now: now}
	e.recorder.Record(ctx, recording, func(err error) {
		e.Observer.Attempted(*job, attempt, next, err)
		e.finish(l, job, next, err)
	})
}

func (e *Engine) receiver(ctx context.Context, environment posthorn.EnvironmentID, id posthorn.WebhookID) (*snapshot.Environment, *posthorn.Webhook, error) {
	directory, err := e.Directories.Environment(ctx, environment)
	if err != nil {
		return nil, nil, fmt.Errorf("finding the receiver: %w", err)
	}
	webhook, ok := directory.Webhook(id)
	if !ok {
		return nil, nil, posthorn.ErrNotFound
	}
	return directory, webhook, nil
}

// send renders the request and sends it.
func (e *Engine) send(ctx context.Context, directory *snapshot.Environment, webhook *posthorn.Webhook, job *store.Job, style dialects.Style, at time.Time) (posthorn.Outcome, posthorn.RetryPolicy) {
	format := style.Format()
	policy := directory.Policy(webhook, format.Retries, job.Event.Type)
	outcome := workers.Safely(func() posthorn.Outcome { return e.renderAndSend(ctx, style, directory, webhook, job, at) }, e.panicked)
	return schedule.Judge(format, outcome), policy
}

func (e *Engine) renderAndSend(ctx context.Context, style dialects.Style, directory *snapshot.Environment, webhook *posthorn.Webhook, job *store.Job, at time.Time) posthorn.Outcome {
	request, err := style.Render(wire.Input{
		Event:           failpoint.Event(job.Event),
		Webhook:         *webhook,
		EnvironmentKind: directory.Kind,
		Keys:            directory.SigningKeys,
		DeliveryID:      job.Delivery.ID,
		AttemptNumber:   job.Delivery.Attempts + 1,
		Now:             at,
	})
	if err != nil {
		return posthorn.Outcome{Reason: posthorn.ReasonRenderFailed, Detail: err.Error()}
	}
	return failpoint.Send(ctx, request, e.Sender.Send)
}

// panicked makes a panic an outcome, not the end of everybody's deliveries.
func (e *Engine) panicked(cause any) posthorn.Outcome {
	e.Logger.Error("an attempt panicked", "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	return posthorn.Outcome{Reason: posthorn.ReasonInternal, Detail: "The server made a mistake while sending; this attempt doesn't count."}
}
