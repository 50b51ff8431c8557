package wire_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

func parse(t testing.TB, text string) *wire.Dialect {
	t.Helper()
	format, err := wire.ParseFormat([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, format)
}

// edwardsKey is a signing key made of a seed of equal bytes, which also makes its
// id.
func edwardsKey(seed byte) posthorn.SigningKey {
	return posthorn.SigningKey{ID: posthorn.SigningKeyID{seed}, Algorithm: posthorn.Ed25519, Private: ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))}
}

func curveKey(t testing.TB) posthorn.SigningKey {
	t.Helper()
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return posthorn.SigningKey{ID: posthorn.SigningKeyID{'k'}, Algorithm: posthorn.ECDSAP256, Private: private}
}

func publicText(t testing.TB, key posthorn.SigningKey) string {
	t.Helper()
	switch public := key.Private.Public().(type) {
	case ed25519.PublicKey:
		return signature.FormatPublicKey(public)
	case *ecdsa.PublicKey:
		raw, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	t.Fatal("no such key")
	return ""
}

// The example of Standard Webhooks 1.0 for v1a, beside that for v1, out of the
// renderer.
func TestStandardWebhooksAsymmetricExample(t *testing.T) {
	t.Parallel()
	format := builtIn(t, standard).Format().Clone()
	format.Body = nil
	private, err := signature.ParsePrivateKey("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==")
	if err != nil {
		t.Fatal(err)
	}
	in := input()
	in.Event.GivenID, in.Event.Data, in.Now = "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)
	in.Webhook.Secrets = []posthorn.SigningSecret{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
	in.Keys = []posthorn.SigningKey{{ID: posthorn.SigningKeyID{1}, Algorithm: posthorn.Ed25519, Private: private}}
	in.Webhook.UsesSigningKeys = true
	want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
	if got := headerMap(render(t, compile(t, format), in))["webhook-signature"]; !slices.Equal(got, []string{want}) {
		t.Errorf("got %q", got)
	}
}

// The example of RFC 9421, appendix B.2.6, byte for byte, out of the renderer.
func TestMessageSignatureExample(t *testing.T) {
	t.Parallel()
	dialect := parse(t, `{name: rfc, body: {raw: event.data}, headers: [Date: "Tue, 20 Apr 2021 02:07:55 GMT", Signature-Input: "{message.input}", Signature: "{message.signature}"],
		signature: {algorithm: ed25519, message: {label: sig.b26, components: [date, "@method", "@path", "@authority", content-type, content-length], parameters: [created, keyid], keyid: test-key-ed25519}}}`)
	seed, err := base64.RawURLEncoding.DecodeString("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU")
	if err != nil {
		t.Fatal(err)
	}
	in := input()
	in.Event.Data, in.Now, in.Webhook.URL = []byte(`{"hello": "world"}`), time.Unix(1618884473, 0), "https://Example.com:443/foo?param=Value&Pet=dog"
	in.Keys = []posthorn.SigningKey{{Algorithm: posthorn.Ed25519, Private: ed25519.NewKeyFromSeed(seed)}}
	in.Webhook.UsesSigningKeys = true
	headers := headerMap(render(t, dialect, in))
	if got := headers["Signature"][0]; got != "sig.b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:" {
		t.Errorf("the signature is %s", got)
	}
	if got := headers["Signature-Input"][0]; got != `sig.b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"` {
		t.Errorf("the input is %s", got)
	}
}

// Each way of signing verifies by the scheme that is derived from its format,
// during a rotation too, and refuses another body and another secret.
func TestDeclaredFormatsVerify(t *testing.T) {
	t.Parallel()
	const head = `{name: mine, body: {raw: event.data}, verify: {tolerance: 5m}, `
	for name, text := range map[string]string{
		"hex in upper case":            head + `headers: [X: "v1={signature|upper}"], signature: {algorithm: hmac-sha512, content: "{body}"}}`,
		"lines":                        head + `headers: [X: "t={timestamp};s={signature}"], signature: {algorithm: hmac-sha1, content: "{timestamp}{body}", encoding: base64, several: {lines: true}}}`,
		"milliseconds":                 head + `headers: [X: "{signature}", T: "{timestampMs}"], signature: {algorithm: hmac-sha256, content: "{timestampMs}:{digest.sha512.base64url}"}}`,
		"headers and URL":              head + `headers: [X: "{signature}", Id: "{event.id}", E: "{event.type|upper}", D: "{delivery.id}"], signature: {algorithm: hmac-sha256, content: "{event.id}/{event.type|upper}/{delivery.id}/{webhook.url}/{body}"}}`,
		"a comma and spaces":           head + `headers: [X: "a={event.type}, t={timestamp}, v1={signature}"], signature: {algorithm: hmac-sha256, content: "{timestamp}.{body}", several: ", v1={signature}"}}`,
		"token":                        head + `headers: [Authorization: "Bearer {signature}"], signature: {algorithm: jwt-hs256, claims: [{iat: {number: "{timestamp}"}}, {exp: {number: "{timestamp+300}"}}, {jti: "{event.id}"}, {b: "{digest.sha256}"}, {n: 1}]}}`,
		"ed25519":                      head + `headers: [X: "{signature}", K: "{key.id}"], signature: {algorithm: ed25519, content: "{body}"}}`,
		"ed25519, several":             head + `headers: [X: "e={signature}"], signature: {algorithm: ed25519, content: "{body}", several: " e={signature}"}}`,
		"ecdsa":                        head + `headers: [X: "{signature}"], signature: {algorithm: ecdsa-p256-sha256, content: "{body}"}}`,
		"ecdsa, raw":                   head + `headers: [X: "{signature}"], signature: {algorithm: ecdsa-p256-sha256, ecdsa: raw, encoding: hex, content: "{body}"}}`,
		"message":                      withMessage,
		"message, ecdsa":               strings.Replace(withMessage, "algorithm: hmac-sha256", "algorithm: ecdsa-p256-sha256", 1),
		"seconds beside milliseconds":  head + `headers: [X: "t={timestamp},ms={timestampMs},v1={signature}"], signature: {algorithm: hmac-sha256, content: "{timestampMs}.{body}"}}`,
		"milliseconds beside seconds":  head + `headers: [X: "ms={timestampMs},t={timestamp},v1={signature}"], signature: {algorithm: hmac-sha256, content: "{timestamp}.{body}"}}`,
		"two times":                    head + `headers: [X: "{signature}", T: "{timestamp}", M: "{timestampMs}"], signature: {algorithm: hmac-sha256, content: "{timestamp}.{timestampMs}.{body}"}}`,
		"a time twice":                 head + `headers: [X: "t={timestamp},s={signature}", T: "{timestamp}"], signature: {algorithm: hmac-sha256, content: "{timestamp}.{timestamp}.{body}"}}`,
		"an id twice":                  head + `headers: [X: "s={signature}", I: "{event.id}", J: "{event.id}"], signature: {algorithm: hmac-sha256, content: "{event.id}.{event.id}.{body}"}}`,
		"a time that isn't signed":     head + `headers: [X: "t={timestamp},s={signature}"], signature: {algorithm: hmac-sha256, content: "{body}"}}`,
		"two schemes in a header":      head + `headers: [X: "v1={signature.a},v2={signature.b}"], signatures: [{name: a, algorithm: hmac-sha256, content: "{body}"}, {name: b, algorithm: hmac-sha512, content: "{body}"}]}`,
		"one is appended to the other": head + `headers: [X: "v1={signature.a}"], signatures: [{name: a, algorithm: hmac-sha256, content: "{body}"}, {name: b, algorithm: hmac-sha512, content: "{body}", appendTo: X, several: " v2={signature}"}]}`,
		"old and new":                  head + `headers: [Old: "{signature.old}", New: "v1,{signature}"], signatures: [{name: new, algorithm: hmac-sha256, content: "{body}", several: " v1,{signature}"}, {name: old, algorithm: hmac-sha1, content: "{body}"}]}`,
	} {
		dialect := parse(t, text)
		scheme, err := dialect.Verification()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		in := rotated(time.Hour)
		in.Keys = []posthorn.SigningKey{edwardsKey('n'), edwardsKey('o'), curveKey(t)}
		in.Webhook.UsesSigningKeys = true
		secrets := []string{newSecret}
		if uses := dialect.UsesKeys(); len(uses) > 0 {
			key := in.Keys[slices.IndexFunc(in.Keys, func(k posthorn.SigningKey) bool { return k.Algorithm == uses[0] })]
			secrets = []string{publicText(t, key)}
		}
		request := render(t, dialect, in)
		verify := func(secrets []string, body []byte, now time.Time) error {
			_, err := scheme.Verify(secrets, headerMap(request), body, now, signature.WithURL(request.URL))
			return err
		}
		if err := verify(secrets, request.Body, in.Now); err != nil {
			t.Errorf("%s: %v in\n%s", name, err, asText(request))
		}
		if err := verify(secrets, append(request.Body, ' '), in.Now); err == nil {
			t.Errorf("%s: another body was accepted", name)
		}
		if err := verify([]string{strings.Repeat("77", 32)}, request.Body, in.Now); err == nil {
			t.Errorf("%s: another secret was accepted", name)
		}
		if err := verify(secrets, request.Body, in.Now.Add(time.Hour)); scheme.Tolerance > 0 && err == nil {
			t.Errorf("%s: accepted an hour later", name)
		}
	}
}

// A token that is sent as it is, alone, encoded, and with the former one beside
// it.
func TestStaticTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{name: a, body: {raw: event.data}, headers: [X: "Bearer {secret}"], signature: {algorithm: none}}`:                                   {"Bearer " + newSecret},
		`{name: a, body: {raw: event.data}, headers: [X: "Basic {secret|base64}"], signature: {algorithm: none}}`:                             {"Basic " + base64.StdEncoding.EncodeToString([]byte(newSecret))},
		`{name: a, body: {raw: event.data}, headers: [X: "k={secret}"], signature: {algorithm: none, several: ",k={secret}"}}`:                {"k=" + newSecret + ",k=" + oldSecret},
		`{name: a, body: {raw: event.data}, headers: [X: "{secret}", Y: "{event.id}"], signature: {algorithm: none, several: {lines: true}}}`: {newSecret, oldSecret},
	} {
		dialect := parse(t, text)
		request := render(t, dialect, rotated(time.Hour))
		if got := headerMap(request)["X"]; !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
		scheme, err := dialect.Verification()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scheme.Verify([]string{newSecret}, headerMap(request), request.Body, noon()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := scheme.Verify([]string{newSecret + "x"}, headerMap(request), request.Body, noon()); err == nil {
			t.Errorf("%s: another token was accepted", text)
		}
	}
}

// A scheme signs with keys of its algorithm that are valid; a format that needs
// one sends nothing without it, and an optional header is left out,
// as it is for a webhook that doesn't ask for it.
func TestKeys(t *testing.T) {
	t.Parallel()
	needs := parse(t, `{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: ed25519, content: "{body}"}}`)
	maybe := parse(t, `{name: a, body: {raw: event.data}, headers: [X: "{signature.b}", K: "{key.id}", H: "{signature}"],
		signatures: [{name: a, algorithm: hmac-sha256, content: "{body}"}, {name: b, algorithm: ed25519, content: "{body}", optional: true}]}`)
	if got := needs.NeedsKeys(); !slices.Equal(got, []posthorn.SignatureAlgorithm{posthorn.Ed25519}) || len(maybe.NeedsKeys()) != 0 || len(maybe.UsesKeys()) != 1 {
		t.Errorf("needed are %v", got)
	}
	expired := edwardsKey('x')
	expired.ExpiresAt = noon()
	for _, keys := range [][]posthorn.SigningKey{nil, {curveKey(t)}, {expired}, {{Algorithm: posthorn.Ed25519}}} {
		in := input()
		in.Keys = keys
		in.Webhook.UsesSigningKeys = true
		if _, err := needs.Render(in); err == nil {
			t.Errorf("signed with %v", keys)
		}
		in.Webhook.Headers = []posthorn.Header{{Name: "X", Value: "forged"}}
		if headers := headerMap(render(t, maybe, in)); headers["X"] != nil || headers["K"] != nil || headers["H"] == nil {
			t.Errorf("without a key: %v", headers)
		}
	}
	in := input()
	in.Keys = []posthorn.SigningKey{expired, edwardsKey('c'), edwardsKey('f')}
	in.Webhook.UsesSigningKeys = true
	if headers := headerMap(render(t, maybe, in)); len(headers["X"]) != 1 || headers["K"][0] != edwardsKey('c').ID.String() {
		t.Errorf("with a key: %v", headers)
	}
	in.Webhook.UsesSigningKeys = false
	if headers := headerMap(render(t, maybe, in)); headers["X"] != nil || headers["K"] != nil || headers["H"] == nil {
		t.Errorf("for a webhook that doesn't use signing keys: %v", headers)
	}
	render(t, needs, in)
	in.Keys[1].Algorithm = posthorn.ECDSAP256 // a key that isn't what it says
	in.Keys = in.Keys[1:2]
	if _, err := parse(t, `{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: ecdsa-p256-sha256, content: "{body}"}}`).Render(in); err == nil {
		t.Error("signed with a key of another kind")
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", in.Keys[0], in.Keys[0], in.Keys, in.Keys[0])} {
		if strings.Contains(text, "99") || strings.Contains(text, "ccc") || !strings.Contains(text, in.Keys[0].ID.String()) {
			t.Errorf("a key is printed as %s", text)
		}
	}
}

// Message signatures of a rotation stand side by side, each with its own key.
func TestMessageSignaturesOfARotation(t *testing.T) {
	t.Parallel()
	in := rotated(time.Hour)
	in.Keys = []posthorn.SigningKey{edwardsKey('1'), edwardsKey('2')}
	in.Webhook.UsesSigningKeys = true
	request := render(t, builtIn(t, httpsig), in)
	for _, secret := range []string{newSecret, oldSecret, publicText(t, in.Keys[0]), publicText(t, in.Keys[1])} {
		if _, err := verify(httpsig, request, in.Now, secret); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
	written := headerMap(request)["Signature-Input"][0]
	for _, label := range []string{"hmac=(", "hmac-2=(", "ed25519=(", "ed25519-2=(", `keyid="` + in.Keys[0].ID.String() + `"`, `keyid="` + in.Keys[1].ID.String() + `"`} {
		if !strings.Contains(written, label) {
			t.Errorf("%s is missing in %s", label, written)
		}
	}
}

// Bodies that are forms, and nested ones, come out as written.
func TestBodies(t *testing.T) {
	t.Parallel()
	in := input()
	in.Event.Data = []byte(`{"a": "1&2 +é"}`)
	form := render(t, parse(t, withMessage), in)
	if got := string(form.Body); got != "type=user.created&payload=%7B%22a%22%3A+%221%262+%2B%C3%A9%22%7D" {
		t.Errorf("the form is %s", got)
	}
	nested := parse(t, strings.Replace(everything, `  - Content-Digest: "sha-256=:{digest.sha256}:"
  - Signature-Input: "{message.input}"
  - Signature: "{message.signature}"
