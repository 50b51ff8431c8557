package api

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

// Guards the exact form of a created webhook: keys, their order, and types.
func TestCreateWebhookAnswersInTheDocumentedForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.post("/v1/webhooks", webhookJSON).is(http.StatusCreated)
	data := created.data()
	for key, pattern := range map[string]string{
		"_id": `^whc_[0-9a-z]{26}$`, "id": `^whc_[0-9a-z]{26}$`, "workspaceId": `^ws_[0-9a-z]{26}$`, "name": `^CRM Sync$`,
		"url": `^https://crm\.example\.com/webhooks/sendkit$`, "secret": `^[0-9a-f]{64}$`, "status": `^active$`,
		"createdBy": `^key_[0-9a-z]{26}$`, "createdAt": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, "updatedAt": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`,
		"format": `^standard$`, "environmentId": `^env_`, "projectId": `^prj_`,
	} {
		if text, isText := data[key].(string); !isText || !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s is %v, want a text like %s", key, data[key], pattern)
		}
	}
	if data["_id"] != data["id"] {
		t.Errorf("id doesn't repeat _id")
	}
	if data["retryAttempts"] != 3.0 || data["timeoutMs"] != 10000.0 || data["concurrency"] != 8.0 {
		t.Errorf("defaults: %v %v %v", data["retryAttempts"], data["timeoutMs"], data["concurrency"])
	}
	want := regexp.MustCompile(`^\{"success":true,"data":\{"_id":"[^"]+","workspaceId":"[^"]+","name":"CRM Sync","url":"[^"]+","events":\["email\.replied","email\.positive_reply"\],"secret":"[0-9a-f]{64}",("standardSecret":"whsec_[^"]+",)?"retryAttempts":3,"timeoutMs":10000,"status":"active","createdBy":"[^"]+","createdAt":"[^"]+","updatedAt":"[^"]+",`)
	if !want.Match(created.body) {
		t.Errorf("the members stand in another order: %s", created.body)
	}
}

// Guards that lists and reads never show a whole secret, and that reveal does.
func TestSecretIsShownWholeOnlyWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.createWebhook(webhookJSON)
	secret := created["secret"].(string)
	short := secret[:12] + "..."
	path := "/v1/webhooks/" + created["id"].(string)
	for _, a := range []answer{
		w.get("/v1/webhooks").is(200), w.get(path).is(200), w.patch(path, `{"name":"x"}`).is(200),
		w.send(request{method: http.MethodPost, path: path + "/pause"}).is(200),
	} {
		if strings.Contains(string(a.body), secret) || !strings.Contains(string(a.body), `"secret":"`+short+`"`) {
			t.Errorf("the secret is not shortened: %s", a.body)
		}
		if strings.Contains(string(a.body), "whsec_") {
			t.Errorf("the secret is shown in another notation: %s", a.body)
		}
	}
	if revealed := w.get(path + "/secret").is(200).data(); revealed["secret"] != secret {
		t.Errorf("revealed %v", revealed)
	}
	if strings.Contains(w.log.String(), secret) {
		t.Error("the secret is in the log")
	}
}

