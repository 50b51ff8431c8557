package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

const yamlFormat = `# how our receivers know it
name: mine
description: Ours
body:
  - kind: "{event.type}"
  - payload: {raw: event.data}
headers:
  - X-Sign: "sha256={signature}"
signature:
  algorithm: hmac-sha256
  content: "{body}"
success: [200]
`

func (w *world) saveFormat(name, body, contentType string) answer {
	return w.send(request{method: http.MethodPut, path: "/v1/formats/" + name, body: body, header: map[string]string{"Content-Type": contentType}})
}

// Guards that whoever asks for a format that isn't there is told in terms of names.
func TestUnknownFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	for path, told := range map[string]string{"nope": `There is no format \"nope\" here.`, "mine?version=7": `There is no version 7 of a format \"mine\" here.`} {
		a := w.get("/v1/formats/" + path).is(404)
		if !strings.Contains(string(a.body), told) || !strings.Contains(string(a.body), "GET /v1/formats lists the names") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// Guards that a format can be declared in YAML and in JSON, is shown in full, and
// what is shown can be sent back without making a version.
func TestFormatIsDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	saved := w.saveFormat("mine", yamlFormat, "application/yaml").is(200).data()
	for member, want := range map[string]any{"name": "mine", "builtIn": false, "version": 1.0, "appliesSince": 1.0, "contentType": "application/json"} {
		if saved[member] != want {
			t.Errorf("%s is %v, want %v", member, saved[member], want)
		}
	}
	got := w.get("/v1/formats/mine").is(200)
	text := string(got.body)
	text = strings.TrimSuffix(strings.TrimPrefix(text, `{"success":true,"data":`), "}")
	if again := w.saveFormat("mine", text, "application/json").is(200).data(); again["version"] != 1.0 {
		t.Errorf("sending back what is shown made version %v", again["version"])
	}
	if next := w.saveFormat("mine", strings.Replace(yamlFormat, "Ours", "Changed", 1), "text/yaml; charset=utf-8").is(200).data(); next["version"] != 2.0 || next["description"] != "Changed" {
		t.Errorf("a change made version %v", next["version"])
	}
	if old := w.get("/v1/formats/mine?version=1").is(200).data(); old["description"] != "Ours" {
		t.Errorf("the first version is %v", old)
	}
	if warnings, isList := saved["warnings"].([]any); !isList || len(warnings) > 0 {
		t.Errorf("warnings are %v", saved["warnings"])
	}
	w.get("/v1/formats/mine?version=3").is(404)
	w.get("/v1/formats/mine?version=x").is(400)
	w.get("/v1/formats/standard?version=1").is(404)
	w.send(request{method: http.MethodDelete, path: "/v1/formats/mine"}).is(200)
	w.get("/v1/formats/mine").is(404)
}

// Guards that the list has built-in and declared formats by name, page by page.
func TestFormatsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"zebra", "aardvark", "mine"} {
		w.saveFormat(name, "{"+goodFormat+"}", "application/json").is(200)
	}
	var names []string
	path := "/v1/formats?limit=4"
	for path != "" {
		a := w.get(path).is(200)
		for _, item := range a.items() {
			names = append(names, item["name"].(string))
		}
		next, _ := a.json()["pagination"].(map[string]any)["nextCursor"].(string)
		path = ""
		if next != "" {
			path = "/v1/formats?limit=4&cursor=" + next
		}
	}
	if len(names) < 15 || !slices.IsSorted(names) || names[0] != "aardvark" || names[len(names)-1] != "zebra" || !slices.Contains(names, "standard") {
		t.Errorf("the formats are %v", names)
	}
}

// Guards that mistakes in a format are refused when it is saved, with their
// places, and that nothing is kept.
func TestBadFormatsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, c := range map[string]struct {
		text    string
		status  int
		pointer string
	}{
		"unknown value":     {strings.Replace(yamlFormat, "{event.type}", "{event.kind}", 1), 422, "/body/0"},
		"unknown member":    {yamlFormat + "colour: red\n", 400, "/colour"},
		"unknown algorithm": {strings.Replace(yamlFormat, "hmac-sha256", "md5", 1), 422, "/signature/algorithm"},
		"another name":      {strings.Replace(yamlFormat, "name: mine", "name: yours", 1), 422, "/name"},
		"no signature sent": {strings.Replace(yamlFormat, "{signature}", "x", 1), 422, "/headers"},
		"an alias":          {"a: &x [1]\nbody: *x", 400, ""},
		"too long":          {yamlFormat + strings.Repeat("# more\n", 10_000), 413, ""},
		"data many times":   {strings.Replace(yamlFormat, "  - payload: {raw: event.data}\n", manyTimes(1000, "  - p%d: {raw: event.data}\n"), 1), 422, "/body"},
		"deep":              {"body: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), 400, ""},
		"not YAML":          {"a: b: c", 400, ""},
		"empty":             {" ", 400, ""},
	} {
		a := w.saveFormat("mine", c.text, "application/yaml")
		if a.status != c.status || c.pointer != "" && !slices.Contains(a.pointers(), c.pointer) {
			t.Errorf("%s: %d, %s; want %d at %s", what, a.status, a.body, c.status, c.pointer)
		}
	}
	w.saveFormat("Mine_", "{"+goodFormat+"}", "application/json").is(422)
	w.saveFormat("standard", "{"+goodFormat+"}", "application/json").is(409)
	w.send(request{method: http.MethodDelete, path: "/v1/formats/standard"}).is(409)
	w.get("/v1/formats/mine").is(404)
}

