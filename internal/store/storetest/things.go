package storetest

import (
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (w *world) newTenant(externalID string) (posthorn.Workspace, posthorn.Project, posthorn.Environment) {
	workspace := posthorn.Workspace{
		ID: posthorn.NewID[posthorn.WorkspaceID](w.tick(), w.random), Name: "Acme", ExternalID: externalID,
		CreatedAt: w.now, UpdatedAt: w.now,
	}
	project := w.newProject(workspace)
	return workspace, project, w.newEnvironment(project)
}

func (w *world) newProject(owner posthorn.Workspace) posthorn.Project {
	return posthorn.Project{
		ID: posthorn.NewID[posthorn.ProjectID](w.tick(), w.random), WorkspaceID: owner.ID, Name: "Shop",
		CreatedAt: w.now, UpdatedAt: w.now,
	}
}

func (w *world) newEnvironment(owner posthorn.Project) posthorn.Environment {
	return posthorn.Environment{
		ID: posthorn.NewID[posthorn.EnvironmentID](w.tick(), w.random), WorkspaceID: owner.WorkspaceID, ProjectID: owner.ID,
		Name: "production", Kind: posthorn.Production, DefaultFormat: "standard", DefaultRetries: 3,
		DefaultValidation: posthorn.ValidationOff,
		CreatedAt:         w.now, UpdatedAt: w.now,
	}
}

// newWebhook makes a webhook with something in every field.
func (w *world) newWebhook() posthorn.Webhook {
	retries := 0
	return posthorn.Webhook{
		ID:          posthorn.NewID[posthorn.WebhookID](w.tick(), w.random),
		WorkspaceID: w.workspace.ID, ProjectID: w.project.ID, EnvironmentID: w.environment.ID,
		Name: "Orders — größer", URL: "https://example.com/hooks?a=b&c=%20", Events: []string{"user.*", "order.paid", "*"},
		Filter: "event.data.amount > 100 ||\n\tevent.type == 'größer'",
		Format: "standard", Description: "two\nlines",
		Headers:  []posthorn.Header{{Name: "X-B", Value: "2"}, {Name: "X-A", Value: "1"}, {Name: "X-B", Value: "3"}},
		Metadata: map[string]string{"team": "core", "Team": "other", "empty": ""},
		Secrets: []posthorn.SigningSecret{
			{Value: "a-new-secret"},
			{Value: "an-old-secret", ExpiresAt: w.now.Add(time.Hour)},
		},
		UsesSigningKeys: true, Handshake: true, Consent: posthorn.Consent{GivenAt: w.now, PerMinute: 120}, Retries: &retries, RetrySchedule: []time.Duration{0, time.Second, 90 * time.Minute},
		Timeout: 10 * time.Second, Concurrency: 8, Status: posthorn.WebhookActive,
		CreatedBy: "key_1", CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// webhook makes an active webhook and keeps it.
func (w *world) webhook() posthorn.Webhook {
	w.t.Helper()
	webhook := w.newWebhook()
	w.do(w.CreateWebhook(w.ctx, webhook, 0))
	return webhook
}

func (w *world) newEvent() posthorn.Event {
	id := posthorn.NewID[posthorn.EventID](w.tick(), w.random)
	return posthorn.Event{
		ID: id, EnvironmentID: w.environment.ID, Type: "user.created",
		Data: fmt.Appendf(nil, `{"id":%q}`, id), Timestamp: w.now, AcceptedAt: w.now,
	}
}

// newDelivery makes a delivery that is due now.
func (w *world) newDelivery(event posthorn.Event, webhook posthorn.Webhook) posthorn.Delivery {
	return posthorn.Delivery{
		ID:      posthorn.NewID[posthorn.DeliveryID](event.AcceptedAt, w.random),
		EventID: event.ID, WebhookID: webhook.ID, EnvironmentID: event.EnvironmentID,
		EventPublicID: event.PublicID(), EventType: event.Type,
		Status: posthorn.DeliveryPending, DueAt: event.AcceptedAt, CreatedAt: event.AcceptedAt, UpdatedAt: event.AcceptedAt,
	}
}

func (w *world) newKey(owner posthorn.WorkspaceID, text string) posthorn.Key {
	return posthorn.Key{
		ID: posthorn.NewID[posthorn.KeyID](w.tick(), w.random), Kind: posthorn.WorkspaceKey, WorkspaceID: owner,
		Name: "ci", Hash: posthorn.HashKey(text), Start: "sk_abc", CreatedAt: w.now,
	}
}

// newSigningKey makes a key that was rotated out.
func (w *world) newSigningKey(algorithm posthorn.SignatureAlgorithm) posthorn.SigningKey {
	w.t.Helper()
	key := must[posthorn.SigningKey](w)(posthorn.NewSigningKey(w.environment.ID, algorithm, w.tick(), w.random))
	key.ExpiresAt = w.now.Add(time.Hour)
	return key
}

func (w *world) newEventType(name string) posthorn.EventType {
	retries := 0
	return posthorn.EventType{
		EnvironmentID: w.environment.ID, Name: name, Description: "It happened.", Since: "1.2", Retries: &retries,
		Status: posthorn.EventTypeBeta, Example: []byte("{\"a\":1e400}\x00"), Schema: []byte(`{ "type":"object" }`),
		Validation: posthorn.ValidationReject,
		CreatedAt:  w.tick(), UpdatedAt: w.now,
	}
}

func (w *world) version() store.Version {
	w.t.Helper()
	return must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID)).Version
}

// submission makes a submission of the entries, at the newest version.
func (w *world) submission(entries ...store.Entry) store.Submission {
	w.t.Helper()
	return store.Submission{EnvironmentID: w.environment.ID, Version: w.version(), NodeID: w.node, Entries: entries}
}

// accept keeps the entries and wants no replay.
func (w *world) accept(entries ...store.Entry) []store.Result {
	w.t.Helper()
	receipt := must[store.Receipt](w)(w.Accept(w.ctx, w.submission(entries...)))
	if receipt.Replayed != nil {
		w.t.Fatal("a submission without an idempotency key was answered from before")
	}
	return receipt.Results
}

// pending accepts n events with a delivery each to the webhook, due one after
// the other, and returns the deliveries.
func (w *world) pending(webhook posthorn.Webhook, n int) []posthorn.Delivery {
	w.t.Helper()
	var deliveries []posthorn.Delivery
	var entries []store.Entry
	for range n {
		event := w.newEvent()
		event.Deliveries = 1
		delivery := w.newDelivery(event, webhook)
		deliveries = append(deliveries, delivery)
		entries = append(entries, store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
	}
	w.accept(entries...)
	return deliveries
}

// claim leases what is due now, without limits.
func (w *world) claim(webhook posthorn.Webhook) []store.Job {
	w.t.Helper()
	return must[store.Claimed](w)(w.Claim(w.ctx, w.newClaim(webhook))).Jobs
}

func (w *world) newClaim(webhook posthorn.Webhook) store.Claim {
	return store.Claim{WebhookID: webhook.ID, NodeID: w.node, Now: w.now, Limit: 1000, MaxBytes: 1 << 30}
}

// leased accepts an event for the webhook and claims its delivery.
func (w *world) leased(webhook posthorn.Webhook) store.Job {
	w.t.Helper()
	id := w.pending(webhook, 1)[0].ID
	for _, job := range w.claim(webhook) {
		if job.Delivery.ID == id {
			return job
		}
	}
	w.t.Fatal("a due delivery was not claimed")
	return store.Job{}
}

// recording makes the record of an attempt that came to the reason, after which
// the delivery goes to the status, due in an hour if that is pending.
func (w *world) recording(job store.Job, reason posthorn.Reason, status posthorn.DeliveryStatus) store.Recording {
	started := w.tick()
	return store.Recording{
		Lease:     job.Lease,
		WebhookID: job.Delivery.WebhookID,
		Attempt: posthorn.Attempt{
			ID:         posthorn.NewID[posthorn.AttemptID](started, w.random),
			DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts + 1, StartedAt: started, URL: "https://example.com/hooks",
			Outcome: posthorn.Outcome{
				Reason: reason, Detail: "The receiver answered.", StatusCode: 503, RetryAfter: 7 * time.Second,
				ResponseBody: w.body, BodyTruncated: true, ConnectionReused: true,
				Timings: posthorn.Timings{DNS: 1000, Connect: 2000, TLS: 3000, FirstByte: 4000, Total: 5000},
			},
		},
		Next: posthorn.Next{Status: status, DueAt: started.Add(time.Hour)},
		Now:  w.tick(),
	}
}

func (w *world) record(job store.Job, reason posthorn.Reason, status posthorn.DeliveryStatus) store.Recording {
	w.t.Helper()
	r := w.recording(job, reason, status)
	w.do(w.Record(w.ctx, r))
	return r
}

func (w *world) delivery(id posthorn.DeliveryID) posthorn.Delivery {
	w.t.Helper()
	return must[posthorn.Delivery](w)(w.Delivery(w.ctx, id))
}

// wantStatus checks where a delivery stands.
func (w *world) wantStatus(id posthorn.DeliveryID, status posthorn.DeliveryStatus) {
	w.t.Helper()
	if got := w.delivery(id).Status; got != status {
		w.t.Fatalf("the delivery is %s, want %s", got, status)
	}
}

func (w *world) stats(webhook posthorn.Webhook) posthorn.WebhookStats {
	w.t.Helper()
	all := must[map[posthorn.WebhookID]posthorn.WebhookStats](w)(w.WebhookStats(w.ctx, []posthorn.WebhookID{webhook.ID}))
	return all[webhook.ID]
}

// pause changes the webhook's status as a person would.
func (w *world) setStatus(webhook posthorn.Webhook, status posthorn.WebhookStatus) {
	w.t.Helper()
	_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
		changed.Status = status
		return changed, nil
	})
	w.do(err)
}

func idsOfJobs(jobs []store.Job) []posthorn.DeliveryID {
	var ids []posthorn.DeliveryID
	for _, job := range jobs {
		ids = append(ids, job.Delivery.ID)
	}
	return ids
}

func idsOfDeliveries(deliveries []posthorn.Delivery) []posthorn.DeliveryID {
	var ids []posthorn.DeliveryID
	for _, d := range deliveries {
		ids = append(ids, d.ID)
	}
	return ids
}
