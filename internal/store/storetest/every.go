package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func everyCases() []testCase {
	return []testCase{
		{name: "every method returns the error of a context that is done", run: contextDone},
		{name: "a context that is done keeps nothing", run: contextDoneKeepsNothing},
		{name: "every method returns an error after close, and closing again does nothing", alone: true, run: closed},
		{name: "ping finds a database that can be written to", run: func(w *world) { w.do(w.Ping(w.ctx)) }},
		{name: "an empty database has nothing to list", alone: true, run: nothingToList},
	}
}

// everyMethod calls each method but Close with arguments that could succeed.
func (w *world) everyMethod() map[string]func(ctx context.Context) error {
	webhook := w.webhook()
	job := w.leased(webhook)
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("a")}, 0))
	key := w.newKey(w.workspace.ID, w.workspace.ID.String())
	w.do(w.CreateKey(w.ctx, key, 0))
	methods := map[string]func(ctx context.Context) error{}
	for _, part := range []map[string]func(ctx context.Context) error{
		w.intakeMethods(), w.queueMethods(webhook, job), w.ledgerMethods(webhook, job), w.tenantMethods(), w.catalogueMethods(webhook), w.keyMethods(key), w.formatMethods(), w.replayMethods(webhook),
	} {
		for name, call := range part {
			methods[name] = call
		}
	}
	return methods
}

func drop[T any](_ T, err error) error { return err }

func same[T any](given T) (T, error) { return given, nil }

func (w *world) intakeMethods() map[string]func(ctx context.Context) error {
	submission := w.submission(store.Entry{Event: w.newEvent()})
	return map[string]func(ctx context.Context) error{
		"Accept":        func(ctx context.Context) error { return drop(w.Accept(ctx, submission)) },
		"Snapshot":      func(ctx context.Context) error { return drop(w.Snapshot(ctx, w.environment.ID)) },
		"Answer":        func(ctx context.Context) error { return drop(w.Answer(ctx, w.idempotencyKey("k"))) },
		"KeepAnswer":    func(ctx context.Context) error { return w.KeepAnswer(ctx, w.idempotencyKey("k"), store.Answer{}) },
		"Ping":          func(ctx context.Context) error { return w.Ping(ctx) },
		"ForgetAnswers": func(ctx context.Context) error { return drop(w.ForgetAnswers(ctx, time.Time{}, 1)) },
	}
}

func (w *world) queueMethods(webhook posthorn.Webhook, job store.Job) map[string]func(ctx context.Context) error {
	id := job.Delivery.ID
	r := w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	return map[string]func(ctx context.Context) error{
		"Join":          func(ctx context.Context) error { return drop(w.Join(ctx, w.node, w.now, w.random)) },
		"Suspects":      func(ctx context.Context) error { return drop(w.Suspects(ctx, w.now, 1)) },
		"Due":           func(ctx context.Context) error { return drop(w.Due(ctx, posthorn.WebhookID{}, 1)) },
		"Claim":         func(ctx context.Context) error { return drop(w.Claim(ctx, w.newClaim(webhook))) },
		"Record":        func(ctx context.Context) error { return w.Record(ctx, r) },
		"Release":       func(ctx context.Context) error { return w.Release(ctx, []store.Lease{job.Lease}, w.now) },
		"Retry":         func(ctx context.Context) error { return drop(w.Retry(ctx, id, w.now)) },
		"Cancel":        func(ctx context.Context) error { return drop(w.Cancel(ctx, id, w.now)) },
		"CancelPending": func(ctx context.Context) error { return drop(w.CancelPending(ctx, webhook.ID, 1, w.now)) },
		"Rewind":        func(ctx context.Context) error { return drop(w.Rewind(ctx, store.DuePlace{}, 1, w.now)) },
		"Expire":        func(ctx context.Context) error { return drop(w.Expire(ctx, webhook.ID, w.now, 1, w.now)) },
	}
}

func (w *world) ledgerMethods(webhook posthorn.Webhook, job store.Job) map[string]func(ctx context.Context) error {
	page := posthorn.Page{Limit: 1}
	return map[string]func(ctx context.Context) error{
		"Event":          func(ctx context.Context) error { return drop(w.Event(ctx, store.Reach{}, job.Event.ID)) },
		"EventByGivenID": func(ctx context.Context) error { return drop(w.EventByGivenID(ctx, w.environment.ID, "x")) },
		"Events":         func(ctx context.Context) error { return drop(w.Events(ctx, store.EventQuery{Page: page})) },
		"Delivery":       func(ctx context.Context) error { return drop(w.Delivery(ctx, job.Delivery.ID)) },
		"Deliveries":     func(ctx context.Context) error { return drop(w.Deliveries(ctx, store.DeliveryQuery{Page: page})) },
		"Attempts":       func(ctx context.Context) error { return drop(w.Attempts(ctx, job.Delivery.ID, 0, 1)) },
		"WebhookStats": func(ctx context.Context) error {
			return drop(w.WebhookStats(ctx, []posthorn.WebhookID{webhook.ID}))
		},
	}
}