func manyTimes(n int, line string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, line, i)
	}
	return text.String()
}

// Guards that aliases, with which a short text stands for a very long one, are
// refused.
func TestBombOfAliasesIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i, i)
	}
	w.saveFormat("mine", bomb+yamlFormat, "application/yaml").is(400)
}

// Guards that a format is its workspace's own: another one neither sees nor uses
// it, and may have one of that name.
func TestFormatIsItsWorkspacesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := w.another()
	key := w.post("/v1/keys", fmt.Sprintf(`{"name":"k","workspaceId":%q}`, theirs.workspace)).is(201).data()["key"].(string)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	as := func(method, path, body string) answer {
		return w.send(request{method: method, path: path, body: body, key: key})
	}
	as(http.MethodGet, "/v1/formats/mine", "").is(404)
	as(http.MethodDelete, "/v1/formats/mine", "").is(404)
	as(http.MethodPost, "/v1/formats/preview", `{"name":"mine"}`).is(404)
	hook := `{"url":"https://x.example.com","events":["*"],"format":"mine"}`
	if a := as(http.MethodPost, "/v1/webhooks", hook).is(422); !slices.Equal(a.pointers(), []string{"/format"}) {
		t.Errorf("the pointers are %v", a.pointers())
	}
	if a := as(http.MethodPatch, "/v1/environments/"+theirs.environment, `{"defaultFormat":"mine"}`).is(422); !slices.Equal(a.pointers(), []string{"/defaultFormat"}) {
		t.Errorf("the pointers are %v", a.pointers())
	}
	as(http.MethodPut, "/v1/formats/mine", "{"+goodFormat+"}").is(200)
	as(http.MethodPost, "/v1/webhooks", hook).is(201)
	as(http.MethodDelete, "/v1/formats/mine", "").is(409)
	w.send(request{method: http.MethodDelete, path: "/v1/formats/mine"}).is(200)
	as(http.MethodGet, "/v1/formats/mine", "").is(200)
}

// Guards that a format stays as long as it is used, and that the refusal says by
// whom.
func TestFormatInUseStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	hook := w.createWebhook(`{"url":"https://x.example.com","events":["*"],"format":"mine"}`)["id"].(string)
	environment := w.first.Environment.ID.String()
	w.patch("/v1/environments/"+environment, `{"defaultFormat":"mine"}`).is(200)
	a := w.send(request{method: http.MethodDelete, path: "/v1/formats/mine"}).is(409)
	for _, id := range []string{hook, environment} {
		if !strings.Contains(string(a.body), id) {
			t.Errorf("%s is not named: %s", id, a.body)
		}
	}
	w.patch("/v1/environments/"+environment, `{"defaultFormat":null}`).is(200)
	w.send(request{method: http.MethodDelete, path: "/v1/formats/mine"}).is(409)
	w.send(request{method: http.MethodDelete, path: "/v1/webhooks/" + hook}).is(200)
	w.send(request{method: http.MethodDelete, path: "/v1/formats/mine"}).is(200)
}

