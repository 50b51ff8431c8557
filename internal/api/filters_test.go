package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

const amounts = `{"url":"https://a.example.com/in","events":["invoice.*"],"filter":"event.data.amount > 100"}`

func (w *world) published(body string) map[string]any {
	w.t.Helper()
	return w.post("/v1/events", body).is(http.StatusAccepted).data()
}

func (w *world) explain(event, webhook map[string]any) map[string]any {
	w.t.Helper()
	return w.get(fmt.Sprintf("/v1/events/%s/explain?webhook=%s", event["id"], webhook["id"])).is(200).data()
}

// Guards that a webhook gets the events that its filter matches and no others,
// and that a publisher is told when filters alone are why nobody gets an event.
func TestFilterDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webhook := w.createWebhook(amounts)
	if webhook["filter"] != "event.data.amount > 100" {
		t.Errorf("filter %v", webhook["filter"])
	}
	if wanted := w.published(`{"type":"invoice.paid","data":{"amount":150}}`); wanted["deliveries"] != 1.0 {
		t.Errorf("wanted: %v", wanted)
	}
	small := w.published(`{"type":"invoice.paid","data":{"amount":50}}`)
	if note, _ := small["note"].(string); small["deliveries"] != 0.0 || !strings.Contains(note, "filters") || strings.Contains(note, "evaluated") {
		t.Errorf("too small: %v", small)
	}
	broken := w.published(`{"type":"invoice.paid","data":{"amount":"a lot"}}`)
	if note, _ := broken["note"].(string); broken["deliveries"] != 0.0 || !strings.Contains(note, "could not be evaluated") {
		t.Errorf("broken: %v", broken)
	}
	w.patch("/v1/webhooks/"+webhook["id"].(string), `{"filter":null}`).is(200)
	if all := w.published(`{"type":"invoice.paid","data":{"amount":50}}`); all["deliveries"] != 1.0 {
		t.Errorf("without the filter: %v", all)
	}
}

// Guards that a filter is read when it is saved, and that one that fails on every
// recent event is kept only by force.
func TestFilterIsTriedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := w.post("/v1/webhooks", replaceMember(webhookJSON, "filter", `"event.data.amount >"`)).is(422)
	if bad.pointers()[0] != "/filter" || !strings.Contains(string(bad.body), "Line 1, column 20") {
		t.Errorf("syntax: %s", bad.body)
	}
	typo := replaceMember(amounts, "filter", `"event.data.amuont > 100"`)
	w.post("/v1/webhooks", typo).is(201) // there is nothing to try it on yet
	w.published(`{"type":"invoice.paid","data":{"amount":150}}`)
	w.published(`{"type":"user.created","data":{"amuont":1}}`)
	refused := w.post("/v1/webhooks", typo).is(422)
	if !strings.Contains(string(refused.body), "no such key: amuont") || refused.pointers()[0] != "/filter" {
		t.Errorf("typo: %s", refused.body)
	}
	webhook := w.createWebhook(replaceMember(typo, "forceFilter", "true"))
	path := "/v1/webhooks/" + webhook["id"].(string)
	w.patch(path, `{"name":"other"}`).is(200) // the filter stays as it is
	w.patch(path, `{"filter":"event.data.amounts > 1"}`).is(422)
	w.patch(path, `{"filter":"event.data.amount > 1000"}`).is(200) // false is not a failure
	if secret := w.patch(path, `{"filter":"1"}`).is(422); !strings.Contains(string(secret.body), "not true or false") {
		t.Errorf("type: %s", secret.body)
	}
}

// Guards what a trial counts: the newest events of the types asked for, up to a
// hundred.
func TestFilterTrial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 130 {
		w.published(fmt.Sprintf(`{"type":"invoice.paid","data":{"n":%d}}`, i))
		w.published(`{"type":"user.created","data":{}}`)
	}
	trial := w.post("/v1/filters/test", `{"filter":"event.data.n >= 100 || event.data.n / (event.data.n - 50) > 5","events":["invoice.*"]}`).is(200).data()
	if trial["tried"] != 100.0 || trial["matched"] != 40.0 || trial["unmatched"] != 59.0 || trial["failed"] != 1.0 {
		t.Errorf("trial %v", trial)
	}
	if failures := trial["failures"].([]any); len(failures) != 1 || failures[0].(map[string]any)["detail"] != "division by zero" {
		t.Errorf("failures %v", trial["failures"])
	}
	webhook := w.createWebhook(`{"url":"https://a.example.com/in","events":["user.*"],"filter":"has(event.data.a)"}`)
	own := w.post("/v1/filters/test", fmt.Sprintf(`{"webhookId":%q}`, webhook["id"])).is(200).data()
	if own["filter"] != "has(event.data.a)" || own["tried"] != 100.0 || own["unmatched"] != 100.0 || own["costLimit"] != 10000.0 {
		t.Errorf("own %v", own)
	}
	w.post("/v1/filters/test", `{}`).is(422)
	w.post("/v1/filters/test", `{"filter":"true","events":["**"]}`).is(422)
}

