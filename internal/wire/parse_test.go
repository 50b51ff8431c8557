package wire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

const written = `
name: mine
description: A dialect of my own
body:
  - z: "{event.id}"
  - data: {raw: event.data}
  - a: "{event.type}"
contentType: application/json
headers:
  - X-Z: "{timestamp}"
  - X-A: "t={timestamp},v1={signature}"
signature:
  algorithm: hmac-sha512
  content: "{timestamp}.{body}"
  encoding: base64url
  key: hex
  keyPrefix: key_
  several: ",v1={signature}"
success: ["200", 2xx, 404]
retries: 0
verify: {tolerance: 90s}
`

// Everything that is written arrives, in its order.
func TestParseFormat(t *testing.T) {
	t.Parallel()
	got, err := wire.ParseFormat([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	none := 0
	want := posthorn.Format{
		Name: "mine", Description: "A dialect of my own", ContentType: "application/json",
		Body:    []posthorn.BodyField{{Name: "z", Template: "{event.id}"}, {Name: "data", Raw: "event.data"}, {Name: "a", Template: "{event.type}"}},
		Headers: []posthorn.Header{{Name: "X-Z", Value: "{timestamp}"}, {Name: "X-A", Value: "t={timestamp},v1={signature}"}},
		Signatures: []posthorn.SignatureScheme{{
			Algorithm: posthorn.HMACSHA512, Content: "{timestamp}.{body}", Encoding: posthorn.EncodingBase64URL,
			Key: posthorn.EncodingHex, KeyPrefix: "key_", Several: ",v1={signature}",
		}},
		Success: []string{"200", "2xx", "404"}, Retries: &none, Tolerance: 90 * time.Second,
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
	compile(t, got)
}

// A body that is the data alone must be said, not left out by accident.
func TestParseRawBody(t *testing.T) {
	t.Parallel()
	text := `{name: mine, body: {raw: event.data}, headers: [X-Signature: "{signature}"], signature: {algorithm: hmac-sha256, content: "{body}"}}`
	format, err := wire.ParseFormat([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := input()
	if got := render(t, compile(t, format), in).Body; string(got) != string(in.Event.Data) {
		t.Errorf("the body is %s", got)
	}
}

// What can't be read is refused in words that name the place, never guessed at.
func TestParseFormatRefuses(t *testing.T) {
	t.Parallel()
	for text, said := range map[string]string{
		"":    "empty",
		"---": "names",
		"a":   "read",
		"[]":  "read",
		strings.Replace(written, "retries: 0", "retry: 0", 1):                               "retry",
		strings.Replace(written, "  key: hex", "  kee: hex", 1):                             "kee",
		strings.Replace(written, "tolerance: 90s", "tolerances: 90s", 1):                    "tolerances",
		strings.Replace(written, "90s", "soon", 1):                                          "soon",
		strings.Replace(written, "retries: 0", "retries: few", 1):                           "few",
		strings.Replace(written, "retries: 0", "retries: 0\nretries: 1", 1):                 "retries",
		strings.Replace(written, "raw: event.data", "rare: event.data", 1):                  "line 6",
		strings.Replace(written, "{raw: event.data}", "{raw: event.data, x: y}", 1):         "line 6",
		strings.Replace(written, "{raw: event.data}", "[event.data]", 1):                    "line 6",
		strings.Replace(written, `- a: "{event.type}"`, `- {a: "{event.type}", b: "x"}`, 1): "line 7",
		strings.Replace(written, `- X-Z: "{timestamp}"`, `- X-Z: {raw: event.data}`, 1):     "line 10",
		strings.Replace(written, `- X-Z: "{timestamp}"`, `- just text`, 1):                  "line 10",
		"name: mine":                                           "body",
		"name: mine\nbody: []":                                 "members",
		"name: mine\nbody: text":                               "list",
		"name: mine\nbody: {raw: event.id}":                    "event.data",
		"name: mine\nbody: {}":                                 "raw",
		"name: mine\nbody: {raw: event.data}\nheaders: {X: y}": "list",
		written + "\n---\n" + written:                          "goes on",
		"name: &a [*a, *a]\nbody: []":                          "read",
		"name: 'x\nbody: []":                                   "read",
		"name: \x00":                                           "read",
		strings.Repeat("#", 64<<10) + "#\n":                    "long",
		"body: " + strings.Repeat("[", 30000):                  "read",
	} {
		_, err := wire.ParseFormat([]byte(text))
		var problem *posthorn.Error
		if !errors.As(err, &problem) || problem.Hint == "" {
			t.Errorf("%.80q: %v", text, err)
			continue
		}
		if !strings.Contains(problem.Message, said) || strings.Contains(problem.Message, "wire.") {
			t.Errorf("%.80q: %v, which doesn't say %q", text, err, said)
		}
	}
}

// Whatever is uploaded, reading, compiling and rendering it never panics, and
// what compiles renders headers that can be sent, and is accepted by receivers
// that verify it as the format says they can.
func FuzzParseFormat(f *testing.F) {
	f.Add([]byte(written))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte(withMessage))
	f.Add([]byte(everything))
	f.Add([]byte(digested("sha-di6=:{digest.sha256}:")))
	f.Add([]byte(strings.Replace(digested("sha-256=:{digest.sha256}:"), "Signature-Input", "A", 1)))
	f.Add([]byte(`{name: a, body: {raw: event.data}, headers: [X: "Bearer {signature}"], signature: {algorithm: jwt-hs256, claims: [{iat: {number: "{timestamp}"}}, {b: "{digest.sha256}"}]}}`))
	f.Add([]byte(`{name: a, body: {raw: event.data}, headers: [X: "Bearer {signature}"], signature: {algorithm: jwt-hs256, claims: [{exp: {number: "{timestamp+60}"}}, {nbf: {number: "{timestamp}"}}, {b: "{digest.sha256}"}]}}`))
	f.Add([]byte(mixedHead + `signatures: [` + timedScheme + `, ` + untimedScheme + `]}`))
	f.Add([]byte(`{name: a, body: {raw: event.data}, headers: [X: "k={secret}"], signature: {algorithm: none, several: ",k={secret}"}}`))
	f.Add([]byte(`{name: a, body: {raw: event.data}, headers: [X: "t={timestamp};s={signature}"], signature: {algorithm: ecdsa-p256-sha256, content: "{timestamp}{body}", several: {lines: true}}}`))
	f.Add([]byte(`{name: a, body: {raw: event.data}, headers: [X: "{secret|hex}{signature|base64|upper}"], signature: {algorithm: hmac-sha1, content: "{{{body|hex}}}"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		format, err := wire.ParseFormat(text)
		if err != nil {
			return
		}
		dialect, err := wire.Compile(format)
		if err != nil {
			return
		}
		for _, warning := range dialect.Warnings() {
			if warning.Pointer == "" || warning.Message == "" || warning.Hint == "" {
				t.Errorf("the warning is %+v", warning)
			}
		}
		in := input()
		in.Keys = []posthorn.SigningKey{edwardsKey('1'), curveKey(t)}
		in.Webhook.UsesSigningKeys = true
		request, err := dialect.Render(in)
		if err != nil {
			return
		}
		if again, err := wire.ParseFormat(wire.FormatJSON(format)); err != nil || !cmp.Equal(format, again, cmpopts.EquateEmpty()) {
			t.Errorf("%v: %s", err, cmp.Diff(format, again))
		}
		if scheme, err := dialect.Verification(); err == nil {
			eachAccepts(t, scheme, publicKeys(t, in), request, in.Now)
		}
		for _, header := range request.Headers {
			if err := posthorn.ValidateHeaderValue("", header.Value); err != nil {
				t.Error(err)
			}
			if err := posthorn.ValidateHeaderName("", header.Name); err != nil {
				t.Error(err)
			}
		}
	})
}

// Guards that a member that nobody knows hides no other mistake, and that nothing
// is told twice.
func TestAllMistakesOfAFormatAreTold(t *testing.T) {
	t.Parallel()
	_, err := wire.ParseFormat([]byte(`
name: mine
body: {raw: event.data}
headrs: []
headers:
  - X-Sig: "{signatur}"
  - X-Bad
signature: {algorithm: hmac-sha256, content: "{body}", encoding: rot13, key: text}
retries: 1000
`))
	var first *posthorn.Error
	if !errors.As(err, &first) || first.Code != posthorn.CodeMalformed {
		t.Fatalf("%v", err)
	}
	var told []string
	for _, one := range append([]*posthorn.Error{first}, first.Others...) {
		told = append(told, one.Pointer)
		if one.Pointer == "/signature/encoding" && one.Hint != "Use one of hex, base64, base64url." {
			t.Errorf("%q", one.Hint)
		}
	}
	for _, want := range []string{"/headrs", "/headers/0", "/headers/1", "/signature/encoding", "/retries"} {
		at := slices.IndexFunc(told, func(pointer string) bool { return strings.HasPrefix(pointer, want) })
		if at < 0 {
			t.Errorf("%s is not among %q", want, told)
		} else if slices.ContainsFunc(told[at+1:], func(pointer string) bool { return pointer == told[at] }) {
			t.Errorf("%s is told twice: %q", want, told)
		}
	}
}
