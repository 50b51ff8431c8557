package detect_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

const (
	otherSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
	theData     = `{"name": "Größe/<b>",  "b":1, "a":[1, 2]}`
)

// asSent is one request of a built-in format, with its bytes as they left.
func asSent(t *testing.T, name, secret string) posthorn.Request {
	t.Helper()
	formats := builtIn(t)
	at := slices.IndexFunc(formats, func(f posthorn.Format) bool { return f.Name == name })
	return render(t, compile(t, formats[at]), wire.Input{
		Event:   posthorn.Event{GivenID: "order-4711", Type: "user.created", Data: []byte(theData), Timestamp: noon().Add(-time.Second)},
		Webhook: posthorn.Webhook{ID: posthorn.WebhookID{1}, URL: "https://example.com/hooks", Secrets: []posthorn.SigningSecret{{Value: posthorn.Secret(secret)}}},
		Now:     noon(), AttemptNumber: 1,
	})
}

func question(t *testing.T, r posthorn.Request, format string) detect.Question {
	t.Helper()
	return detect.Question{
		Request: detect.Request{Method: "POST", URL: r.URL, Headers: r.Headers, Body: r.Body},
		Secrets: []detect.Secret{{Value: hexSecret}}, Known: builtIn(t), Format: format, Now: noon().Add(time.Minute),
	}
}

