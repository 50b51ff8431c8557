package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func catalogueCases() []testCase {
	return []testCase{
		{name: "a webhook comes back as it was kept", run: webhookKept},
		{name: "a webhook without anything optional comes back so", run: webhookPlain},
		{name: "a webhook needs its environment", run: webhookNeedsEnvironment},
		{name: "updating a webhook keeps its id, owners and creation", run: webhookUpdated},
		{name: "updating a webhook many times at once loses no change", run: webhookUpdatedConcurrently},
		{name: "a deleted webhook can't be found again", run: webhookDeleted},
		{name: "webhooks are listed newest first, page by page", run: webhooksListed},
		{name: "the webhooks with a filter are counted, but for deleted ones and those elsewhere", run: filtersCounted},
		{name: "what is handed out belongs to the caller", run: webhookCopies},
		{name: "a snapshot holds the webhooks oldest first, the signing keys newest first and the event types by name", run: snapshotHolds},
		{name: "a snapshot holds the schemas that are enforced, by the event type's word or else the environment's", run: snapshotSchemas},
		{name: "the schemas of an environment's event types are measured together", run: schemasMeasured},
		{name: "event types are kept once by name", run: eventTypesKept},
		{name: "event types are listed by name, byte by byte", run: eventTypesListed},
		{name: "event types belong to one environment", run: eventTypesElsewhere},
		{name: "updating an event type keeps its name, environment and creation", run: eventTypeUpdated},
		{name: "a deleted event type is gone and can be made again", run: eventTypeDeleted},
		{name: "event types that are absent are not found", run: eventTypesAbsent},
	}
}

func webhookKept(w *world) {
	webhook := w.newWebhook()
	webhook.Status, webhook.StatusReason, webhook.HoldUntil = posthorn.WebhookPaused, "by a person", w.now.Add(time.Minute)
	webhook.Breaker = posthorn.Breaker{OpenedAt: w.now, Failures: 11, NextProbeAt: w.now.Add(time.Second), ChangedAt: w.now.Add(time.Microsecond)}
	limit := 7
	webhook.RateLimit = &limit
	given := webhook
	given.HoldUntil, given.CreatedAt, given.UpdatedAt = webhook.HoldUntil.Add(999), webhook.CreatedAt.Add(999), webhook.UpdatedAt.Add(999)
	w.do(w.CreateWebhook(w.ctx, given, 0))
	w.want("the webhook", w.storedWebhook(webhook), webhook)
	if secret := w.storedWebhook(webhook).Secrets[0].Value.Reveal(); secret != "a-new-secret" {
		w.t.Fatalf("the secret came back as one of %d characters", len(secret))
	}
}

func webhookPlain(w *world) {
	webhook := posthorn.Webhook{
		ID:          posthorn.NewID[posthorn.WebhookID](w.now, w.random),
		WorkspaceID: w.workspace.ID, ProjectID: w.project.ID, EnvironmentID: w.environment.ID,
		Status: posthorn.WebhookActive,
	}
	w.do(w.CreateWebhook(w.ctx, webhook, 0))
	got := w.storedWebhook(webhook)
	w.want("the webhook", got, webhook)
	if got.Retries != nil || got.RateLimit != nil || got.Breaker.IsOpen() || got.Consent.IsGiven() || !got.HoldUntil.IsZero() || !got.CreatedAt.IsZero() {
		w.t.Fatalf("unset fields came back as %v, %v, %v", got.Retries, got.HoldUntil, got.CreatedAt)
	}
}

func webhookNeedsEnvironment(w *world) {
	webhook := w.newWebhook()
	webhook.EnvironmentID = posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)
	w.wantError(w.CreateWebhook(w.ctx, webhook, 0), posthorn.ErrNotFound)
	_, err := w.Webhook(w.ctx, webhook.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.UpdateWebhook(w.ctx, webhook.ID, func(before posthorn.Webhook) (posthorn.Webhook, error) { return before, nil })
	w.wantError(err, posthorn.ErrNotFound)
}