`, "", 1))
	in.Webhook.Secrets[0].Value = "key_00ff"
	want := `{"version":2,"live":false,"none":null,"ratio":1e-7,"created":1777895998,"who":{"hook":"` + in.Webhook.ID.String() + `","deep":{"data":{"a": "1&2 +é"}}},` +
		`"list":["user.created",7,{"a":"b"},{"a": "1&2 +é"},[true]],"123":"yes"}`
	if got := string(render(t, nested, in).Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// digested is a format with a message signature whose Content-Digest is written so.
func digested(value string) string {
	return `{name: a, body: {raw: event.data}, headers: [Content-Digest: "` + value + `", Signature-Input: "{message.input}", Signature: "{message.signature}"],
		signature: {algorithm: hmac-sha256, key: text, message: {label: a, components: [content-digest], parameters: [created]}}, verify: {tolerance: 5m}}`
}

// Digests of both kinds may stand side by side, however they are spaced.
func TestDigestsThatCanBeVerified(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"sha-256=:{digest.sha256}:", "sha-512=:{digest.sha512}:", "sha-256=:{digest.sha256}:,sha-512=:{digest.sha512}:", "sha-512=:{digest.sha512}:, sha-256=:{digest.sha256}:"} {
		dialect := parse(t, digested(value))
		scheme, err := dialect.Verification()
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		in := input()
		request := render(t, dialect, in)
		if _, err := scheme.Verify([]string{newSecret}, headerMap(request), request.Body, in.Now, signature.WithURL(request.URL)); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// A format that receivers can't verify with the libraries says so, and why.
func TestFormatsThatCannotBeVerified(t *testing.T) {
	t.Parallel()
	const digest = "sha-256=:{digest.sha256}:"
	for text, reason := range map[string]string{
		`{name: a, body: {raw: event.data}, signature: {algorithm: none}}`:                                                                                                     "signs nothing",
		`{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: hmac-sha256, content: "{timestamp}{body}"}}`:                                   "don't get in a header",
		`{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: hmac-sha256, content: "{body|upper}"}}`:                                        "don't get in a header",
		`{name: a, body: {raw: event.data}, headers: [X: "{event.id}{signature}"], signature: {algorithm: hmac-sha256, content: "{body}"}}`:                                    "something that changes",
		`{name: a, body: {raw: event.data}, headers: [X: "{signature|base64}"], signature: {algorithm: hmac-sha256, content: "{body}"}}`:                                       "filters",
		`{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: hmac-sha256, content: "{event.id}"}}`:                                          "",
		`{name: a, body: {raw: event.data}, headers: [X: "v={signature}"], signature: {algorithm: hmac-sha256, content: "{body}", several: ",w={signature}"}}`:                 "begin with",
		`{name: a, body: {raw: event.data}, headers: [X: "{signature}"], signature: {algorithm: jwt-hs256, claims: [{a: b}]}}`:                                                 "digest",
		hashed + `headers: [X: "sig=\"{signature}\""], ` + bodyAlone:                                                                                                           "stands behind",
		hashed + `headers: [X: "keyId=\"a\",signature=\"{signature}\""], ` + bodyAlone:                                                                                         "stands behind",
		hashed + `headers: [X: "{signature};"], ` + bodyAlone:                                                                                                                  "stands behind",
		hashed + `headers: [X: "v1={signature}{event.id},a=b"], ` + bodyAlone:                                                                                                  "",
		hashed + `headers: [X: "a={event.id},v1={event.id}:{signature}"], ` + bodyAlone:                                                                                        "something that changes",
		hashed + `headers: [X: "a=b,v={event.id}{signature}"], ` + bodyAlone:                                                                                                   "something that changes",
		hashed + `headers: [X: "a=b,v1={signature},v2={signature}"], ` + bodyAlone:                                                                                             "begin with",
		hashed + `headers: [X: "t={timestamp},v1={signature}"], ` + signing(`"{timestampMs}.{body}"`):                                                                          "don't get in a header",
		hashed + `headers: [X: "t={timestampMs},v1={signature}"], ` + signing(`"{timestamp}.{body}"`):                                                                          "don't get in a header",
		hashed + `headers: [X: "t={timestamp|hex},v1={signature}"], ` + signing(`"{timestamp}.{body}"`):                                                                        "don't get in a header",
		hashed + `headers: [X: "t={timestamp+1},v1={signature}"], ` + signing(`"{timestamp}.{body}"`):                                                                          "don't get in a header",
		hashed + `headers: [X: "t={event.id}{timestamp},v1={signature}"], ` + signing(`"{timestamp}.{body}"`):                                                                  "don't get in a header",
		hashed + `headers: [X: "t={timestamp},v1={signature}", T: "{timestampMs}"], ` + signing(`"{timestampMs}.{timestamp}.{body}"`):                                          "don't get in a header",
		hashed + `headers: [X: "t={timestamp},t=s{signature}"], ` + signing(`"{timestamp}.{body}"`):                                                                            "as the one with the time does",
		hashed + `headers: [X: "t={timestamp},v1={signature}"], signature: {algorithm: hmac-sha256, content: "{timestamp}.{body}", several: ",t={timestamp},v1={signature}"}}`: "as the one with the time does",
		hashed + `headers: [X: "v={event.id}` + strings.Repeat(",a", 16) + `,v1={signature}"], ` + bodyAlone:                                                                   "too many entries",
		hashed + `headers: [X: "Bearer \"{signature}\""], ` + bodyToken:                                                                                                        "stands behind",
		hashed + `headers: [X: "a={event.id},Bearer {signature}"], ` + bodyToken:                                                                                               "something that changes",
		hashed + `headers: [X: "Bearer {signature}"], ` + strings.Replace(bodyToken, "claims", `several: ",Bearer {signature}", claims`, 1):                                    "alone",
		hashed + `headers: [X: "Bearer {signature}"], ` + strings.Replace(bodyToken, "claims", `several: {lines: true}, claims`, 1):                                            "alone",
		strings.Replace(digested(digest), "[created]", "[keyid]", 1):                                                                                                           "when it was created",
		strings.Replace(digested(digest), "Signature-Input:", "S-Input:", 1):                                                                                                   "has receivers look there",
		strings.Replace(digested(digest), "Signature:", "Sig:", 1):                                                                                                             "has receivers look there",
		strings.Replace(digested(digest), "{message.input}", "a {message.input}", 1):                                                                                           "has receivers look there",
		strings.Replace(digested(digest), "{message.signature}", "{message.signature|upper}", 1):                                                                               "has receivers look there",

		digested("sha-di6=:{digest.sha256}:"):                        "RFC 9530",
		digested("sha-256=:{digest.sha512}:"):                        "RFC 9530",
		digested("sha-512=:{digest.sha256}:"):                        "RFC 9530",
		digested("sha-256=:{digest.sha256.hex}:"):                    "RFC 9530",
		digested("sha-256=:{digest.sha256|upper}:"):                  "RFC 9530",
		digested("sha-256=:{digest.sha256}: "):                       "RFC 9530",
		digested("sha-256=:{digest.sha256}"):                         "RFC 9530",
		digested("sha-256=:{digest.sha256}:, md5=:{digest.sha256}:"): "RFC 9530",
		digested("sha-256=:AAAA:"):                                   "RFC 9530",
	} {
		if _, err := parse(t, text).Verification(); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

const hashed = `{name: a, body: {raw: event.data}, verify: {tolerance: 5m}, `

// bodyAlone signs the body, and bodyToken does so with a token.
const (
	bodyAlone = `signature: {algorithm: hmac-sha256, content: "{body}"}}`
	bodyToken = `signature: {algorithm: jwt-hs256, claims: [{iat: {number: "{timestamp}"}}, {b: "{digest.sha256}"}]}}`
)

// signing is the end of a format that signs the content with HMAC.
func signing(content string) string {
	return `signature: {algorithm: hmac-sha256, content: ` + content + `}}`
}
