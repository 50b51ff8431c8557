package detect_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/detect"
	"github.com/posthorn/posthorn/internal/wire"
)

const hexSecret = "b41d5e0f8c3a47c69f20d1e2b3a4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6"

// Guards that dialects that nobody has built in are found as well, with each
// algorithm, encoding and reading of the key, and each place of what is signed.
func TestInferOthers(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ secret, format string }{
		"sha1 upper":     {hexSecret, `{"headers":[{"X-Sig":"sha1={signature|upper}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"hmac-sha1","content":"{body}"}}`},
		"sha512 url":     {hexSecret, `{"headers":[{"X-Ts":"{timestampMs}"},{"X-Sig":"{signature}"}],"body":[{"kind":"{event.type}"},{"uuid":"{event.id}"},{"payload":{"raw":"event.data"}}],"signature":{"algorithm":"hmac-sha512","content":"{timestampMs}|{body}","encoding":"base64url","key":"hex"}}`},
		"digest":         {hexSecret, `{"headers":[{"X-Event-Id":"{event.id}"},{"X-Time":"{time}"},{"X-Sig":"{signature}"}],"body":[{"event":[{"type":"{event.type}"},{"at":"{event.timestamp}"}]},{"type":"{event.type}"},{"data":{"raw":"event.data"}}],"signature":{"algorithm":"hmac-sha256","content":"{event.id}\n{time}\n{digest.sha256.hex}","key":"base64"}}`},
		"method and url": {hexSecret, `{"headers":[{"X-Nonce-Id":"{event.id}"},{"X-Ts":"{timestamp}"},{"X-Sig":"{signature}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"hmac-sha256","content":"POST\n{webhook.url}\n{timestamp}\n{body}","encoding":"base64"}}`},
		"type signed":    {hexSecret, `{"headers":[{"X-Event":"{event.type}"},{"X-Sig":"t={timestamp}, sig={signature}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"hmac-sha256","content":"v2:{timestamp}:{event.type}:{body}"}}`},
		"prefix":         {"sk_live_c2VjcmV0LXNlY3JldC1zZWNyZXQ=", `{"headers":[{"X-Sig":"{signature}"}],"body":[{"type":"{event.type}"},{"data":{"raw":"event.data"}}],"signature":{"algorithm":"hmac-sha256","content":"{body}","key":"base64","keyPrefix":"sk_live_"}}`},
		"digests":        {hexSecret, `{"headers":[{"Digest":"SHA-256={digest.sha256}"},{"X-Sum":"{digest.sha512.hex}"},{"X-Attempt":"{attempt.number}"},{"X-Sig":"{signature}"}],"body":[{"id":"{event.id}"},{"type":"{event.type}"},{"live":true},{"tags":{"items":["a",1]}},{"data":{"raw":"event.data"}}],"signature":{"algorithm":"hmac-sha256","content":"{body}"}}`},
		"two schemes":    {hexSecret, `{"headers":[{"X-Hub-Signature":"sha1={signature}"},{"X-Hub-Signature-256":"sha256={signature.new}"}],"body":{"raw":"event.data"},"signatures":[{"name":"old","algorithm":"hmac-sha1","content":"{body}"},{"name":"new","algorithm":"hmac-sha256","content":"{body}"}]}`},
		"token":          {hexSecret, `{"headers":[{"Authorization":"Bearer {secret}"},{"X-Event":"{event.type}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"none"}}`},
		"basic":          {"user:" + hexSecret, `{"headers":[{"Authorization":"Basic {secret|base64}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"none"}}`},
		"jwt":            {hexSecret, `{"headers":[{"Authorization":"Bearer {signature}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"jwt-hs256","claims":[{"iss":"us"},{"iat":{"number":"{timestamp}"}},{"exp":{"number":"{timestamp+300}"}},{"hash":"{digest.sha256.hex}"}]}}`},
		"form":           {hexSecret, `{"headers":[{"X-Sig":"{signature}"}],"body":{"form":[{"type":"{event.type}"},{"payload":{"raw":"event.data"}}]},"signature":{"algorithm":"hmac-sha256","content":"{body}"}}`},
		"messages":       {hexSecret, `{"headers":[{"Content-Digest":"sha-512=:{digest.sha512}:"},{"Signature-Input":"{message.input}"},{"Signature":"{message.signature}"}],"body":{"raw":"event.data"},"signature":{"algorithm":"hmac-sha256","message":{"components":["@authority","@path","content-digest"],"parameters":["alg","created","expires","tag"],"expires":"5m","tag":"hook"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format, err := wire.ParseFormat([]byte(`{"name":"other",` + one.format[1:]))
			if err != nil {
				t.Fatal(err)
			}
			known, s := compile(t, format), newSender(9, one.secret)
			inferred := infer(t, capture(render(t, known, s.input())), one.secret)
			if !inferred.IsFound || !inferred.IsExact {
				t.Fatalf("found %v, exact %v:\n%s", inferred.IsFound, inferred.IsExact, inferred.YAML())
			}
			in := s.input()
			if name == "digests" { // an attempt's number is told from one of several digits only
				in.AttemptNumber = 9
			}
			if difference := cmp.Diff(render(t, known, in), render(t, compile(t, inferred.Format), in)); difference != "" {
				t.Errorf("a further request (-sender +found):\n%s\n%s", difference, inferred.YAML())
			}
		})
	}
}

func sum(text string) string {
	mac := hmac.New(sha256.New, []byte(hexSecret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// Guards what is said of a request that formats can make in part only.
func TestInferDifferences(t *testing.T) {
	t.Parallel()
	spaced := `{"type": "user.created", "id": "e1", "data": {"a": 1}}`
	rotated := "{\"type\":\"a.b\",\"data\":1}"
	for name, one := range map[string]struct{ text, format, said string }{
		"spaces":      {"POST / HTTP/1.1\nX-Sig: " + sum(spaced) + "\n\n" + spaced, "raw: event.data", "formats write no spaces"},
		"left out":    {"X-Sig: v1=" + sum(rotated) + ",v9=" + strings.Repeat("ab", 32) + "\n\n" + rotated, "v1={signature}\n", "explained by none"},
		"several":     {"X-Sig: v1=" + sum(rotated) + ",v1=" + strings.Repeat("ab", 32) + "\n\n" + rotated, "several: ',v1={signature}'", ""},
		"other":       {"X-Sig: " + sum(rotated) + "\nX-Other-Signature: " + strings.Repeat("cd", 32) + "\n\n" + rotated, "{signature}", "X-Other-Signature looks like a signature too"},
		"path":        {"POST /in HTTP/1.1\nHost: a.example\nX-Sig: " + sum("/in"+rotated) + "\n\n" + rotated, "content: /in{body}", "that part alone"},
		"no body":     {"X-Ts: 1777896000\nX-Sig: " + sum("1777896000") + "\n\n" + rotated, "content: '{timestamp}'", ""},
		"editor":      {"X-Sig: " + sum(rotated) + "\nContent-Length: 23\n\n" + rotated + "\n", "{body}", ""},
		"in the body": {"X-Sig: " + sum(`{"type":"a.b","token":"`+hexSecret+`","data":1}`) + "\n\n" + `{"type":"a.b","token":"` + hexSecret + `","data":1}`, "token: '***'", "shown as ***"},
		"credential":  {"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+hexSecret)) + "\n\n{}", "{secret|base64}", "give user:password"},
	} {
		inferred := infer(t, one.text, hexSecret)
		if text := string(inferred.YAML()); !inferred.IsFound || !strings.Contains(text, one.format) || !strings.Contains(text, one.said) {
			t.Errorf("%s: found %v\n%s", name, inferred.IsFound, text)
		}
	}
}

// Guards that nothing is made up: what isn't found is said, with what was looked
// at.
func TestInferNothing(t *testing.T) {
	t.Parallel()
	body := `{"a":1}`
	for text, said := range map[string]string{
		"X-Sig: sha256=" + strings.Repeat("ab", 32) + "\n\n" + body: `The header X-Sig looks like a signature: 32 bytes in hex, the length of hmac-sha256, behind "sha256=".`,
		"X-Event: a\n\n" + body:                                                                      "No header holds 20, 32 or 64 bytes",
		"X-Event: a\n\n{\"signature\":\"abc\"}":                                                      "can't put a signature into the body",
		"Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA\n\n" + body:                             "made with another secret",
		"Signature-Input: a=(\"content-digest\")\nSignature: a=:AAAA:\nContent-Digest: x\n\n" + body: "none of them is made with these secrets",
		"X-Sig: " + sum("{}") + "\nContent-Length: 2\n\n" + body:                                     "it is not the body that was signed",
	} {
		inferred := infer(t, text, hexSecret)
		if explained := strings.Join(inferred.Explanation, "\n"); inferred.IsFound || !strings.Contains(explained, said) {
			t.Errorf("%s\n%s", text, explained)
		}
	}
	if _, err := detect.Infer(context.Background(), detect.Example{Request: read(t, "X: a\n\n")}); err == nil {
		t.Error("a question without a secret was answered")
	}
}

// Guards that the search ends with its budget and with its context.
func TestInferIsBounded(t *testing.T) {
	t.Parallel()
	request := read(t, "POST /in HTTP/1.1\nHost: a.example\nX-Id: a\nX-Ts: 1777896000\nX-Sig: "+strings.Repeat("ab", 32)+"\n\n"+strings.Repeat("a", 1<<19))
	inferred, err := detect.Infer(context.Background(), detect.Example{Request: request, Secrets: []string{hexSecret}, Budget: detect.NewBudget(context.Background(), 5*time.Millisecond)})
	if err != nil || inferred.IsFound || !inferred.IsStopped || inferred.Tried > 1000 {
		t.Errorf("%v, %+v", err, inferred)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	inferred, err = detect.Infer(ended, detect.Example{Request: request, Secrets: []string{hexSecret}})
	if err != nil || inferred.Tried > 0 {
		t.Errorf("%v, %+v", err, inferred)
	}
}

// Guards that ECDSA in both forms is found with the public key.
func TestInferECDSA(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []posthorn.ECDSAForm{posthorn.ECDSADER, posthorn.ECDSARaw} {
		format := posthorn.Format{Name: "other", Headers: []posthorn.Header{{Name: "X-Ts", Value: "{timestamp}"}, {Name: "X-Sig", Value: "{signature}"}}, Signatures: []posthorn.SignatureScheme{{Algorithm: posthorn.ECDSAP256, ECDSA: form, Content: "{timestamp}{body}"}}}
		s := newSender(3, hexSecret)
		in := s.input()
		in.Keys = []posthorn.SigningKey{{ID: newID[posthorn.SigningKeyID](s), Algorithm: posthorn.ECDSAP256, Private: private}}
		inferred := infer(t, capture(render(t, compile(t, format), in)), base64.StdEncoding.EncodeToString(der))
		if !inferred.IsFound || inferred.Format.Signatures[0].ECDSA != form || !bytes.Contains(inferred.YAML(), []byte("{timestamp}{body}")) {
			t.Errorf("%s:\n%s", form, inferred.YAML())
		}
	}
}

// Guards that no secret is shown in the format, in whatever form a header, the URL
// or the content type holds it; nor credentials that nobody asked about.
func TestInferHidesCredentials(t *testing.T) {
	t.Parallel()
	const body = `{"type":"a.b","data":{}}`
	mac := hmac.New(sha256.New, []byte(hexSecret))
	mac.Write([]byte(body))
	signed := "POST /in/" + hexSecret + " HTTP/1.1\nHost: a.example\nX-Signature: " + hex.EncodeToString(mac.Sum(nil)) + "\n"
	encoded := base64.StdEncoding.EncodeToString
	for name, header := range map[string]string{
		"password":           "X-Credentials: Basic " + encoded([]byte("posthorn1:"+hexSecret)),
		"user":               "X-Credentials: Basic " + encoded([]byte(hexSecret+":")),
		"lower case":         "X-Credentials: basic " + encoded([]byte("a:"+hexSecret)),
		"without its scheme": "X-Credentials: " + encoded([]byte("ab:"+hexSecret)),
		"another's password": "X-Credentials: Basic " + encoded([]byte("posthorn:something else")),
		"another's token":    "X-Credentials: Bearer something.else",
		"proxy":              "Proxy-Authorization: Basic " + encoded([]byte("posthorn:something else")),
		"hex":                "X-Credentials: " + hex.EncodeToString([]byte(hexSecret)),
		"content type":       "Content-Type: application/json; key=" + hexSecret,
		"behind a percent":   "X-Credentials: 100%" + encoded([]byte("a:"+hexSecret)),
		"behind a backslash": `X-Credentials: key\` + encoded([]byte("a:"+hexSecret)),
		"percent":            "X-Credentials: " + "%" + strings.ToUpper(hex.EncodeToString([]byte(hexSecret[:1]))) + hexSecret[1:],
		"JSON":               "X-Credentials: " + `\u00` + hex.EncodeToString([]byte(hexSecret[:1])) + hexSecret[1:],
		"base64 twice":       "X-Credentials: " + encoded([]byte(encoded([]byte("a:"+hexSecret)))),
		"base64 of hex":      "X-Credentials: " + encoded([]byte(strings.ToUpper(hex.EncodeToString([]byte(hexSecret))))),
		"base64 in a word":   "X-Credentials: ab-" + strings.TrimRight(encoded([]byte("ab:"+hexSecret)), "="),
		"base64url":          "X-Credentials: k=" + base64.RawURLEncoding.EncodeToString([]byte("?>?"+hexSecret)),
	} {
		inferred := infer(t, signed+header+"\n\n"+body, hexSecret)
		_, value, _ := strings.Cut(header, ": ")
		credentials := value[strings.LastIndexAny(value, " =")+1:]
		if strings.HasSuffix(value, "=") {
			credentials = value[strings.IndexByte(value, ' ')+1:]
		}
		if yaml := string(inferred.YAML()); !inferred.IsFound || strings.Contains(yaml, credentials) {
			t.Errorf("%s: found %v, and %q is shown:\n%s", name, inferred.IsFound, credentials, yaml)
		}
	}
}