func webhookUpdated(w *world) {
	before := w.webhook()
	want := w.newWebhook()
	want.ID, want.CreatedAt = before.ID, before.CreatedAt
	want.Name, want.URL, want.Events, want.Format, want.Filter = "Other", "http://localhost", []string{"a"}, "sendkit", ""
	want.Headers, want.Metadata, want.Secrets = nil, nil, []posthorn.SigningSecret{{Value: "rotated"}, {Value: "old", ExpiresAt: w.now}}
	want.Retries, want.RetrySchedule, want.Timeout, want.Concurrency = nil, nil, time.Millisecond, 1
	want.Status, want.StatusReason, want.HoldUntil = posthorn.WebhookDisabled, "gone", w.tick()
	want.Breaker = posthorn.Breaker{ChangedAt: w.now}
	want.Description, want.UsesSigningKeys, want.Handshake, want.Consent, want.UpdatedAt = "", false, false, posthorn.Consent{}, w.tick()
	got := must[posthorn.Webhook](w)(w.UpdateWebhook(w.ctx, before.ID, func(given posthorn.Webhook) (posthorn.Webhook, error) {
		w.want("what the change is given", given, before)
		changed := want
		changed.ID, changed.WorkspaceID, changed.ProjectID = posthorn.WebhookID{1}, posthorn.WorkspaceID{1}, posthorn.ProjectID{1}
		changed.EnvironmentID, changed.CreatedBy, changed.CreatedAt = posthorn.EnvironmentID{1}, "key_2", w.now
		return changed, nil
	}))
	w.want("what is returned", got, want)
	w.want("the webhook", w.storedWebhook(want), want)
}

func webhookUpdatedConcurrently(w *world) {
	const updates = 24
	webhook := w.webhook()
	w.together(updates, func(int) error {
		_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
			changed.Concurrency++
			return changed, nil
		})
		return err
	})
	w.want("the number", w.storedWebhook(webhook).Concurrency, webhook.Concurrency+updates)
}

func webhookDeleted(w *world) {
	webhook, other := w.webhook(), w.webhook()
	w.pending(webhook, 1)
	w.setStatus(webhook, posthorn.WebhookDeleted)
	_, err := w.Webhook(w.ctx, webhook.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
		changed.Status = posthorn.WebhookActive
		return changed, nil
	})
	w.wantError(err, posthorn.ErrNotFound)
	listed := must[[]posthorn.Webhook](w)(w.Webhooks(w.ctx, w.environment.ID, posthorn.Page{Limit: 10}))
	w.want("the webhooks", listed, []posthorn.Webhook{other})
	w.want("the directory", must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID)).Webhooks, []posthorn.Webhook{other})
	w.want("the stats", w.stats(webhook).Accepted, int64(1))
}

func filtersCounted(w *world) {
	count := func() int { return must[int](w)(w.CountFilters(w.ctx, w.environment.ID)) }
	w.want("the count without webhooks", count(), 0)
	w.neighbour().webhook()
	gone, kept := w.webhook(), w.webhook()
	w.setStatus(kept, posthorn.WebhookDisabled)
	without := w.newWebhook()
	without.Filter = ""
	w.do(w.CreateWebhook(w.ctx, without, 0))
	w.want("the count", count(), 2)
	w.setStatus(gone, posthorn.WebhookDeleted)
	w.want("the count after one is deleted", count(), 1)
	unknown := posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)
	w.want("the count elsewhere", must[int](w)(w.CountFilters(w.ctx, unknown)), 0)
}

func webhooksListed(w *world) {
	w.neighbour().webhook()
	var want []posthorn.Webhook
	for range 4 {
		want = append([]posthorn.Webhook{w.webhook()}, want...)
	}
	list := func(page posthorn.Page) []posthorn.Webhook {
		return must[[]posthorn.Webhook](w)(w.Webhooks(w.ctx, w.environment.ID, page))
	}
	wantPaged(w, list, want, func(webhook posthorn.Webhook) [16]byte { return webhook.ID })
}

func webhookCopies(w *world) {
	webhook, given := w.newWebhook(), w.newWebhook()
	given.ID, given.CreatedAt, given.UpdatedAt, given.Consent, given.Secrets = webhook.ID, webhook.CreatedAt, webhook.UpdatedAt, webhook.Consent, append(given.Secrets[:0:0], webhook.Secrets...)
	w.do(w.CreateWebhook(w.ctx, given, 0))
	spoil := func(w posthorn.Webhook) {
		w.Events[0], w.Headers[0].Value, w.Metadata["team"], w.Secrets[0].Value, *w.Retries, w.RetrySchedule[0] = "x", "x", "x", "x", 9, 9
	}
	spoil(given)
	spoil(w.storedWebhook(webhook))
	spoil(must[[]posthorn.Webhook](w)(w.Webhooks(w.ctx, w.environment.ID, posthorn.Page{Limit: 1}))[0])
	spoil(must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID)).Webhooks[0])
	w.want("the webhook", w.storedWebhook(webhook), webhook)
}