func (w *world) tenantMethods() map[string]func(ctx context.Context) error {
	page := posthorn.Page{Limit: 1}
	workspace, project, environment := w.newTenant("")
	second := w.newProject(w.workspace)
	return map[string]func(ctx context.Context) error{
		"CreateWorkspace": func(ctx context.Context) error { return w.CreateWorkspace(ctx, workspace, project, environment) },
		"Workspace":       func(ctx context.Context) error { return drop(w.Workspace(ctx, w.workspace.ID)) },
		"Workspaces":      func(ctx context.Context) error { return drop(w.Workspaces(ctx, page)) },
		"UpdateWorkspace": func(ctx context.Context) error {
			return drop(w.UpdateWorkspace(ctx, w.workspace.ID, same[posthorn.Workspace]))
		},
		"CreateProject": func(ctx context.Context) error { return w.CreateProject(ctx, second, w.newEnvironment(second), 0, 0) },
		"Project":       func(ctx context.Context) error { return drop(w.Project(ctx, w.project.ID)) },
		"Projects":      func(ctx context.Context) error { return drop(w.Projects(ctx, w.workspace.ID, page)) },
		"UpdateProject": func(ctx context.Context) error {
			return drop(w.UpdateProject(ctx, w.project.ID, same[posthorn.Project]))
		},
		"CreateEnvironment": func(ctx context.Context) error { return w.CreateEnvironment(ctx, w.newEnvironment(w.project), 0) },
		"Environment":       func(ctx context.Context) error { return drop(w.Environment(ctx, w.environment.ID)) },
		"OldestEnvironment": func(ctx context.Context) error { return drop(w.OldestEnvironment(ctx, w.workspace.ID)) },
		"Environments": func(ctx context.Context) error {
			return drop(w.Environments(ctx, store.EnvironmentQuery{Page: page}))
		},
		"UpdateEnvironment": func(ctx context.Context) error {
			return drop(w.UpdateEnvironment(ctx, w.environment.ID, same[posthorn.Environment]))
		},
	}
}

func (w *world) catalogueMethods(webhook posthorn.Webhook) map[string]func(ctx context.Context) error {
	page := posthorn.Page{Limit: 1}
	here := w.environment.ID
	signing := w.keepSigningKeys(w.newSigningKey(posthorn.Ed25519))[0]
	return map[string]func(ctx context.Context) error{
		"CreateWebhook": func(ctx context.Context) error { return w.CreateWebhook(ctx, w.newWebhook(), 0) },
		"Webhook":       func(ctx context.Context) error { return drop(w.Webhook(ctx, webhook.ID)) },
		"Webhooks":      func(ctx context.Context) error { return drop(w.Webhooks(ctx, here, page)) },
		"CountFilters":  func(ctx context.Context) error { return drop(w.CountFilters(ctx, here)) },
		"SigningKeys":   func(ctx context.Context) error { return drop(w.SigningKeys(ctx, here)) },
		"SigningKey":    func(ctx context.Context) error { return drop(w.SigningKey(ctx, signing.ID)) },
		"UpdateSigningKeys": func(ctx context.Context) error {
			return drop(w.UpdateSigningKeys(ctx, here, sameKeys))
		},
		"UpdateWebhook": func(ctx context.Context) error {
			return drop(w.UpdateWebhook(ctx, webhook.ID, same[posthorn.Webhook]))
		},
		"CreateEventTypes": func(ctx context.Context) error {
			return drop(w.CreateEventTypes(ctx, here, []posthorn.EventType{w.newEventType("new")}, 0))
		},
		"EventType":  func(ctx context.Context) error { return drop(w.EventType(ctx, here, "a")) },
		"EventTypes": func(ctx context.Context) error { return drop(w.EventTypes(ctx, here, "", 1)) },
		"UpdateEventType": func(ctx context.Context) error {
			return drop(w.UpdateEventType(ctx, here, "a", same[posthorn.EventType]))
		},
		"DeleteEventType": func(ctx context.Context) error { return w.DeleteEventType(ctx, here, "a") },
	}
}

func (w *world) formatMethods() map[string]func(ctx context.Context) error {
	owner := w.workspace.ID
	version := w.save("mine", "1").FormatVersion
	return map[string]func(ctx context.Context) error{
		"SaveFormat":    func(ctx context.Context) error { return drop(w.SaveFormat(ctx, w.saving("mine", "2"))) },
		"Format":        func(ctx context.Context) error { return drop(w.Format(ctx, owner, "mine")) },
		"FormatVersion": func(ctx context.Context) error { return drop(w.FormatVersion(ctx, owner, version)) },
		"Formats":       func(ctx context.Context) error { return drop(w.Formats(ctx, owner, "", 1)) },
		"FormatUsers":   func(ctx context.Context) error { return drop(w.FormatUsers(ctx, owner, "mine", 1)) },
		"DeleteFormat":  func(ctx context.Context) error { return w.DeleteFormat(ctx, owner, "mine") },
	}
}