func diagnose(t *testing.T, q detect.Question) detect.Diagnosis {
	t.Helper()
	d, err := detect.Diagnose(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range q.Secrets {
		if strings.Contains(d.Detail+d.Hint, secret.Value) {
			t.Errorf("the answer shows the secret: %+v", d)
		}
	}
	return d
}

// Guards that a good request of every format is valid, whether its format is said
// or not.
func TestDiagnoseValid(t *testing.T) {
	t.Parallel()
	for _, format := range builtIn(t) {
		for _, said := range []string{"", format.Name} {
			d := diagnose(t, question(t, asSent(t, format.Name, hexSecret), said))
			if !d.IsValid || d.Format != format.Name || d.Cause != "" {
				t.Errorf("%s as %q: %+v", format.Name, said, d)
			}
		}
	}
	d := diagnose(t, question(t, asSent(t, "standard", hexSecret), ""))
	if want := "Valid: signed as standard at 2026-05-04T12:00:00Z, for the event order-4711."; d.Detail != want || !d.SignedAt.Equal(noon()) || d.EventID != "order-4711" {
		t.Errorf("%+v", d)
	}
}

func setHeader(q *detect.Question, name, value string) {
	q.Request.Headers = slices.Clone(q.Request.Headers)
	for i := range q.Request.Headers {
		if q.Request.Headers[i].Name == name {
			q.Request.Headers[i].Value = value
		}
	}
}

// Guards the sentence for each mistake.
func TestDiagnoseMistakes(t *testing.T) {
	t.Parallel()
	for _, mistake := range []struct {
		name, format, signedWith string
		change                   func(*detect.Question)
		cause                    detect.Cause
		detail                   string
	}{
		{
			"clock behind", "standard", "", func(q *detect.Question) { q.Now = noon().Add(7 * time.Minute) }, detect.CauseClock,
			"The signature is right, and its time is off by 7m0s: signed at 2026-05-04T12:00:00Z, checked at 2026-05-04T12:07:00Z, and 5m0s are allowed.",
		},
		{
			"clock ahead", "stripe", "", func(q *detect.Question) { q.Now = noon().Add(-8 * time.Minute) }, detect.CauseClock,
			"The signature is right, and its time is off by 8m0s: signed at 2026-05-04T12:00:00Z, checked at 2026-05-04T11:52:00Z, and 5m0s are allowed.",
		},
		{"compacted data", "github", "", func(q *detect.Question) {
			q.Request.Body = []byte(`{"name":"Größe/<b>","b":1,"a":[1,2]}`)
		}, detect.CauseSecret, "No signature in X-Hub-Signature-256 fits: the secret is another one, or the body was changed in a way that can't be guessed."},
		{
			"line end", "slack", "", func(q *detect.Question) { q.Request.Body = append(bytes.Clone(q.Request.Body), '\n') }, detect.CauseReencoded,
			"The body was re-encoded: without the line end behind it the signature is right. The bytes differ at offset 43.",
		},
		{
			"CRLF", "slack", "", func(q *detect.Question) { q.Request.Body = append(bytes.Clone(q.Request.Body), "\r\n"...) }, detect.CauseReencoded,
			"The body was re-encoded: without the line end behind it the signature is right. The bytes differ at offset 43.",
		},
		{"Latin-1", "slack", "", func(q *detect.Question) {
			q.Request.Body = bytes.ReplaceAll(q.Request.Body, []byte("öß"), []byte("Ã¶Ã\u009f"))
		}, detect.CauseReencoded, "The body was re-encoded: read as Latin-1, not UTF-8 the signature is right. The bytes differ at offset 13."},
		{"base64", "slack", "", func(q *detect.Question) {
			q.Request.Body = []byte(base64.StdEncoding.EncodeToString(q.Request.Body))
		}, detect.CauseReencoded, "The body was re-encoded: decoded from base64 the signature is right. The bytes differ at offset 0."},
		{"former secret", "standard", otherSecret, func(q *detect.Question) {
			q.Secrets = append(q.Secrets, detect.Secret{Value: otherSecret, IsFormer: true, EndedAt: noon().Add(-time.Hour)})
		}, detect.CauseFormerSecret, "Signed with the secret that was rotated out on 2026-05-04T11:00:00Z."},
		{"another secret given", "sendkit", otherSecret, func(q *detect.Question) {
			q.Secrets = append(q.Secrets, detect.Secret{Value: otherSecret, IsFormer: true})
		}, detect.CauseFormerSecret, "Signed with secret number 2 of those given, not with the first."},
		{
			"other format", "stripe", "", func(q *detect.Question) { q.Format = "standard" }, detect.CauseFormat,
			"This is a request of the format stripe, not standard.",
		},
		{
			"missing", "shopify", "", func(q *detect.Question) { q.Request.Headers = q.Request.Headers[:3] }, detect.CauseMissingHeader,
			"The header X-Shopify-Hmac-SHA256, which the format shopify needs, is missing.",
		},
		{
			"renamed", "shopify", "", func(q *detect.Question) { q.Request.Headers[3].Name = "HTTP_X_SHOPIFY_HMAC_SHA256" }, detect.CauseMissingHeader,
			"The header X-Shopify-Hmac-SHA256 is missing; HTTP_X_SHOPIFY_HMAC_SHA256 stands in its place.",
		},
		{
			"doubled", "github", "", func(q *detect.Question) { q.Request.Headers = append(q.Request.Headers, q.Request.Headers[3]) }, detect.CauseDoubledHeader,
			"The header X-Hub-Signature-256 stands 2 times; all its lines say the same.",
		},
		{"two lines", "github", "", func(q *detect.Question) {
			q.Request.Headers = append(q.Request.Headers, posthorn.Header{Name: "x-hub-signature-256", Value: "sha256=00"})
		}, detect.CauseDoubledHeader, "The header X-Hub-Signature-256 stands 2 times; the signature is right with line 1 of them."},
		{"no prefix", "github", "", func(q *detect.Question) {
			setHeader(q, "X-Hub-Signature-256", strings.TrimPrefix(q.Request.Headers[3].Value, "sha256="))
		}, detect.CauseMalformedHeader, `The header X-Hub-Signature-256 lacks "sha256=" before the signature.`},
		{"encoding", "github", "", func(q *detect.Question) {
			signed := mustDecode(strings.TrimPrefix(q.Request.Headers[3].Value, "sha256="))
			setHeader(q, "X-Hub-Signature-256", "sha256="+base64.StdEncoding.EncodeToString(signed))
		}, detect.CauseMalformedHeader, "The signature in X-Hub-Signature-256 is written in base64, and the format github writes hex."},
		{
			"signature cut short", "github", "", func(q *detect.Question) {
				setHeader(q, "X-Hub-Signature-256", q.Request.Headers[3].Value[:len("sha256=")+60])
			}, detect.CauseMalformedHeader,
			"The header X-Hub-Signature-256 can't be read: the signature has 30 bytes, one of hmac-sha256 has 32.",
		},
		{"another algorithm", "signature", "", func(q *detect.Question) {
			made := hmac.New(sha512.New, []byte(hexSecret))
			made.Write(q.Request.Body)
			setHeader(q, "X-Signature", hex.EncodeToString(made.Sum(nil)))
		}, detect.CauseUnknownFormat, "The secret is right, and the request is not of the format signature. Signed: {body}, with hmac-sha512, in hex; the secret is the key as it is."},
		{"cut off", "slack", "", func(q *detect.Question) {
			q.Request.Body = q.Request.Body[:20]
			q.Request.Headers = append(q.Request.Headers, posthorn.Header{Name: "Content-Length", Value: "43"})
		}, detect.CauseLength, "The body is cut off: 20 bytes came, and Content-Length says 43."},
		{"written anew, and shorter", "github", "", func(q *detect.Question) {
			q.Request.Body = []byte(`{"name":"Größe/<b>","b":1,"a":[1,2]}`)
			q.Request.Headers = append(q.Request.Headers, posthorn.Header{Name: "Content-Length", Value: "99"})
		}, detect.CauseLength, "The body is not the one that was sent: 38 bytes came, and Content-Length says 99."},
		{"too long", "slack", "", func(q *detect.Question) {
			q.Request.Body = append(bytes.Clone(q.Request.Body), "xyz"...)
			q.Request.Headers = append(q.Request.Headers, posthorn.Header{Name: "Content-Length", Value: "43"})
		}, detect.CauseLength, "The body has 3 bytes behind its end: the signature is right for the first 43, which is what Content-Length says."},
		{
			"URL", "httpsig", "", func(q *detect.Question) { q.Request.URL = "http://example.com/hooks/" }, detect.CauseURL,
			"The signature is for another URL: it is right for https://example.com/hooks, and the request came to http://example.com/hooks/.",
		},
		{"id", "standard", "", func(q *detect.Question) {
			setHeader(q, "webhook-id", "changed")
			q.Request.Headers = append(q.Request.Headers, posthorn.Header{Name: "X-Original-Id", Value: "order-4711"})
		}, detect.CauseID, "The signature is for another id: it is right for order-4711, and the header webhook-id says changed."},
		{
			"no time", "standard", "", func(q *detect.Question) {
				q.Request.Headers = slices.Clone(q.Request.Headers)
				at := slices.IndexFunc(q.Request.Headers, func(h posthorn.Header) bool { return h.Name == "webhook-timestamp" })
				q.Request.Headers[at].Name = "X-Sent-At"
			}, detect.CauseMissingHeader,
			"There is no header webhook-timestamp with the time: with 1777896000 in it the signature is right.",
		},
		{"body as sent", "standard", "", func(q *detect.Question) {
			q.Sent = &detect.Sent{Body: q.Request.Body}
			q.Request.Body = bytes.Replace(q.Request.Body, []byte(`"b":1`), []byte(`"b":2`), 1)
		}, detect.CauseBody, `The body is not the one that was sent: the bytes differ at offset 94, where "1, \"a\":[1, 2]}}" was sent and "2, \"a\":[1, 2]}}" came.`},
		{
			"secret", "standard", otherSecret, func(q *detect.Question) { q.Sent = &detect.Sent{Body: q.Request.Body} }, detect.CauseSecret,
			"The body is the one that was sent, and no signature in webhook-signature fits: the secret is another one.",
		},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			t.Parallel()
			secret := mistake.signedWith
			if secret == "" {
				secret = hexSecret
			}
			q := question(t, asSent(t, mistake.format, secret), mistake.format)
			mistake.change(&q)
			d := diagnose(t, q)
			if d.IsValid || d.Cause != mistake.cause || d.Detail != mistake.detail || d.Hint == "" {
				t.Errorf("%+v\nwant %s", d, mistake.detail)
			}
		})
	}
}