func snapshotHolds(w *world) {
	w.neighbour().webhook()
	webhooks := []posthorn.Webhook{w.webhook(), w.webhook(), w.webhook()}
	w.setStatus(webhooks[1], posthorn.WebhookPaused)
	webhooks[1].Status = posthorn.WebhookPaused
	types := []posthorn.EventType{w.newEventType("b"), w.newEventType("B"), w.newEventType("a")}
	five, none := 5, 0
	types[0].Retries, types[1].Retries, types[2].Retries = &five, nil, &none
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, types, 0))
	keys := w.keepSigningKeys(w.newSigningKey(posthorn.ECDSAP256), w.newSigningKey(posthorn.Ed25519))
	enforced := store.Schema{Text: types[0].Schema, Validation: posthorn.ValidationReject}
	snapshot := must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID))
	w.want("the directory", snapshot, store.Snapshot{
		Version: snapshot.Version, Environment: w.environment, Webhooks: webhooks, SigningKeys: []posthorn.SigningKey{keys[1], keys[0]},
		Retries: map[string]int{"b": 5, "a": 0}, Schemas: map[string]store.Schema{"b": enforced, "B": enforced, "a": enforced},
	})
}

func snapshotSchemas(w *world) {
	types := []posthorn.EventType{w.newEventType("off"), w.newEventType("left"), w.newEventType("warn"), w.newEventType("none"), w.newEventType("empty")}
	types[0].Validation, types[1].Validation, types[2].Validation = posthorn.ValidationOff, "", posthorn.ValidationWarn
	types[3].Schema, types[4].Schema = nil, []byte{}
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, types, 0))
	schemas := func() map[string]store.Schema {
		return must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID)).Schemas
	}
	warned := store.Schema{Text: types[2].Schema, Validation: posthorn.ValidationWarn}
	w.want("the schemas", schemas(), map[string]store.Schema{"warn": warned})
	must[posthorn.Environment](w)(w.UpdateEnvironment(w.ctx, w.environment.ID, func(e posthorn.Environment) (posthorn.Environment, error) {
		e.DefaultValidation = posthorn.ValidationReject
		return e, nil
	}))
	rejected := store.Schema{Text: types[1].Schema, Validation: posthorn.ValidationReject}
	w.want("the schemas under another default", schemas(), map[string]store.Schema{"warn": warned, "left": rejected})
}

func schemasMeasured(w *world) {
	measure := func() int { return must[int](w)(w.SchemaBytes(w.ctx, w.environment.ID)) }
	w.want("the length without event types", measure(), 0)
	types := []posthorn.EventType{w.newEventType("a"), w.newEventType("b"), w.newEventType("none")}
	types[1].Schema, types[1].Validation, types[2].Schema = []byte(`{"title":"größer"}`), posthorn.ValidationOff, nil
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, types, 0))
	w.want("the length", measure(), len(types[0].Schema)+len(types[1].Schema))
	w.do(w.DeleteEventType(w.ctx, w.environment.ID, "a"))
	w.want("the length after one is deleted", measure(), len(types[1].Schema))
	unknown := posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)
	w.want("the length elsewhere", must[int](w)(w.SchemaBytes(w.ctx, unknown)), 0)
}

func (w *world) eventTypes(after string, limit int) []posthorn.EventType {
	w.t.Helper()
	return must[[]posthorn.EventType](w)(w.EventTypes(w.ctx, w.environment.ID, after, limit))
}

