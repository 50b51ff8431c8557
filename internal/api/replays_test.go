package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// cancelledDeliveries makes a webhook with n deliveries that are cancelled, and returns
// its id.
func (w *world) cancelledDeliveries(n int) string {
	w.t.Helper()
	webhook := w.createWebhook(webhookJSON)["id"].(string)
	for range n {
		w.post("/v1/events", `{"type":"email.replied","data":1}`).is(202)
	}
	for _, d := range w.get("/v1/deliveries?webhookId=" + webhook).is(200).items() {
		w.post(fmt.Sprintf("/v1/deliveries/%s/cancel", d["id"]), "{}").is(200)
	}
	return webhook
}

// Guards that a dry run counts and keeps nothing, and that a replay is made, shown,
// listed and cancelled.
func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webhook := w.cancelledDeliveries(3)
	path := "/v1/webhooks/" + webhook + "/replays"
	dry := w.post(path, `{"statuses":["cancelled"],"dryRun":true}`).is(202)
	if data := dry.data(); data["matching"] != 3.0 || data["dryRun"] != true || data["id"] != nil {
		t.Errorf("a dry run: %s", dry.body)
	}
	if data := w.post(path, `{"dryRun":true}`).is(202).data(); data["matching"] != 0.0 || fmt.Sprint(data["statuses"]) != "[exhausted expired]" {
		t.Errorf("a dry run of what is meant by default: %v", data)
	}
	if items := w.get(path).is(200).items(); len(items) != 0 {
		t.Errorf("dry runs were kept: %v", items)
	}
	first := w.post(path, `{"statuses":["cancelled","succeeded","cancelled"],"after":"2026-01-02T00:00:00Z","before":"2026-01-03T00:00:00Z"}`).is(202).data()
	if first["status"] != "running" || first["dryRun"] != false || first["examined"] != 0.0 || first["replayed"] != 0.0 || fmt.Sprint(first["statuses"]) != "[cancelled succeeded]" ||
		first["after"] != "2026-01-02T00:00:00.000Z" || first["before"] != "2026-01-03T00:00:00.000Z" || first["webhookId"] != webhook || first["matching"] != nil {
		t.Errorf("a replay: %v", first)
	}
	id := first["id"].(string)
	parsed, err := posthorn.ParseID[posthorn.ReplayID](id)
	must(t, err)
	_, err = w.store.StepReplay(t.Context(), store.ReplayStep{ID: parsed, Examine: 10, Move: 2, Now: w.clock.Now()})
	must(t, err)
	if got := w.get("/v1/replays/" + id).is(200).data(); got["examined"] != 2.0 || got["replayed"] != 2.0 || got["status"] != "running" {
		t.Errorf("after a step: %v", got)
	}
	if got := w.post("/v1/replays/"+id+"/cancel", "").is(200).data(); got["status"] != "cancelled" || got["replayed"] != 2.0 {
		t.Errorf("cancelled: %v", got)
	}
	second := w.post(path, "").is(202).data()["id"].(string)
	items := w.get(path).is(200).items()
	if len(items) != 2 || items[0]["id"] != second || items[1]["id"] != id {
		t.Errorf("the list: %v", items)
	}
	cursor := w.get(path + "?limit=1").is(200).json()["pagination"].(map[string]any)["nextCursor"].(string)
	if rest := w.get(path + "?cursor=" + cursor).is(200).items(); len(rest) != 1 || rest[0]["id"] != id {
		t.Errorf("the second page: %v", rest)
	}
}

// Guards what is refused, where the mistake is, and that nothing is kept of it.
func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhooks/" + w.cancelledDeliveries(0) + "/replays"
	for body, pointer := range map[string]string{
		`{"statuses":[]}`:                                                  "/statuses",
		`{"statuses":["exhausted","pending"]}`:                             "/statuses/1",
		`{"statuses":["leased"]}`:                                          "/statuses/0",
		`{"statuses":["gone"]}`:                                            "/statuses/0",
		`{"statuses":["gone"],"dryRun":true}`:                              "/statuses/0",
		`{"after":"yesterday"}`:                                            "/after",
		`{"before":"2026-01-02"}`:                                          "/before",
		`{"after":"2999-01-02T00:00:00Z"}`:                                 "/after",
		`{"after":"2026-01-01T00:00:00Z","before":"2026-01-01T00:00:00Z"}`: "/before",
	} {
		if got := w.post(path, body).is(422).pointers(); !slices.Equal(got, []string{pointer}) {
			t.Errorf("%s: places %v, want %s", body, got, pointer)
		}
	}
	w.post(path, `{"status":"exhausted"}`).is(400)
	if items := w.get(path).is(200).items(); len(items) != 0 {
		t.Errorf("kept: %v", items)
	}
	id := w.post(path, "{}").is(202).data()["id"].(string)
	if second := w.post(path, "{}").is(409); !strings.Contains(string(second.body), id) {
		t.Errorf("a second replay is refused without the first one's id: %s", second.body)
	}
	w.post("/v1/replays/"+id+"/cancel", "{}").is(200)
	w.post("/v1/replays/"+id+"/cancel", "{}").is(409)
	w.get("/v1/replays/rpl_nonsense").is(404)
}

// Guards that a replay may be made while its webhook is paused, says that it waits,
// and ends with its webhook.
func TestReplayOfAPausedAndADeletedWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webhook := "/v1/webhooks/" + w.cancelledDeliveries(1)
	w.post(webhook+"/pause", "").is(200)
	made := w.post(webhook+"/replays", "{}").is(202).data()
	if made["waitingFor"] != "the webhook is paused" {
		t.Errorf("made while it is paused: %v", made)
	}
	replay := fmt.Sprintf("/v1/replays/%s", made["id"])
	w.post(webhook+"/resume", "").is(200)
	if got := w.get(replay).is(200).data(); got["waitingFor"] != nil {
		t.Errorf("after it was resumed: %v", got)
	}
	w.send(request{method: http.MethodDelete, path: webhook}).is(200)
	if got := w.get(replay).is(200).data(); got["status"] != "cancelled" {
		t.Errorf("after the webhook was deleted: %v", got)
	}
	w.post(webhook+"/replays", "{}").is(404)
	w.get(webhook + "/replays").is(404)
}

// Guards that the same request under an idempotency key makes one replay.
func TestReplayIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhooks/" + w.cancelledDeliveries(0) + "/replays"
	r := request{method: http.MethodPost, path: path, body: "{}", header: map[string]string{"Idempotency-Key": "k"}}
	first := w.send(r).is(202)
	w.clock.move(time.Minute)
	if again := w.send(r).is(202); again.data()["id"] != first.data()["id"] || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %s", again.body)
	}
}