func mustDecode(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// Guards that a body is recognised however a receiver wrote it again, if the
// sender wrote it in a usual way.
func TestDiagnoseReencoded(t *testing.T) {
	t.Parallel()
	again := `{"a":[1,2],"name":"Größe/<b>"}`
	for original, want := range map[string]string{
		`{"a": [1, 2], "name": "Größe/<b>"}`:                               "written as JSON with a space behind each comma and colon the signature is right. The bytes differ at offset 5.",
		`{"a": [1, 2], "name": "Gr\u00f6\u00dfe/<b>"}`:                     "written as JSON with a space behind each comma and colon, what is not ASCII escaped the signature is right. The bytes differ at offset 5.",
		`{"a":[1,2],"name":"Größe\/<b>"}`:                                  "written as compact JSON, slashes escaped the signature is right. The bytes differ at offset 26.",
		`{"a":[1,2],"name":"Größe/\u003cb\u003e"}`:                         "written as compact JSON, <, > and & escaped the signature is right. The bytes differ at offset 27.",
		"{\n  \"a\": [\n    1,\n    2\n  ],\n  \"name\": \"Größe/<b>\"\n}": "written as JSON indented by two spaces the signature is right. The bytes differ at offset 1.",
		`{"a":[1, 2],"name":"Größe/<b>"}`:                                  "written as compact JSON with \"a\" as JSON with a space behind each comma and colon the signature is right. The bytes differ at offset 8.",
	} {
		q := question(t, posthorn.Request{Headers: []posthorn.Header{{Name: "X-Signature", Value: sum(original)}}, Body: []byte(again)}, "signature")
		if d := diagnose(t, q); d.Cause != detect.CauseReencoded || d.Detail != "The body was re-encoded: "+want {
			t.Errorf("%s: %+v", original, d)
		}
	}
	sorted := question(t, posthorn.Request{Headers: []posthorn.Header{{Name: "X-Signature", Value: sum(again)}}, Body: []byte(`{"name":"Größe/<b>","a":[1,2]}`)}, "signature")
	if d := diagnose(t, sorted); d.Detail != "The body was re-encoded: written as compact JSON, names sorted the signature is right. The bytes differ at offset 2." || d.Offset != 2 {
		t.Errorf("%+v", d)
	}
}

// Guards that a secret that was read in another way is recognised.
func TestDiagnoseReading(t *testing.T) {
	t.Parallel()
	for how, key := range map[string]string{
		"used as its text": "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
		`used as its text without the prefix "whsec_"`: "c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
		`used with "\n" behind it`:                     "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=\n",
	} {
		request := asSent(t, "standard", "whsec_"+base64.StdEncoding.EncodeToString([]byte(key)))
		q := question(t, request, "standard")
		q.Secrets[0].Value = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="
		want := fmt.Sprintf("The secret is right, and was %s when it signed; the format standard wants it decoded as base64 behind %q, and as its text without that prefix.", how, "whsec_")
		if d := diagnose(t, q); d.Cause != detect.CauseReading || d.Detail != want {
			t.Errorf("%+v\nwant %s", d, want)
		}
	}
	decoded := question(t, asSent(t, "standard", "whsec_"+base64.StdEncoding.EncodeToString(mustDecode(hexSecret))), "standard")
	if d := diagnose(t, decoded); !strings.HasPrefix(d.Detail, "The secret is right, and was decoded as hex when it signed;") {
		t.Errorf("%+v", d)
	}
}

// Guards that a timestamp in the wrong unit is told as such, both ways.
func TestDiagnoseUnit(t *testing.T) {
	t.Parallel()
	scheme, _ := signature.Lookup("slack")
	scheme.TimestampUnit = signature.Milliseconds
	headers, err := scheme.Sign([]string{hexSecret}, "", []byte(theData), noon())
	if err != nil {
		t.Fatal(err)
	}
	request := posthorn.Request{Body: []byte(theData)}
	for name, value := range headers {
		request.Headers = append(request.Headers, posthorn.Header{Name: name, Value: value})
	}
	d := diagnose(t, question(t, request, "slack"))
	if want := "The timestamp 1777896000000 counts milliseconds, and the format slack counts seconds."; d.Cause != detect.CauseUnit || d.Detail != want {
		t.Errorf("%+v", d)
	}
}

// Guards that what no format has is told apart from a wrong secret.
func TestDiagnoseUnknownFormat(t *testing.T) {
	t.Parallel()
	request := posthorn.Request{Headers: []posthorn.Header{{Name: "X-Ours", Value: sum("x" + theData)}, {Name: "X-Id", Value: "x"}}, Body: []byte(theData)}
	d := diagnose(t, question(t, request, ""))
	if want := "The secret is right, and the request is of a format that isn't known. Signed: {event.id}{body}, with hmac-sha256, in hex; the secret is the key as it is."; d.Cause != detect.CauseUnknownFormat || d.Detail != want {
		t.Errorf("%+v", d)
	}
	if _, err := detect.Diagnose(context.Background(), question(t, request, "nonsense")); err == nil {
		t.Error("a format that doesn't exist was accepted")
	}
}

// Guards that a token that has expired, or isn't good yet, is told with the moment that it
// says, as no time of signing is off.
func TestDiagnoseExpiry(t *testing.T) {
	t.Parallel()
	for after, detail := range map[time.Duration]string{
		time.Minute:  "The signature is right, and the request expired at 2026-05-04T12:00:30Z; checked at 2026-05-04T12:01:00Z.",
		-time.Minute: "The signature is right, and the request isn't good before 2026-05-04T12:00:00Z; checked at 2026-05-04T11:59:00Z.",
	} {
		format, err := wire.ParseFormat([]byte(`{name: mine, body: {raw: event.data}, headers: [Authorization: "Bearer {signature}"], signature: {algorithm: jwt-hs256, claims: [{exp: {number: "{timestamp+30}"}}, {nbf: {number: "{timestamp}"}}, {b: "{digest.sha256}"}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		request := render(t, compile(t, format), wire.Input{
			Event:   posthorn.Event{GivenID: "order-4711", Type: "user.created", Data: []byte(theData), Timestamp: noon()},
			Webhook: posthorn.Webhook{ID: posthorn.WebhookID{1}, URL: "https://example.com/hooks", Secrets: []posthorn.SigningSecret{{Value: hexSecret}}},
			Now:     noon(), AttemptNumber: 1,
		})
		q := question(t, request, "mine")
		q.Known, q.Now = append(q.Known, format), noon().Add(after)
		if d := diagnose(t, q); d.IsValid || d.Cause != detect.CauseClock || d.Detail != detail {
			t.Errorf("after %s: %+v", after, d)
		}
	}
}