// Guards each answer to why an event has or has no delivery.
func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.createWebhook(`{"url":"https://a.example.com/in","events":["*"]}`)
	invoices := w.createWebhook(amounts)
	path := func(webhook map[string]any) string { return "/v1/webhooks/" + webhook["id"].(string) }
	event := w.published(`{"type":"invoice.paid","data":{"amount":50}}`)
	failing := w.published(`{"type":"invoice.paid","data":{},"id":"mine"}`)
	user := w.published(`{"type":"user.created","data":1}`)
	later := w.createWebhook(`{"url":"https://a.example.com/in","events":["*"]}`)
	want := func(what string, event, webhook map[string]any, because string, changed bool) map[string]any {
		t.Helper()
		got := w.explain(event, webhook)
		if got["because"] != because || got["webhookChanged"] != changed || got["detail"] == "" {
			t.Errorf("%s: %v", what, got)
		}
		return got
	}
	if got := want("delivered", event, all, "delivery", false); got["deliveryStatus"] != "pending" || !strings.HasPrefix(got["deliveryId"].(string), "dlv_") {
		t.Errorf("delivered: %v", got)
	}
	if got := want("filter", event, invoices, "filter_false", false); got["filter"] != "event.data.amount > 100" || got["deliveryId"] != nil {
		t.Errorf("filter: %v", got)
	}
	if got := want("failure", failing, invoices, "filter_failed", false); got["failure"] != "no such key: amount" {
		t.Errorf("failure: %v", got)
	}
	want("type", user, invoices, "not_subscribed", false)
	want("age", event, later, "created_later", false)
	w.post(path(all)+"/pause", "").is(200)
	want("paused", event, all, "paused", true)
	w.patch(path(invoices), `{"filter":null}`).is(200)
	if got := want("changed", event, invoices, "changed_since", true); !strings.Contains(got["detail"].(string), "changed") {
		t.Errorf("changed: %v", got)
	}
	w.send(request{method: http.MethodDelete, path: path(all)}).is(200)
	if got := want("deleted", event, all, "delivery", false); got["webhookDeleted"] != true || got["deliveryStatus"] != "cancelled" {
		t.Errorf("deleted: %v", got)
	}
	w.send(request{method: http.MethodDelete, path: path(later)}).is(200)
	w.get(fmt.Sprintf("/v1/events/%s/explain?webhook=%s", event["id"], later["id"])).is(404)
	w.get(fmt.Sprintf("/v1/events/%s/explain", event["id"])).is(400)
}

// Guards that a webhook that is disabled is told to be the reason only where nothing
// else explains it: what was disabled after the event isn't why the event has no
// delivery.
func TestExplainDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.createWebhook(`{"url":"https://a.example.com/in","events":["invoice.*"]}`)
	filtered := w.createWebhook(`{"url":"https://a.example.com/in","events":["invoice.*"],"filter":"event.data.amount > 100"}`)
	disable := func(webhook map[string]any) {
		t.Helper()
		var id posthorn.WebhookID
		must(t, id.UnmarshalText([]byte(webhook["id"].(string))))
		_, err := w.store.UpdateWebhook(t.Context(), id, func(kept posthorn.Webhook) (posthorn.Webhook, error) {
			kept.Status, kept.StatusReason, kept.UpdatedAt = posthorn.WebhookDisabled, "It answered 410.", w.clock.Now()
			return kept, nil
		})
		must(t, err)
	}
	before := w.published(`{"type":"invoice.paid","data":{"amount":50}}`)
	w.clock.move(time.Second)
	disable(all)
	disable(filtered)
	w.clock.move(time.Second)
	after := w.published(`{"type":"invoice.paid","data":{"amount":50}}`)
	other := w.published(`{"type":"user.created","data":{}}`)
	for _, c := range []struct {
		what           string
		event, webhook map[string]any
		because        string
	}{
		{"there is a delivery that waits", before, all, "disabled"},
		{"the filter said no before it was disabled", before, filtered, "filter_false"},
		{"it was disabled before", after, all, "disabled"},
		{"it was disabled before, whatever the filter says", after, filtered, "disabled"},
		{"it isn't subscribed to, and disabled", other, all, "not_subscribed"},
	} {
		if got := w.explain(c.event, c.webhook); got["because"] != c.because {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// Guards that a webhook of another environment is answered like an absent one,
// even to who reaches both.
func TestExplainKeepsEnvironmentsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, nowhere := w.another(), absent()
	event := w.published(`{"type":"a","data":1}`)["id"].(string)
	foreign := w.get("/v1/events/" + event + "/explain?webhook=" + theirs.webhook).is(404)
	missing := w.get("/v1/events/" + event + "/explain?webhook=" + nowhere.webhook).is(404)
	if withoutRequestID(foreign) != withoutRequestID(missing) {
		t.Errorf("%s, %s", foreign.body, missing.body)
	}
}
