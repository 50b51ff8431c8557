package api

import (
	"strings"
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

// Guards that a pending delivery says that its receiver fails, and when the next request goes out.
func TestWaitingForABreaker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := posthorn.ParseID[posthorn.WebhookID](w.createWebhook(webhookJSON)["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	w.post("/v1/events", `{"type": "email.replied", "data": {}}`).is(202)
	for probe, want := range map[time.Time]string{
		time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC): "the receiver fails, and is only probed until it answers again; the next one goes out at 2100-01-02T03:04:05Z",
		time.Date(2000, 1, 2, 3, 4, 5, 0, time.UTC): "the receiver fails, and is only probed until it answers again",
	} {
		_, err = w.store.UpdateWebhook(t.Context(), id, func(webhook posthorn.Webhook) (posthorn.Webhook, error) {
			webhook.Breaker = posthorn.Breaker{OpenedAt: probe.Add(-time.Minute), Failures: 12, NextProbeAt: probe, ChangedAt: probe.Add(-time.Minute)}
			return webhook, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := string(w.get("/v1/deliveries").is(200).body); !strings.Contains(text, `"waitingFor":"`+want+`"`) {
			t.Errorf("wanted %q in %s", want, text)
		}
	}
}

// Guards that an answer that was cut within a character is shown as text, and what isn't text
// as it came.
func TestResponsesThatWereCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body        string
		isCut       bool
		text, coded string
	}{
		{"x\u00e4", false, "x\u00e4", ""},
		{"x\u00e4"[:2], true, "x", ""},
		{"\u20ac\U0001f600"[:6], true, "\u20ac", ""},
		{"x\u00e4"[:2], false, "eMM=", "base64"},
		{"\xff\xfex\u00e4"[:4], true, "//54ww==", "base64"},
		{"\xc3", true, "ww==", "base64"},
	} {
		text, coded := showResponse(&posthorn.Outcome{ResponseBody: []byte(test.body), BodyTruncated: test.isCut})
		if text != test.text || coded != test.coded {
			t.Errorf("%q, cut %v, is shown as %q in %q", test.body, test.isCut, text, coded)
		}
	}
}
