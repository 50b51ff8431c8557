package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// everything is a format that says all that can be said.
const everything = `
name: everything
description: "All of it: \"quoted\", é, 😀"
body:
  - version: 2
  - live: false
  - none: null
  - ratio: 1e-7
  - created: {number: "{event.timestampSeconds}"}
  - who: [{hook: "{webhook.id}"}, {deep: [{data: {raw: event.data}}]}]
  - list: {items: ["{event.type}", 7, [{a: "b"}], {raw: event.data}, {items: [true]}]}
  - "123": "yes"
headers:
  - X-Signature: "t={timestamp},v1={signature}"
  - X-Further: "{signature.further}"
  - Authorization: "Bearer {signature.token}"
  - X-Key: "{signature.edwards}"
  - Content-Digest: "sha-256=:{digest.sha256}:"
  - Signature-Input: "{message.input}"
  - Signature: "{message.signature}"
signatures:
  - {name: first, algorithm: hmac-sha1, content: "{timestamp}.{body}", key: hex, keyPrefix: key_, several: ",v1={signature}"}
  - {name: further, algorithm: ecdsa-p256-sha256, content: "{digest.sha512.hex}", encoding: base64url, ecdsa: raw, several: {lines: true}, optional: true}
  - {name: token, algorithm: jwt-hs256, claims: [{iat: {number: "{timestamp}"}}, {exp: {number: "{timestamp+300}"}}, {sub: "{digest.sha256.hex}"}]}
  - name: edwards
    algorithm: ed25519
    optional: true
    content: "{body}"
success: ["200", 2xx]
retries: 4
verify: {tolerance: 1m30s}
`

const withMessage = `
name: message
body: {form: [{type: "{event.type}"}, {payload: {raw: event.data}}]}
contentType: application/x-www-form-urlencoded; charset=utf-8
headers:
  - Content-Digest: "sha-256=:{digest.sha256}:"
  - Signature-Input: "{message.input}"
  - Signature: "{message.signature}"
signature:
  algorithm: hmac-sha256
  message: {label: a, components: ["@method", "@target-uri", content-digest], parameters: [created, expires, keyid, alg, tag], keyid: "k {webhook.id}", tag: mine, expires: 5m}
verify: {tolerance: 5m}
`