func eventTypesKept(w *world) {
	first := w.newEventType("user.created")
	plain := posthorn.EventType{EnvironmentID: w.environment.ID, Name: "plain", Status: posthorn.EventTypeGA}
	strange := w.newEventType("strange")
	strange.EnvironmentID = posthorn.EnvironmentID{1}
	again := w.newEventType("plain")
	create := func(types ...posthorn.EventType) int {
		return must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, types, 0))
	}
	w.want("how many are new", create(first, plain, again), 2)
	w.want("how many are new", create(w.newEventType("user.created"), strange, w.newEventType("User.Created")), 2)
	w.want("how many are new", create(), 0)
	strange.EnvironmentID = w.environment.ID
	for _, want := range []posthorn.EventType{first, plain, strange} {
		got := must[posthorn.EventType](w)(w.EventType(w.ctx, w.environment.ID, want.Name))
		w.want("the event type", got, want)
		if (got.Retries == nil) != (want.Retries == nil) {
			w.t.Fatalf("the retries of %s came back as %v", want.Name, got.Retries)
		}
	}
}

func eventTypesListed(w *world) {
	// In the order of their bytes, which is nobody's dictionary order.
	names := []string{"A", "B-", "B.a", "B_", "Ba", "Z.z", "_", "a", "a-b", "a.b", "aB", "a_b", "ab", "z"}
	var want, given []posthorn.EventType
	for _, name := range names {
		want = append(want, w.newEventType(name))
		given = append([]posthorn.EventType{want[len(want)-1]}, given...)
	}
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, given, 0))
	w.want("all", w.eventTypes("", 100), want)
	w.want("the first", w.eventTypes("", 1), want[:1])
	w.want("two after a.b", w.eventTypes("a.b", 2), want[10:12])
	w.want("after a name that is absent", w.eventTypes("aa", 3), want[12:])
	w.want("after the last", w.eventTypes("z", 100), want[14:])
}

func eventTypesElsewhere(w *world) {
	other := w.neighbour()
	must[int](w)(w.CreateEventTypes(w.ctx, other.environment.ID, []posthorn.EventType{other.newEventType("a")}, 0))
	_, err := w.EventType(w.ctx, w.environment.ID, "a")
	w.wantError(err, posthorn.ErrNotFound)
	w.want("event types", w.eventTypes("", 10), []posthorn.EventType(nil))
	w.want("how many are new", must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("a")}, 0)), 1)
	w.do(w.DeleteEventType(w.ctx, w.environment.ID, "a"))
	must[posthorn.EventType](w)(w.EventType(w.ctx, other.environment.ID, "a"))
}

func eventTypeUpdated(w *world) {
	before := w.newEventType("a")
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{before, w.newEventType("b")}, 0))
	want := before
	want.Description, want.Since, want.Retries, want.Status = "", "", new(7), posthorn.EventTypeDeprecated
	want.Example, want.Schema, want.Validation, want.UpdatedAt = nil, []byte("true"), "", w.tick()
	got := must[posthorn.EventType](w)(w.UpdateEventType(w.ctx, w.environment.ID, "a", func(given posthorn.EventType) (posthorn.EventType, error) {
		w.want("what the change is given", given, before)
		changed := want
		changed.Name, changed.EnvironmentID, changed.CreatedAt = "b", posthorn.EnvironmentID{1}, w.now
		return changed, nil
	}))
	w.want("what is returned", got, want)
	w.want("the event type", must[posthorn.EventType](w)(w.EventType(w.ctx, w.environment.ID, "a")), want)
}

func eventTypeDeleted(w *world) {
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("a"), w.newEventType("A")}, 0))
	w.do(w.DeleteEventType(w.ctx, w.environment.ID, "a"))
	_, err := w.EventType(w.ctx, w.environment.ID, "a")
	w.wantError(err, posthorn.ErrNotFound)
	must[posthorn.EventType](w)(w.EventType(w.ctx, w.environment.ID, "A"))
	w.want("how many are new", must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("a")}, 0)), 1)
}

func eventTypesAbsent(w *world) {
	_, err := w.EventType(w.ctx, w.environment.ID, "a")
	w.wantError(err, posthorn.ErrNotFound)
	w.wantError(w.DeleteEventType(w.ctx, w.environment.ID, "a"), posthorn.ErrNotFound)
	_, err = w.UpdateEventType(w.ctx, w.environment.ID, "a", func(before posthorn.EventType) (posthorn.EventType, error) { return before, nil })
	w.wantError(err, posthorn.ErrNotFound)
	absent := posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)
	_, err = w.CreateEventTypes(w.ctx, absent, []posthorn.EventType{w.newEventType("a")}, 0)
	w.wantError(err, posthorn.ErrNotFound)
}