// Guards the values that a webhook may not have, each told at its place.
func TestWebhookValuesAreRefusedAtTheirPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	existing := "/v1/webhooks/" + w.createWebhook(webhookJSON)["id"].(string)
	for _, c := range []struct{ member, value, pointer string }{
		{"retryAttempts", `-1`, "/retryAttempts"},
		{"retryAttempts", `51`, "/retryAttempts"},
		{"retryAttempts", `9223372036854775807`, "/retryAttempts"},
		{"timeoutMs", `99`, "/timeoutMs"},
		{"timeoutMs", `60001`, "/timeoutMs"},
		{"timeoutMs", `9223372036854775807`, "/timeoutMs"},
		{"timeoutMs", `-9223372036854775808`, "/timeoutMs"},
		{"concurrency", `0`, "/concurrency"},
		{"concurrency", `257`, "/concurrency"},
		{"rateLimit", `0`, "/rateLimit"},
		{"rateLimit", `-1`, "/rateLimit"},
		{"rateLimit", `10001`, "/rateLimit"},
		{"rateLimit", `9223372036854775807`, "/rateLimit"},
		{"retrySchedule", `[1,-1]`, "/retrySchedule/1"},
		{"retrySchedule", `[9223372036854775807]`, "/retrySchedule/0"},
		{"url", `"/relative"`, "/url"},
		{"url", `""`, "/url"},
		{"url", `null`, "/url"},
		{"url", `"https://user:pass@example.com/"`, "/url"},
		{"url", `"http://example.com/"`, "/url"},
		{"url", `"ftp://example.com/"`, "/url"},
		{"url", `"javascript:alert(1)"`, "/url"},
		{"url", `"https://2130706433/"`, "/url"},
		{"url", `"https://0x7f.1/"`, "/url"},
		{"url", `"https://127.1/"`, "/url"},
		{"url", `"https://127.0.0.1/"`, "/url"},
		{"url", `"https://169.254.169.254/latest"`, "/url"},
		{"url", `"https://[::1]/"`, "/url"},
		{"url", `"https://10.0.0.1/"`, "/url"},
		{"url", `"https://example.com:0/"`, "/url"},
		{"url", `"https://example.com/a b"`, "/url"},
		{"url", `"https://` + strings.Repeat("a", 2100) + `.com/"`, "/url"},
		{"events", `[]`, "/events"},
		{"events", `null`, "/events"},
		{"events", `["user created"]`, "/events/0"},
		{"events", `["ok","user.*.x"]`, "/events/1"},
		{"events", `["**"]`, "/events/0"},
		{"format", `"nonsense"`, "/format"},
		{"secret", `"short"`, "/secret"},
		{"secret", `"whsec_not base64"`, "/secret"},
		{"name", `"a\u0000b"`, "/name"},
		{"headers", `{"Host":"x"}`, "/headers/Host"},
		{"headers", `{"X-A":"a\r\nX-B: b"}`, "/headers/X-A"},
		{"headers", `{"X A":"a"}`, "/headers/X A"},
		{"headers", `{"webhook-id":"a"}`, "/headers/webhook-id"},
		{"headers", `{"X-A":"1","x-a":"2"}`, "/headers"},
		{"metadata", `{"a":"x\u0000"}`, "/metadata/a"},
		{"metadata", `{"a b":"x"}`, "/metadata"},
	} {
		t.Run(c.member+" "+clip(c.value), func(t *testing.T) {
			for _, a := range []answer{
				w.post("/v1/webhooks", replaceMember(webhookJSON, c.member, c.value)).is(http.StatusUnprocessableEntity),
				w.patch(existing, fmt.Sprintf(`{%q:%s}`, c.member, c.value)).is(http.StatusUnprocessableEntity),
			} {
				if !slices.Contains(a.pointers(), c.pointer) {
					t.Errorf("pointers %v, want %s: %s", a.pointers(), c.pointer, a.body)
				}
			}
		})
	}
}

// replaceMember gives a webhook another member; the later of two holds.
func replaceMember(body, member, value string) string {
	return strings.TrimSuffix(body, "}") + fmt.Sprintf(`,%q:%s}`, member, value)
}

// Guards that all mistakes of a request are told at once.
func TestEveryMistakeIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post("/v1/webhooks", `{"url":"x","events":[],"retryAttempts":99,"format":"no"}`).is(422).pointers()
	for _, want := range []string{"/url", "/events", "/retryAttempts", "/format"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %v", want, got)
		}
	}
}

// Guards that null in a patch goes back to the default, and that what is left
// out stays.
func TestPatchTellsNullFromLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.createWebhook(`{"url":"https://a.example.com/x","events":["a"],"retryAttempts":7,"timeoutMs":500,"description":"d",
		"headers":{"X-A":"1"},"metadata":{"k":"v"},"retrySchedule":[1,2],"concurrency":3,"rateLimit":5,"format":"sendkit","name":"n"}`)
	path := "/v1/webhooks/" + created["id"].(string)
	same := w.patch(path, `{}`).is(200).data()
	for _, member := range []string{"retryAttempts", "timeoutMs", "description", "concurrency", "rateLimit", "format", "name", "url"} {
		if same[member] != created[member] {
			t.Errorf("%s became %v by an empty patch, was %v", member, same[member], created[member])
		}
	}
	reset := w.patch(path, `{"retryAttempts":null,"timeoutMs":null,"description":null,"headers":null,"metadata":null,"retrySchedule":null,"concurrency":null,"rateLimit":null,"format":null,"name":null}`).is(200).data()
	want := map[string]any{"retryAttempts": 3.0, "timeoutMs": 10000.0, "description": "", "concurrency": 8.0, "rateLimit": nil, "format": "standard", "name": "a.example.com"}
	for member, value := range want {
		if reset[member] != value {
			t.Errorf("%s is %v after null, want %v", member, reset[member], value)
		}
	}
	if len(reset["headers"].(map[string]any)) != 0 || len(reset["metadata"].(map[string]any)) != 0 || len(reset["retrySchedule"].([]any)) != 0 {
		t.Errorf("headers, metadata or schedule stayed: %v", reset)
	}
}

// Guards the effective number of retries: webhook, else format, else environment.
func TestRetryAttemptsShowTheEffectiveNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ascend := w.createWebhook(`{"url":"https://a.example.com","events":["*"],"format":"ascend"}`)
	if ascend["retryAttempts"] != 10.0 {
		t.Errorf("by format: %v", ascend["retryAttempts"])
	}
	own := w.createWebhook(`{"url":"https://a.example.com","events":["*"],"format":"ascend","retryAttempts":0}`)
	if own["retryAttempts"] != 0.0 {
		t.Errorf("its own: %v", own["retryAttempts"])
	}
	w.patch("/v1/environments/"+ascend["environmentId"].(string), `{"defaultRetries":9}`).is(200)
	if byEnvironment := w.createWebhook(webhookJSON); byEnvironment["retryAttempts"] != 9.0 {
		t.Errorf("by environment: %v", byEnvironment["retryAttempts"])
	}
}