func (w *world) keyMethods(key posthorn.Key) map[string]func(ctx context.Context) error {
	fresh := w.newKey(w.workspace.ID, "fresh "+w.workspace.ID.String())
	return map[string]func(ctx context.Context) error{
		"CreateKey": func(ctx context.Context) error { return w.CreateKey(ctx, fresh, 0) },
		"Key":       func(ctx context.Context) error { return drop(w.Key(ctx, key.ID)) },
		"KeyByHash": func(ctx context.Context) error { return drop(w.KeyByHash(ctx, key.Hash)) },
		"Keys":      func(ctx context.Context) error { return drop(w.Keys(ctx, w.workspace.ID, posthorn.Page{Limit: 1})) },
		"RevokeKey": func(ctx context.Context) error { return drop(w.RevokeKey(ctx, key.ID, w.now)) },
	}
}

func (w *world) replayMethods(webhook posthorn.Webhook) map[string]func(ctx context.Context) error {
	r := w.replay(webhook)
	fresh := w.newReplay(w.webhook())
	return map[string]func(ctx context.Context) error{
		"CreateReplay": func(ctx context.Context) error { return w.CreateReplay(ctx, fresh) },
		"CountReplay":  func(ctx context.Context) error { return drop(w.CountReplay(ctx, r, 1)) },
		"Replay":       func(ctx context.Context) error { return drop(w.Replay(ctx, r.ID)) },
		"Replays":      func(ctx context.Context) error { return drop(w.Replays(ctx, webhook.ID, posthorn.Page{Limit: 1})) },
		"CancelReplay": func(ctx context.Context) error { return drop(w.CancelReplay(ctx, r.ID, w.now)) },
		"NextReplay":   func(ctx context.Context) error { return drop(w.NextReplay(ctx, posthorn.WebhookID{}, w.now, 9)) },
		"StepReplay": func(ctx context.Context) error {
			return drop(w.StepReplay(ctx, store.ReplayStep{ID: r.ID, Examine: 1, Move: 1, Now: w.now}))
		},
	}
}

func contextDone(w *world) {
	cancelled, cancel := context.WithCancel(w.ctx)
	cancel()
	late, stop := context.WithDeadline(w.ctx, time.Unix(0, 0))
	defer stop()
	for name, call := range w.everyMethod() {
		if err := call(cancelled); !errors.Is(err, context.Canceled) {
			w.t.Errorf("%s under a cancelled context: error = %v", name, err)
		}
		if err := call(late); !errors.Is(err, context.DeadlineExceeded) {
			w.t.Errorf("%s after its deadline: error = %v", name, err)
		}
	}
}

func contextDoneKeepsNothing(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	event := w.newEvent()
	submission := w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
	stats := w.stats(webhook)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	_, err := w.Accept(ctx, submission)
	w.wantError(err, context.Canceled)
	w.wantError(w.Record(ctx, w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)), context.Canceled)
	_, err = w.Cancel(ctx, job.Delivery.ID, w.now)
	w.wantError(err, context.Canceled)
	w.want("the stats", w.stats(webhook), stats)
	w.want("the delivery", w.delivery(job.Delivery.ID), job.Delivery)
}

func closed(w *world) {
	methods := w.everyMethod()
	w.do(w.Close())
	for name, call := range methods {
		if err := call(w.ctx); err == nil {
			w.t.Errorf("%s of a closed store returned no error", name)
		}
	}
	w.do(w.Close())
}

func nothingToList(w *world) {
	w.want("event types", w.eventTypes("", 10), []posthorn.EventType(nil))
	w.want("webhooks that are due", w.due(posthorn.WebhookID{}, 10), []store.DueWebhook(nil))
	page := posthorn.Page{Limit: 10}
	for what, count := range map[string]func() (int, error){
		"events":     func() (int, error) { return length(w.Events(w.ctx, store.EventQuery{Page: page})) },
		"deliveries": func() (int, error) { return length(w.Deliveries(w.ctx, store.DeliveryQuery{Page: page})) },
		"keys":       func() (int, error) { return length(w.Keys(w.ctx, posthorn.WorkspaceID{}, page)) },
		"webhooks":   func() (int, error) { return length(w.Webhooks(w.ctx, w.environment.ID, page)) },
	} {
		n, err := count()
		w.do(err)
		w.want(fmt.Sprintf("the number of %s", what), n, 0)
	}
}

func length[T any](list []T, err error) (int, error) { return len(list), err }