// A format that is written comes back as it was, from JSON and from YAML, and
// means the same.
func TestDocumentsRoundTrip(t *testing.T) {
	t.Parallel()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{written, strings.Replace(everything, `  - Content-Digest: "sha-256=:{digest.sha256}:"
  - Signature-Input: "{message.input}"
  - Signature: "{message.signature}"
`, "", 1), withMessage} {
		format, err := wire.ParseFormat([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		formats = append(formats, format, compile(t, format).Format())
	}
	for _, format := range formats {
		for kind, document := range map[string][]byte{"JSON": wire.FormatJSON(format), "YAML": wire.FormatYAML(format)} {
			again, err := wire.ParseFormat(document)
			if err != nil {
				t.Fatalf("%s, %s: %v in\n%s", format.Name, kind, err, document)
			}
			if difference := cmp.Diff(format, again); difference != "" {
				t.Errorf("%s, %s (-before +after):\n%s", format.Name, kind, difference)
			}
		}
	}
}

// Mistakes are told with their place, all at once, and the same in JSON.
func TestParsingPointsAtEachMistake(t *testing.T) {
	t.Parallel()
	const text = `{
		"name": ["x"], "body": [{"a": {"rare": 1}}, {"b": "1", "c": "2"}, {"name": "d", "constant": "text"}, {"e": {"items": []}}, {"f": {"number": []}}],
		"headers": [{"X": {"raw": "event.data"}}, "text"], "retries": 1.5, "success": [{}], "surprise": 1,
		"signature": {"algorithm": "hmac-sha256", "several": {"lines": "yes"}, "claims": [], "message": {"x/y~z": 1, "expires": "soon"}, "name": "x"},
		"verify": {"tolerance": 5}
	}`
	_, err := wire.ParseFormat([]byte(text))
	var problem *posthorn.Error
	if !errors.As(err, &problem) || problem.Code != posthorn.CodeMalformed {
		t.Fatal(err)
	}
	for _, pointer := range []string{
		"/name", "/body/0/a", "/body/1", "/body/2/constant", "/body/3/e/items", "/body/4/f/number", "/headers/0/X", "/headers/1", "/retries", "/success/0", "/surprise",
		"/signature/several/lines", "/signature/claims", "/signature/message/x~1y~0z", "/signature/message/expires", "/signature/name", "/verify/tolerance",
	} {
		if !hasPointer(problem, pointer) {
			t.Errorf("nothing is said of %s", pointer)
		}
	}
	if strings.Contains(err.Error(), "line ") {
		t.Errorf("JSON has no lines: %v", err)
	}
}

// Neither depth nor number of parts grows beyond what a format needs.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"name": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
		"name: " + strings.Repeat("[", 40) + strings.Repeat("]", 40),
		`{"name": [` + strings.Repeat("1,", 5000) + `1]}`,
	} {
		if _, err := wire.ParseFormat([]byte(text)); err == nil || !strings.Contains(err.Error(), "too deeply") {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	if _, err := wire.ParseFormat([]byte(`{"name": "a", "name": "b"}`)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
}

// What can't mean anything, or would cost too much, is refused at its place.
func TestCompileRefusesSchemes(t *testing.T) {
	t.Parallel()
	claims := []posthorn.BodyField{{Name: "sub", Template: "{digest.sha256}"}}
	message := posthorn.MessageSignature{Components: []string{"@method", "x-signature"}}
	cases := map[string]func(*posthorn.Format){
		"/signature":         func(f *posthorn.Format) { f.Signatures = nil },
		"/signatures":        func(f *posthorn.Format) { f.Signatures = make([]posthorn.SignatureScheme, 5) },
		"/signatures/1/name": func(f *posthorn.Format) { f.Signatures = append(f.Signatures, f.Signatures[0]) },
		"/signatures/1/algorithm": func(f *posthorn.Format) {
			f.Signatures = append(f.Signatures, posthorn.SignatureScheme{Name: "b", Algorithm: "none"})
		},
		"/signature/optional": func(f *posthorn.Format) { f.Signatures[0].IsOptional = true },
		"/signature/ecdsa":    func(f *posthorn.Format) { f.Signatures[0].ECDSA = posthorn.ECDSADER },
		"/signature/claims":   func(f *posthorn.Format) { f.Signatures[0].Claims = claims },
		"/signature/several":  func(f *posthorn.Format) { f.Signatures[0].Several, f.Signatures[0].SeveralLines = "{signature}", true },
		"/signature/appendTo": func(f *posthorn.Format) { f.Signatures[0].AppendTo = "X-Absent" },
		"/signature/claims/0": func(f *posthorn.Format) {
			f.Signatures[0].Algorithm = posthorn.JWTHS256
			f.Signatures[0].Claims = []posthorn.BodyField{{Name: "data", Raw: "event.data"}}
		},
		"/signature/message/components/1": func(f *posthorn.Format) { f.Signatures[0].Message = message },
		"/signature/message/components/0": func(f *posthorn.Format) {
			f.Signatures[0].Message = posthorn.MessageSignature{Components: []string{"@status"}}
		},
		"/signature/message/parameters/0": func(f *posthorn.Format) {
			f.Signatures[0].Message = posthorn.MessageSignature{Components: []string{"@method"}, Parameters: []string{"nonce"}}
		},
		"/signature/message/label": func(f *posthorn.Format) {
			f.Signatures[0].Message = posthorn.MessageSignature{Components: []string{"@method"}, Label: "A b"}
		},
		"/signature/message": func(f *posthorn.Format) {
			f.Signatures[0].Algorithm, f.Signatures[0].Message = posthorn.HMACSHA1, posthorn.MessageSignature{Components: []string{"@method"}}
		},
		"/headers/1": func(f *posthorn.Format) { f.Headers = append(f.Headers, posthorn.Header{Name: "X", Value: "{key.id}"}) },
		"/headers/2": func(f *posthorn.Format) {
			f.Headers = append(f.Headers, posthorn.Header{Name: "X", Value: ""}, posthorn.Header{Name: "Y", Value: "{body|hex|hex|hex|hex}"})
		},
		"/headers": func(f *posthorn.Format) {
			f.Headers = append(f.Headers, posthorn.Header{Name: "X", Value: "{message.input}"})
		},
		"":             func(f *posthorn.Format) { f.Signatures[0].Content = strings.Repeat("{body}", 8) },
		"/body/form/0": func(f *posthorn.Format) { f.IsForm, f.Body = true, []posthorn.BodyField{{Name: "a", Constant: "1"}} },
		"/body/0":      func(f *posthorn.Format) { f.Body[0] = posthorn.BodyField{Name: "a", Number: "{event.id}"} },
		"/body/1":      func(f *posthorn.Format) { f.Body[1] = posthorn.BodyField{Name: "a", Constant: `"x"`} },
		"/body/2/0": func(f *posthorn.Format) {
			f.Body[2] = posthorn.BodyField{Name: "a", Items: []posthorn.BodyField{{Name: "b"}}}
		},
		"/body": func(f *posthorn.Format) {
			f.Body[0] = posthorn.BodyField{Name: "a", Items: make([]posthorn.BodyField, 64)}
		},
	}
	for pointer, change := range cases {
		format := builtIn(t, plain).Format().Clone()
		change(&format)
		_, err := wire.Compile(format)
		var problem *posthorn.Error
		if !errors.As(err, &problem) || problem.Code != posthorn.CodeInvalid || !hasPointer(problem, pointer) || problem.Hint == "" {
			t.Errorf("%s: %v", pointer, err)
		}
	}
}
