package api

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
)

// Invariant: whoever asks is told the limits that hold for them, and what is left
// of them is their own.
func TestLimitsAreShown(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{Webhooks: 7, Keys: 3, EventRate: 2, EventBurst: 10})
	key := w.workspaceKey()
	w.publish(key).is(http.StatusAccepted)
	shown := w.send(request{method: http.MethodGet, path: "/v1/limits", key: key}).is(http.StatusOK).data()
	for member, want := range map[string]any{
		"workspace":   map[string]any{"projects": nil, "environments": nil, "keys": 3.0, "requestsInProgress": nil, "formats": nil, "formatBytes": 65536.0, "formatVersions": 10.0},
		"environment": map[string]any{"webhooks": 7.0, "eventTypes": nil},
		"publishing": map[string]any{
			"eventsPerSecond": 2.0, "burst": 10.0, "left": 9.0, "bodyBytes": 1048576.0,
			"batchEvents": 1000.0, "batchDeliveries": 5000.0, "idempotencySeconds": 86400.0,
		},
		"workspaceId": w.first.Environment.WorkspaceID.String(),
	} {
		if diff := cmp.Diff(want, shown[member]); diff != "" {
			t.Errorf("%s: %s", member, diff)
		}
	}
	general := w.get("/v1/limits").is(http.StatusOK).data()
	if general["workspaceId"] != nil || general["publishing"].(map[string]any)["left"] != nil {
		t.Errorf("a platform key is told of %v, %v", general["workspaceId"], general["publishing"])
	}
}

// Invariant: what is beyond a limit is refused with 409 and its own code.
func TestLimitIsReached(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{Webhooks: 1})
	w.createWebhook(webhookJSON)
	if code := w.post("/v1/webhooks", webhookJSON).is(http.StatusConflict).json()["code"]; code != "limit_reached" {
		t.Errorf("the code is %v", code)
	}
}
