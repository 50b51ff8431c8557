package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// captured is a request that somebody who knows the secret sent to a webhook, as
// JSON.
func (w *world) captured(format, secret, id, body string) string {
	w.t.Helper()
	scheme, _ := signature.Lookup(format)
	headers, err := scheme.Sign([]string{secret}, id, []byte(body), w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"url": "https://a.example.com/in", "headers": headers, "body": body})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *world) verify(format string, arguments ...any) map[string]any {
	w.t.Helper()
	return w.post("/v1/verify", fmt.Sprintf(format, arguments...)).is(http.StatusOK).data()
}

// Guards that a request to a webhook is held against what the server knows of it:
// its secrets, also those that ended, and what was sent; and that no secret is
// shown.
func TestVerifyKnowsTheWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webhook := w.createWebhook(`{"url":"https://a.example.com/in","events":["*"],"format":"standard"}`)
	id, secret := webhook["id"].(string), webhook["secret"].(string)
	w.published(`{"id":"order-1","type":"a.b","data":{"n":1.0},"timestamp":"2026-01-02T03:04:05Z"}`)
	body := `{"type":"a.b","timestamp":"2026-01-02T03:04:05Z","data":{"n":1.0}}`
	good := w.captured("standard", secret, "order-1", body)
	if got := w.verify(`{"webhookId":%q,"request":%s}`, id, good); got["valid"] != true || got["format"] != "standard" || got["eventId"] != "order-1" || got["cause"] != nil {
		t.Errorf("good: %v", got)
	}
	changed := strings.Replace(good, "1.0", "1", 1)
	if got := w.verify(`{"webhookId":%q,"request":%s}`, id, changed); got["cause"] != "body_changed" || got["offset"] != float64(strings.Index(body, ".0")) || got["valid"] != false {
		t.Errorf("changed: %v", got)
	}
	text := "POST /in HTTP/1.1\nHost: a.example.com\nwebhook-id: order-1\n\n" + body
	if got := w.verify(`{"webhookId":%q,"request":%q}`, id, text); got["cause"] != "header_missing" {
		t.Errorf("text: %v", got)
	}
	w.post("/v1/webhooks/"+id+"/rotate-secret", `{"overlapSeconds":60}`).is(http.StatusOK)
	if got := w.verify(`{"webhookId":%q,"request":%s}`, id, good); got["valid"] != true {
		t.Errorf("in the overlap: %v", got)
	}
	w.clock.move(2 * 60e9)
	got := w.post("/v1/verify", fmt.Sprintf(`{"webhookId":%q,"request":%s}`, id, good)).is(http.StatusOK)
	if data := got.data(); data["cause"] != "former_secret" || !strings.Contains(data["detail"].(string), "rotated out on 20") {
		t.Errorf("rotated: %v", data)
	}
	if strings.Contains(string(got.body), secret) {
		t.Error("the answer shows the secret")
	}
	w.post("/v1/verify", fmt.Sprintf(`{"request":%s}`, good)).is(http.StatusUnprocessableEntity)
	if bad := w.post("/v1/verify", `{"request":"nothing","secret":"s"}`).is(http.StatusBadRequest); !slices.Equal(bad.pointers(), []string{"/request"}) {
		t.Errorf("pointers %v", bad.pointers())
	}
}

// Guards that what was sent is known to the byte also where the delivery's id is
// a part of it.
func TestVerifyKnowsTheDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.saveFormat("mine", `{"body":[{"event":"{event.id}"},{"delivery":"{delivery.id}"},{"data":{"raw":"event.data"}}],"headers":[{"X-Signature":"{signature}"}],
		"signature":{"algorithm":"hmac-sha256","content":"{body}","encoding":"hex","key":"text"}}`, "application/json").is(http.StatusOK)
	webhook := w.createWebhook(`{"url":"https://a.example.com/in","events":["*"],"format":"mine"}`)
	w.published(`{"id":"order-1","type":"a.b","data":{"amount":12}}`)
	delivery := w.get("/v1/deliveries").is(http.StatusOK).items()[0]["id"].(string)
	body := `{"event":"order-1","delivery":"` + delivery + `","data":{"amount":12}}`
	changed := strings.Replace(w.captured("signature", webhook["secret"].(string), "", body), "12}}", "13}}", 1)
	if got := w.verify(`{"webhookId":%q,"request":%s}`, webhook["id"], changed); got["cause"] != "body_changed" || got["offset"] != float64(strings.Index(body, "2}}")) {
		t.Errorf("changed: %v", got)
	}
}

// Guards that a declared format is tried, and that one that was found can be saved
// as it is.
func TestInferredFormatIsSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := string(posthorn.NewSecret(func() uint64 { return 7 }))
	scheme := signature.Scheme{Algorithm: signature.HMACSHA256, Encoding: signature.Hex, Key: signature.Text, Content: "{timestamp}|{body}", Header: "X-Ours", TimestampHeader: "X-Ours-Time"}
	headers, err := scheme.Sign([]string{secret}, "", []byte(`{"type":"a.b","data":{}}`), w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	request, err := json.Marshal(map[string]any{"headers": headers, "body": `{"type":"a.b","data":{}}`})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.verify(`{"request":%s,"secret":%q}`, request, secret); got["cause"] != "unknown_format" {
		t.Errorf("before: %v", got)
	}
	answer := w.post("/v1/formats/infer", fmt.Sprintf(`{"request":%s,"secret":%q,"name":"ours"}`, request, secret)).is(http.StatusOK)
	found := answer.data()
	if found["found"] != true || found["exact"] != true || !strings.Contains(found["yaml"].(string), "name: ours") || strings.Contains(string(answer.body), secret) {
		t.Fatalf("found %v", found)
	}
	document, err := json.Marshal(found["format"])
	if err != nil {
		t.Fatal(err)
	}
	w.saveFormat("ours", string(document), "application/json").is(http.StatusOK)
	if got := w.verify(`{"request":%s,"secrets":[%q]}`, request, secret); got["valid"] != true || got["format"] != "ours" {
		t.Errorf("after: %v", got)
	}
	nothing := w.post("/v1/formats/infer", fmt.Sprintf(`{"request":%s,"secret":"another one"}`, request)).is(http.StatusOK).data()
	if nothing["found"] != false || nothing["format"] != nil || len(nothing["explanation"].([]any)) == 0 {
		t.Errorf("nothing: %v", nothing)
	}
}

// Guards that no format is said to be the request's where none fits, and that the
// answer says which one is nearest, and whether all was tried.
func TestVerifyNamesTheNearestFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.captured("slack", "the secret that signed it", "", `{"a":1}`)
	got := w.verify(`{"request":%s,"secret":"another secret"}`, good)
	if _, isSaid := got["format"]; isSaid || got["nearest"] != "slack" || got["stopped"] != false || got["cause"] != "no_match" {
		t.Errorf("none fits: %v", got)
	}
	got = w.verify(`{"request":%s,"secret":"another secret","format":"slack"}`, good)
	if _, isSaid := got["nearest"]; isSaid || got["format"] != "slack" {
		t.Errorf("one was asked for: %v", got)
	}
}
