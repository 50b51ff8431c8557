package signature_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn/signature"
)

const (
	newSecret = "b41d5e0f8c3a47c69f20d1e2b3a4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6"
	oldSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

var body = []byte(`{"id":"evt_1","data":{"total": 1e400}}`)

// atURL is where requests are sent to, for formats that sign that.
func atURL() signature.Option { return signature.WithURL("https://example.com/hooks") }

func moment() time.Time { return time.Unix(1_777_896_000, 0) }

func scheme(t testing.TB, format string) signature.Scheme {
	t.Helper()
	s, found := signature.Lookup(format)
	if !found {
		t.Fatalf("no format %q", format)
	}
	return s
}

func signed(t testing.TB, format string, secrets ...string) map[string]string {
	t.Helper()
	headers, err := scheme(t, format).Sign(secrets, "evt_1", body, moment(), atURL())
	if err != nil {
		t.Fatal(err)
	}
	return headers
}

// A public key is known to everybody: whoever signs with its text as if it were a
// shared secret is refused, however the key is written.
func TestPublicKeysAreNoSharedSecrets(t *testing.T) {
	t.Parallel()
	for _, public := range []string{
		"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		"whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
		`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	} {
		mac := hmac.New(sha256.New, []byte(public))
		mac.Write([]byte("evt_1.1777896000." + string(body)))
		headers := map[string][]string{
			"webhook-id": {"evt_1"}, "webhook-timestamp": {"1777896000"},
			"webhook-signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
		}
		for _, secrets := range [][]string{{public}, {newSecret, public}} {
			if verified, err := signature.Verify("standard", secrets, headers, body, moment()); err == nil {
				t.Errorf("%.30s: accepted as %+v", public, verified)
			}
		}
	}
}

// What was signed with another secret, or over another body, id or moment, is
// refused in every format.
func TestVerifyRefusesWhatWasChanged(t *testing.T) {
	t.Parallel()
	for _, format := range signature.Formats() {
		headers := signed(t, format, newSecret)
		if _, err := signature.Verify(format, []string{newSecret}, received(headers), body, moment(), atURL()); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if _, err := signature.Verify(format, []string{oldSecret}, received(headers), body, moment(), atURL()); !errors.Is(err, signature.NoMatch) {
			t.Errorf("%s: another secret: %v", format, err)
		}
		for at := range body {
			changed := append([]byte(nil), body...)
			changed[at] ^= 1
			if _, err := signature.Verify(format, []string{newSecret}, received(headers), changed, moment(), atURL()); !errors.Is(err, signature.NoMatch) {
				t.Errorf("%s: byte %d changed: %v", format, at, err)
			}
		}
		for _, changed := range [][]byte{nil, body[1:], body[:len(body)-1], append(body[:len(body):len(body)], ' ')} {
			if _, err := signature.Verify(format, []string{newSecret}, received(headers), changed, moment(), atURL()); !errors.Is(err, signature.NoMatch) {
				t.Errorf("%s: body %q: %v", format, changed, err)
			}
		}
		later := map[string]string{}
		for name, value := range headers {
			later[name] = strings.ReplaceAll(value, "1777896000", "1777896001")
		}
		if s := scheme(t, format); s.Tolerance == 0 {
			continue
		}
		if _, err := signature.Verify(format, []string{newSecret}, received(later), body, moment(), atURL()); !errors.Is(err, signature.NoMatch) {
			t.Errorf("%s: another moment: %v", format, err)
		}
	}
}

func TestVerifyRefusesAnotherID(t *testing.T) {
	t.Parallel()
	headers := signed(t, "standard", newSecret)
	headers["webhook-id"] = "evt_2"
	if _, err := signature.Verify("standard", []string{newSecret}, received(headers), body, moment()); !errors.Is(err, signature.NoMatch) {
		t.Error(err)
	}
}

// Every single character of the signature counts.
func TestVerifyRefusesAChangedSignature(t *testing.T) {
	t.Parallel()
	for _, format := range signature.Formats() {
		s, headers := scheme(t, format), signed(t, format, newSecret)
		if s.Message != nil {
			s.Header, s.Prefix = "signature", ":"
		}
		value := headers[s.Header]
		for at := strings.Index(value, s.Prefix) + len(s.Prefix); at < len(value); at++ {
			changed := []byte(value)
			changed[at] = 'A' + (changed[at]-'A'+1)%6
			headers[s.Header] = string(changed)
			if string(changed) == value {
				continue
			}
			if _, err := signature.Verify(format, []string{newSecret}, received(headers), body, moment(), atURL()); err == nil {
				t.Errorf("%s: accepted %q for %q", format, changed, value)
			}
		}
	}
}

// The tolerance holds to the second, in both directions, and the error tells by
// how much it was missed.
func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, format := range signature.Formats() {
		s, headers := scheme(t, format), received(signed(t, format, newSecret))
		cases := []struct {
			after   time.Duration
			options []signature.Option
			want    signature.Problem
		}{
			{after: 5 * time.Minute},
			{after: -5 * time.Minute},
			{after: 5*time.Minute + time.Second, want: signature.TooOld},
			{after: -5*time.Minute - time.Second, want: signature.TooNew},
			{after: time.Hour, options: []signature.Option{signature.WithTolerance(time.Hour)}},
			{after: time.Hour + 1, options: []signature.Option{signature.WithTolerance(time.Hour)}, want: signature.TooOld},
			{after: time.Second, options: []signature.Option{signature.WithTolerance(0)}, want: signature.TooOld},
			{after: 1e6 * time.Hour, options: []signature.Option{signature.WithAnyTimestamp()}},
		}
		for _, c := range cases {
			verified, err := signature.Verify(format, []string{newSecret}, headers, body, moment().Add(c.after), append(c.options, atURL())...)
			if c.want == "" || s.Tolerance == 0 {
				if err != nil {
					t.Errorf("%s after %v: %v", format, c.after, err)
				}
				if s.Tolerance != 0 && !verified.Timestamp.Equal(moment()) {
					t.Errorf("%s: the timestamp is %v", format, verified.Timestamp)
				}
				continue
			}
			var problem *signature.Error
			if !errors.As(err, &problem) || problem.Problem != c.want {
				t.Errorf("%s after %v: %v, want %s", format, c.after, err, c.want)
			} else if problem.Age != c.after {
				t.Errorf("%s after %v: the age is %v", format, c.after, problem.Age)
			}
		}
	}
}

// During a rotation a receiver may hold both secrets, and a request may carry
// both signatures; Verified tells which one it was.
func TestSeveralSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range signature.Formats() {
		byOld := received(signed(t, format, oldSecret))
		verified, err := signature.Verify(format, []string{newSecret, oldSecret}, byOld, body, moment(), atURL())
		if err != nil || verified.Secret != 1 {
			t.Errorf("%s: secret %d, %v", format, verified.Secret, err)
		}
		both := received(signed(t, format, newSecret, oldSecret))
		if verified, err := signature.Verify(format, []string{newSecret, oldSecret}, both, body, moment(), atURL()); err != nil || verified.Secret != 0 {
			t.Errorf("%s: both secrets, both signatures: secret %d, %v", format, verified.Secret, err)
		}
		if _, err := signature.Verify(format, []string{newSecret}, both, body, moment(), atURL()); err != nil {
			t.Errorf("%s: the new secret: %v", format, err)
		}
		_, err = signature.Verify(format, []string{oldSecret}, both, body, moment(), atURL())
		if hasRoom := scheme(t, format).Separator != ""; hasRoom != (err == nil) {
			t.Errorf("%s: the old secret: %v", format, err)
		}
	}
}

// The same key in the notation of Standard Webhooks and as its text are one.
func TestStandardNotationIsTheSameKey(t *testing.T) {
	t.Parallel()
	text, err := signature.Key("0123456789abcdef", signature.Base64, "whsec_")
	if err != nil {
		t.Fatal(err)
	}
	standard, err := signature.Key("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", signature.Base64, "whsec_")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(standard) {
		t.Errorf("%q and %q", text, standard)
	}
}