// Guards pause, resume and delete, and that a deleted webhook is gone.
func TestWebhookLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhooks/" + w.createWebhook(`{"url":"https://a.example.com","events":["*"]}`)["id"].(string)
	w.post("/v1/events", `{"type":"a","data":1}`).is(202)
	if got := w.post(path+"/pause", `{}`).is(200).data(); got["status"] != "paused" {
		t.Errorf("paused: %v", got)
	}
	if got := w.post(path+"/resume", ``).is(200).data(); got["status"] != "active" {
		t.Errorf("resumed: %v", got)
	}
	got := w.send(request{method: http.MethodDelete, path: path}).is(200)
	if data := got.data(); data["deleted"] != true || "/v1/webhooks/"+data["id"].(string) != path {
		t.Errorf("deleted: %v", data)
	}
	w.get(path).is(404)
	deliveries := w.get("/v1/deliveries").is(200).items()
	if len(deliveries) != 1 || deliveries[0]["status"] != "cancelled" {
		t.Errorf("its delivery: %v", deliveries)
	}
	retry := w.post("/v1/deliveries/"+deliveries[0]["id"].(string)+"/retry", "").is(409)
	if !strings.Contains(string(retry.body), "deleted") {
		t.Errorf("retry: %s", retry.body)
	}
}

// Guards rotation: the overlap, its bounds, and the bound on valid secrets.
func TestRotateSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.createWebhook(webhookJSON)
	path := "/v1/webhooks/" + created["id"].(string) + "/rotate-secret"
	rotated := w.post(path, ``).is(200).data()
	if rotated["secret"] == created["secret"] || len(rotated["secret"].(string)) != 64 {
		t.Errorf("rotated: %v", rotated["secret"])
	}
	expires, err := time.Parse(time.RFC3339, rotated["previousSecretExpiresAt"].(string))
	must(t, err)
	if left := expires.Sub(w.clock.Now()); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("the earlier secret lives on for %s", left)
	}
	w.post(path, `{"overlapSeconds":-1}`).is(422)
	w.post(path, `{"overlapSeconds":604801}`).is(422)
	w.post(path, fmt.Sprintf(`{"secret":%q}`, rotated["secret"])).is(422)
	for range 3 {
		w.post(path, `{}`).is(200)
	}
	w.post(path, `{}`).is(409)
	revealed := w.get("/v1/webhooks/" + created["id"].(string) + "/secret").is(200).data()
	if previous := revealed["previous"].([]any); len(previous) != 4 {
		t.Errorf("%d earlier secrets", len(previous))
	}
	alone := w.post(path, `{"overlapSeconds":0,"secret":"a secret of one's own"}`)
	alone.is(422) // spaces
	last := w.post(path, `{"overlapSeconds":0,"secret":"a-secret-of-ones-own"}`).is(200).data()
	if last["secret"] != "a-secret-of-ones-own" || last["previousSecretExpiresAt"] != nil {
		t.Errorf("without overlap: %v", last)
	}
}

// Guards that a test sends one signed request, judges it by the format, and
// keeps nothing.
func TestTestingAWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/webhooks/" + w.createWebhook(`{"url":"https://a.example.com/in","events":["*"],"format":"ascend"}`)["id"].(string) + "/test"
	good := w.post(path, ``).is(200).data()
	if good["delivered"] != true || good["statusCode"] != 200.0 || good["responseBody"] != "ok" {
		t.Errorf("taken: %v", good)
	}
	if sent := good["request"].(map[string]any); sent["url"] != "https://a.example.com/in" || !strings.Contains(sent["body"].(string), `"type":"test"`) {
		t.Errorf("sent: %v", sent)
	}
	w.receiver.outcome.StatusCode = 204
	if refused := w.post(path, `{}`).is(200).data(); refused["delivered"] != false || refused["reason"] != "status_204" || refused["detail"] == "" {
		t.Errorf("a 204 in a format that wants 200: %v", refused)
	}
	w.post("/v1/event-types/import", `{"preset":"signature"}`).is(200)
	w.receiver.outcome = posthorn.Outcome{Reason: posthorn.ReasonConnectionRefused, Detail: "Nobody listens there."}
	failed := w.post(path, `{"type":"invoice.paid"}`).is(200).data()
	if failed["delivered"] != false || failed["reason"] != "connection_refused" || !strings.Contains(string(w.receiver.sent[2].Body), `"inv_20260211"`) {
		t.Errorf("refused: %v, sent %s", failed, w.receiver.sent[2].Body)
	}
	w.post(path, `{"type":"not a type"}`).is(422)
	if events := w.get("/v1/events").is(200).items(); len(events) != 0 {
		t.Errorf("a test was kept: %v", events)
	}
}
