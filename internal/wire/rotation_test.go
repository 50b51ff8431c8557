package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/wire"
)

// rotated is a request while the secret is being rotated, at a distance from the
// end of the overlap.
func rotated(untilExpiry time.Duration) wire.Input {
	in := input()
	in.Webhook.Secrets = []posthorn.SigningSecret{
		{Value: newSecret},
		{Value: oldSecret, ExpiresAt: in.Now.Add(untilExpiry)},
	}
	return in
}

// The new secret signs from the moment of rotation. The old one signs beside it
// until its expiry, to the second, where the format has room for two.
func TestRotationOverlap(t *testing.T) {
	t.Parallel()
	hasRoom := map[string]bool{standard: true, ascendkit: true, cloudEvents: true, cloudEventsBinary: true, httpsig: true, stripe: true}
	for _, name := range builtInNames() {
		for _, untilExpiry := range []time.Duration{time.Hour, time.Second, 1, 0, -1, -time.Second} {
			in := rotated(untilExpiry)
			request := render(t, builtIn(t, name), in)
			if _, err := verify(name, request, in.Now, newSecret); err != nil {
				t.Errorf("%s, %v before the expiry, new secret: %v", name, untilExpiry, err)
			}
			_, err := verify(name, request, in.Now, oldSecret)
			if want := hasRoom[name] && untilExpiry > 0; want != (err == nil) {
				t.Errorf("%s, %v before the expiry, old secret: %v", name, untilExpiry, err)
			}
		}
	}
}

// The newest signature stands first, and further ones are written as the format
// says.
func TestSeveralSignaturesAreWrittenAsTheFormatSays(t *testing.T) {
	t.Parallel()
	in := rotated(time.Hour)
	alone := headerMap(render(t, builtIn(t, standard), input()))["webhook-signature"][0]
	both := headerMap(render(t, builtIn(t, standard), in))["webhook-signature"][0]
	if entries := strings.Split(both, " "); len(entries) != 2 || entries[0] != alone || !strings.HasPrefix(entries[1], "v1,") {
		t.Errorf("alone %q, both %q", alone, both)
	}
	both = headerMap(render(t, builtIn(t, ascendkit), in))["X-AscendKit-Signature"][0]
	if entries := strings.Split(both, ","); len(entries) != 3 || !strings.HasPrefix(entries[2], "v1=") {
		t.Errorf("both %q", both)
	}
}

// What names the secret beside a further signature names the one that made it.
func TestFurtherSignaturesNameTheirOwnSecret(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Headers = []posthorn.Header{{Name: "X-Signature", Value: "{secret} {signature}"}}
	format.Signatures[0].Several = ",{secret} {signature}"
	got := headerMap(render(t, compile(t, format), rotated(time.Hour)))["X-Signature"][0]
	first, second, _ := strings.Cut(got, ",")
	if !strings.HasPrefix(first, newSecret+" ") || !strings.HasPrefix(second, oldSecret+" ") {
		t.Errorf("the header is %q", got)
	}
}

// A receiver that compares the whole header, as Ascend documents it, is never shown
// anything but the one signature.
func TestWholeHeaderComparisonSurvivesARotation(t *testing.T) {
	t.Parallel()
	for _, name := range []string{ascend, plain, sendkit} {
		alone := render(t, builtIn(t, name), input())
		during := render(t, builtIn(t, name), rotated(time.Hour))
		if asText(alone) != asText(during) {
			t.Errorf("%s: %s\n%s", name, asText(alone), asText(during))
		}
	}
}

// Nothing is ever sent unsigned for lack of a secret.
func TestWithoutAValidSecretNothingIsSent(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		in := input()
		in.Webhook.Secrets = nil
		if _, err := builtIn(t, name).Render(in); err == nil {
			t.Errorf("%s: rendered without a secret", name)
		}
		in.Webhook.Secrets = []posthorn.SigningSecret{{Value: oldSecret, ExpiresAt: in.Now}}
		if _, err := builtIn(t, name).Render(in); err == nil {
			t.Errorf("%s: rendered with an expired secret", name)
		}
	}
}
