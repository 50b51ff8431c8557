package wire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
	"github.com/posthorn/posthorn/signature"
)

func verify(format string, request posthorn.Request, now time.Time, secrets ...string) (signature.Verified, error) {
	return signature.Verify(format, secrets, headerMap(request), request.Body, now, signature.WithURL(request.URL))
}

// What is rendered verifies with code that knows nothing of rendering, for every
// built-in format and every kind of secret; and a change of the body, the moment
// or the secret is found.
func TestRequestsVerify(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{newSecret, "short-se", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", strings.Repeat("x", posthorn.MaxSecret)} {
		for _, name := range builtInNames() {
			in := input()
			in.Webhook.Secrets = []posthorn.SigningSecret{{Value: posthorn.Secret(secret)}}
			request := render(t, builtIn(t, name), in)
			if _, err := verify(name, request, in.Now, secret); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := verify(name, request, in.Now, secret+"BBBB"); !errors.Is(err, signature.NoMatch) {
				t.Errorf("%s: with another secret: %v", name, err)
			}
			changed := request
			changed.Body = append(slices.Clone(request.Body), '\n')
			if _, err := verify(name, changed, in.Now, secret); !errors.Is(err, signature.NoMatch) {
				t.Errorf("%s: with another body: %v", name, err)
			}
			changed = request
			changed.Headers = slices.Clone(request.Headers)
			for i, header := range changed.Headers {
				changed.Headers[i].Value = strings.ReplaceAll(header.Value, "1777896000", "1777896009")
			}
			_, err := verify(name, changed, in.Now, secret)
			if isDated := !slices.Equal(changed.Headers, request.Headers); isDated != errors.Is(err, signature.NoMatch) {
				t.Errorf("%s: with another moment: %v", name, err)
			}
		}
	}
}

// Every built-in format can be verified, and no other is promised.
func TestReceiversKnowTheBuiltInFormats(t *testing.T) {
	t.Parallel()
	formats, err := wire.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	var rendered []string
	for _, format := range formats {
		rendered = append(rendered, format.Name)
		scheme, _ := signature.Lookup(format.Name)
		if scheme.Tolerance != format.Tolerance {
			t.Errorf("%s: receivers tolerate %v, the format says %v", format.Name, scheme.Tolerance, format.Tolerance)
		}
	}
	if verifiable := slices.Sorted(slices.Values(signature.Formats())); !slices.Equal(rendered, verifiable) || !slices.Equal(rendered, builtInNames()) {
		t.Errorf("rendered: %v, verifiable: %v, expected: %v", rendered, verifiable, builtInNames())
	}
}

// The example of Standard Webhooks 1.0, byte for byte, out of the renderer.
func TestStandardWebhooksExample(t *testing.T) {
	t.Parallel()
	format := builtIn(t, standard).Format().Clone()
	format.Body = nil // the example's body has no envelope
	in := input()
	in.Event.GivenID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	in.Event.Data = []byte(`{"test": 2432232314}`)
	in.Webhook.Secrets = []posthorn.SigningSecret{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
	in.Now = time.Unix(1614265330, 0)
	request := render(t, compile(t, format), in)
	if string(request.Body) != `{"test": 2432232314}` {
		t.Errorf("the body is %s", request.Body)
	}
	if got := headerMap(request)["webhook-signature"]; !slices.Equal(got, []string{"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}) {
		t.Errorf("the signature is %q", got)
	}
}

// A secret given in its text and the same key in the notation of Standard
// Webhooks sign alike, so that what is shown as standardSecret is true.
func TestStandardNotationSignsAlike(t *testing.T) {
	t.Parallel()
	dialect, in := builtIn(t, standard), input()
	if !dialect.ReadsStandardKeys() || builtIn(t, plain).ReadsStandardKeys() {
		t.Error("standard reads such keys, signature doesn't")
	}
	asText := render(t, dialect, in)
	in.Webhook.Secrets[0].Value = posthorn.Secret(posthorn.Secret(newSecret).Standard())
	if got, want := headerMap(render(t, dialect, in)), headerMap(asText); !slices.Equal(got["webhook-signature"], want["webhook-signature"]) {
		t.Errorf("%v and %v", got, want)
	}
}

// Each attempt is signed anew at its own moment; the event's id and the body
// stay.
func TestEachAttemptIsSignedAnew(t *testing.T) {
	t.Parallel()
	dialect, in := builtIn(t, standard), input()
	first := render(t, dialect, in)
	in.Now, in.AttemptNumber = in.Now.Add(24*time.Hour), in.AttemptNumber+1
	second := render(t, dialect, in)
	if string(first.Body) != string(second.Body) || headerMap(first)["webhook-id"][0] != headerMap(second)["webhook-id"][0] {
		t.Error("the event changed between attempts")
	}
	if _, err := verify(standard, second, in.Now, newSecret); err != nil {
		t.Error(err)
	}
	if _, err := verify(standard, first, in.Now, newSecret); !errors.Is(err, signature.TooOld) {
		t.Errorf("the first attempt a day later: %v", err)
	}
}
