package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

// Guards how a webhook shows its breaker: open with its times, closed without any.
func TestBreakerIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.createWebhook(webhookJSON)["id"].(string)
	closed := map[string]any{"state": "closed", "openedAt": nil, "failures": 0.0, "nextProbeAt": nil}
	if diff := cmp.Diff(closed, w.get("/v1/webhooks/" + id).is(200).data()["breaker"]); diff != "" {
		t.Error(diff)
	}
	parsed, err := posthorn.ParseID[posthorn.WebhookID](id)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	_, err = w.store.UpdateWebhook(t.Context(), parsed, func(webhook posthorn.Webhook) (posthorn.Webhook, error) {
		webhook.Breaker = posthorn.Breaker{OpenedAt: at, Failures: 12, NextProbeAt: at.Add(time.Minute), ChangedAt: at}
		return webhook, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]any{"state": "open", "openedAt": "2026-01-02T03:04:05.000Z", "failures": 12.0, "nextProbeAt": "2026-01-02T03:05:05.000Z"}
	if diff := cmp.Diff(open, w.get("/v1/webhooks/" + id).is(200).data()["breaker"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(closed, w.post("/v1/webhooks/"+id+"/resume", "").is(200).data()["breaker"]); diff != "" {
		t.Error(diff)
	}
}