// Guards that neither a webhook nor a format can be changed so that nothing could
// be sent any more, and that the answer says why.
func TestFormatAndSecretsMustFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hexed := strings.Replace(yamlFormat, "algorithm: hmac-sha256", "algorithm: hmac-sha256\n  key: hex", 1)
	w.saveFormat("hexed", strings.Replace(hexed, "name: mine", "name: hexed", 1), "application/yaml").is(200)
	a := w.post("/v1/webhooks", `{"url":"https://x.example.com","events":["*"],"format":"hexed","secret":"no hex: zzzz"}`)
	if a.status != 422 {
		t.Errorf("a secret that can't be read: %d %s", a.status, a.body)
	}
	hook := w.createWebhook(`{"url":"https://x.example.com","events":["*"],"format":"hexed","secret":"00112233445566778899aabbccddeeff"}`)["id"].(string)
	w.patch("/v1/webhooks/"+hook, `{"secret":"zzzzzzzzzzzzzzzz"}`).is(422)
	w.post("/v1/webhooks/"+hook+"/rotate-secret", `{"secret":"zzzzzzzzzzzzzzzz"}`).is(422)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	other := w.createWebhook(`{"url":"https://x.example.com","events":["*"],"format":"mine","secret":"zzzzzzzzzzzzzzzz"}`)["id"].(string)
	w.patch("/v1/webhooks/"+other, `{"format":"hexed"}`).is(422)
	for what, changed := range map[string]string{
		"hex":      hexed,
		"metadata": "body: {raw: event.data}\nheaders: [{X-S: \"{metadata.team}\"}]\nsignature: {algorithm: none}\n",
	} {
		a := w.saveFormat("mine", changed, "application/yaml").is(409)
		if !strings.Contains(string(a.body), other) {
			t.Errorf("%s: the webhook is not named: %s", what, a.body)
		}
	}
	if version := w.get("/v1/formats/mine").is(200).data()["version"]; version != 1.0 {
		t.Errorf("version %v was kept", version)
	}
	// A signing key is no obstacle: it is made for those who need it from now on.
	w.saveFormat("mine", "body: {raw: event.data}\nheaders: [{X-S: \"{signature}\"}]\nsignature: {algorithm: ed25519, content: \"{body}\"}\n", "application/yaml").is(200)
	if keys := w.get("/v1/signing-keys").is(200).items(); len(keys) != 1 || keys[0]["algorithm"] != "ed25519" {
		t.Errorf("made are %v", keys)
	}
	w.createWebhook(`{"url":"https://x.example.com","events":["*"],"format":"mine"}`)
}

func hmacOf(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// Guards that a preview is the request itself, signed with the given secret, for
// a format that is saved and for one that isn't, and that nothing is sent.
func TestFormatIsPreviewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	event := `"event":{"id":"e-1","type":"user.created","data":{"a" :1e400},"timestamp":"2026-01-01T00:00:00Z"},"secret":"a-secret-of-ours"`
	const body = `{"kind":"user.created","payload":{"a" :1e400}}`
	for _, which := range []string{`"name":"mine"`, `"format":` + quote(yamlFormat), `"format":{"body":[{"kind":"{event.type}"},{"payload":{"raw":"event.data"}}],"headers":[{"X-Sign":"sha256={signature}"}],"signature":{"algorithm":"hmac-sha256","content":"{body}"}}`} {
		data := w.post("/v1/formats/preview", "{"+which+`,"url":"https://x.example.com/in?a=b",`+event+"}").is(200).data()
		request := data["request"].(map[string]any)
		if request["body"] != body || data["secret"] != "given" {
			t.Errorf("the preview is %v", data)
		}
		message := data["message"].(string)
		if !strings.HasPrefix(message, "POST /in?a=b HTTP/1.1\r\nHost: x.example.com\r\n") || !strings.HasSuffix(message, "\r\n\r\n"+body) || !strings.Contains(message, "\r\nX-Sign: sha256="+hmacOf("a-secret-of-ours", body)+"\r\n") {
			t.Errorf("the message is %q", message)
		}
	}
	if len(w.receiver.sent) != 0 {
		t.Error("a preview was sent")
	}
	if a := w.post("/v1/formats/preview", `{"format":{"body":[{"a":"{b}"}],"signature":{"algorithm":"none"}}}`).is(422); !slices.Equal(a.pointers(), []string{"/format/body/0"}) {
		t.Errorf("the pointers are %v", a.pointers())
	}
	w.post("/v1/formats/preview", `{"name":"mine","url":"http://10.0.0.1/"}`).is(422)
	w.post("/v1/formats/preview", `{"name":"mine","secret":"short"}`).is(422)
	if a := w.post("/v1/formats/preview", `{"name":"mine","event":{"timestamp":"now"}}`).is(422); !slices.Equal(a.pointers(), []string{"/event/timestamp"}) {
		t.Errorf("the pointers are %v", a.pointers())
	}
}

