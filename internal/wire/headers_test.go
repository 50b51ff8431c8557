package wire_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/posthorn/posthorn"
)

// A webhook's own headers are sent, but none of them can stand in for what the
// format says, however it is written.
func TestStaticHeadersNeverOverride(t *testing.T) {
	t.Parallel()
	for _, name := range builtInNames() {
		dialect, in := builtIn(t, name), input()
		want := render(t, dialect, in).Headers
		for _, header := range want {
			for _, own := range []string{header.Name, strings.ToUpper(header.Name), strings.ToLower(header.Name)} {
				in.Webhook.Headers = append(in.Webhook.Headers, posthorn.Header{Name: own, Value: "forged"})
			}
		}
		in.Webhook.Headers = append(in.Webhook.Headers, posthorn.Header{Name: "Authorization", Value: "Bearer x"}, posthorn.Header{Name: "X-Tenant", Value: "7"})
		got := render(t, dialect, in).Headers
		if !slices.Equal(got[:len(want)], want) || !slices.Equal(got[len(want):], in.Webhook.Headers[len(in.Webhook.Headers)-2:]) {
			t.Errorf("%s: the headers are %v", name, got)
		}
	}
}

// No value can break out of its header, wherever it comes from.
func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	format := builtIn(t, plain).Format().Clone()
	format.Headers = append(format.Headers, posthorn.Header{Name: "X-Team", Value: "{metadata.team}"})
	withTeam := compile(t, format)
	for _, hostile := range []string{"a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\rb", "a\x7fb", "é", strings.Repeat("x", posthorn.MaxHeaderValue+1)} {
		in := input()
		in.Event.Type, in.Webhook.Metadata["team"] = hostile, "red"
		if request, err := builtIn(t, sendkit).Render(in); err == nil {
			t.Errorf("an event type: %q", request.Headers)
		}
		in = input()
		in.Webhook.Metadata["team"] = hostile
		if request, err := withTeam.Render(in); err == nil {
			t.Errorf("metadata: %q", request.Headers)
		}
		in = input()
		in.Event.GivenID = hostile
		if request, err := builtIn(t, standard).Render(in); err == nil {
			t.Errorf("an event id: %q", request.Headers)
		}
		in = input()
		in.Webhook.Headers = []posthorn.Header{{Name: "X-Own", Value: hostile}}
		if request, err := builtIn(t, plain).Render(in); err == nil {
			t.Errorf("a header's value: %q", request.Headers)
		}
		in.Webhook.Headers = []posthorn.Header{{Name: hostile, Value: "x"}}
		if request, err := builtIn(t, plain).Render(in); err == nil {
			t.Errorf("a header's name: %q", request.Headers)
		}
	}
}

// No error of rendering shows a secret.
func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	format := builtIn(t, standard).Format().Clone()
	format.Headers = append(format.Headers, posthorn.Header{Name: "Authorization", Value: "Basic {secret}"})
	dialect := compile(t, format)
	for _, secret := range []string{"whsec_not*base64", "confidential\r\n", "confidentialité"} {
		in := input()
		in.Webhook.Secrets[0].Value = posthorn.Secret(secret)
		_, err := dialect.Render(in)
		if err == nil {
			t.Errorf("%q: no error", secret)
			continue
		}
		if strings.Contains(err.Error(), "not*base64") || strings.Contains(err.Error(), "confidential") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}