// Guards that an answer that is kept for a replay holds no secret, although a
// format may send one.
func TestPreviewIsNotKeptWithItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := `"format":{"body":{"raw":"event.data"},"headers":[{"Authorization":"Basic {secret|base64}"}],"signature":{"algorithm":"none","several":",{secret}"}}`
	secret := "very-secret-indeed"
	w.saveFormat("token", `{"body":{"raw":"event.data"},"headers":[{"Authorization":"Basic {secret|base64}"}],"signature":{"algorithm":"none","several":",{secret}"}}`, "application/json").is(200)
	webhook := w.createWebhook(`{"url":"https://x.example.com","events":["*"],"format":"token","secret":"` + secret + `"}`)["id"].(string)
	for _, path := range []string{"/v1/formats/preview", "/v1/formats/test", "/v1/webhooks/" + webhook + "/test"} {
		body := `{"url":"https://x.example.com","secret":"` + secret + `",` + token + `}`
		if strings.Contains(path, webhook) {
			body = ""
		}
		send := func() answer {
			return w.send(request{
				method: http.MethodPost, path: path, body: body,
				header: map[string]string{"Idempotency-Key": "k" + path},
			}).is(200)
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(secret))
		isShown := !strings.Contains(path, webhook) // the others are asked for what exactly is sent
		if first := send(); strings.Contains(string(first.body), encoded) != isShown || !strings.Contains(string(first.body), "Authorization") {
			t.Errorf("%s: the first answer: %s", path, first.body)
		}
		if again := send(); strings.Contains(string(again.body), encoded) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the second answer: %s", again.body)
		}
	}
	if strings.Contains(w.log.String(), secret) {
		t.Error("the secret is in the log")
	}
}

// Guards that a test sends one request through the same guard as everything else.
func TestFormatIsTested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.saveFormat("mine", yamlFormat, "application/yaml").is(200)
	data := w.post("/v1/formats/test", `{"name":"mine","url":"https://x.example.com/in","event":{"data":[1]}}`).is(200).data()
	if data["delivered"] != true || data["statusCode"] != 200.0 {
		t.Errorf("the answer is %v", data)
	}
	sent := w.receiver.sent
	if len(sent) != 1 || string(sent[0].Body) != `{"kind":"test","payload":[1]}` || sent[0].URL != "https://x.example.com/in" || sent[0].EnvironmentKind != posthorn.Production {
		t.Errorf("sent was %v", sent)
	}
	if a := w.post("/v1/formats/test", `{"name":"mine"}`).is(422); !slices.Equal(a.pointers(), []string{"/url"}) {
		t.Errorf("the pointers are %v", a.pointers())
	}
	w.post("/v1/formats/test", `{"name":"mine","url":"https://169.254.169.254/"}`).is(422)
}

// Guards that a workspace declares no more formats than it may.
func TestFormatsAreLimited(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t, posthorn.Production, posthorn.Limits{Formats: 2})
	for _, name := range []string{"a", "b", "a"} {
		w.saveFormat(name, "{"+goodFormat+"}", "application/json").is(200)
	}
	if code := w.saveFormat("c", "{"+goodFormat+"}", "application/json").is(409).json()["code"]; code != "limit_reached" {
		t.Errorf("the code is %v", code)
	}
	for i := range posthorn.MaxFormatVersions - 1 {
		w.saveFormat("a", fmt.Sprintf(`{"description":"%d",%s}`, i, goodFormat), "application/json").is(200)
	}
	a := w.saveFormat("a", `{"description":"more",`+goodFormat+`}`, "application/json").is(409)
	if !strings.Contains(string(a.body), "appliesTo=all") {
		t.Errorf("not told what to do: %s", a.body)
	}
	w.send(request{method: http.MethodPut, path: "/v1/formats/a?appliesTo=all", body: `{"description":"more",` + goodFormat + `}`}).is(200)
}

// Guards that what a format lets others do is told when it is saved and shown, and
// doesn't keep it from being saved; what is shown can be sent back.
func TestFormatWithWarnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	risky := strings.Replace(yamlFormat, `"{body}"`, `"{event.id}{body}"`, 1)
	for _, shown := range []answer{w.saveFormat("mine", risky, "application/yaml").is(200), w.get("/v1/formats/mine").is(200)} {
		warnings, _ := shown.data()["warnings"].([]any)
		if len(warnings) != 1 {
			t.Fatalf("warnings are %v", shown.data()["warnings"])
		}
		warning, _ := warnings[0].(map[string]any)
		if warning["pointer"] != "/signature/content" || warning["detail"] == "" || warning["hint"] == "" {
			t.Errorf("the warning is %v", warning)
		}
	}
	text := strings.TrimSuffix(strings.TrimPrefix(string(w.get("/v1/formats/mine").is(200).body), `{"success":true,"data":`), "}")
	if again := w.saveFormat("mine", text, "application/json").is(200).data(); again["version"] != 1.0 {
		t.Errorf("sending back what is shown made version %v", again["version"])
	}
}
