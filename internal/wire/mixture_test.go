package wire_test

import (
	"strings"
	"testing"
)

// Of schemes of which some sign a time, receivers verify those alone: a request that was
// kept must not be good for ever without its timed signature.
func TestReceiversVerifyTheSchemesWithATime(t *testing.T) {
	t.Parallel()
	for _, order := range []string{timedScheme + ", " + untimedScheme, untimedScheme + ", " + timedScheme} {
		dialect := parse(t, mixedHead+`signatures: [`+order+`]}`)
		scheme, err := dialect.Verification()
		if err != nil {
			t.Fatal(err)
		}
		in := input()
		request := render(t, dialect, in)
		headers := headerMap(request)
		if _, err := scheme.Verify([]string{newSecret}, headers, request.Body, in.Now); err != nil {
			t.Error(err)
		}
		delete(headers, "New")
		if _, err := scheme.Verify([]string{newSecret}, headers, request.Body, in.Now); err == nil {
			t.Errorf("%s: accepted without the signature over the time", order)
		}
	}
	optional := `{name: new, algorithm: ed25519, content: "{timestamp}.{body}", optional: true}`
	if _, err := parse(t, mixedHead+`signatures: [`+optional+`, `+untimedScheme+`]}`).Verification(); err == nil || !strings.Contains(err.Error(), "is optional") {
		t.Errorf("a time that is optional: %v", err)
	}
}

const (
	mixedHead     = `{name: mine, body: {raw: event.data}, verify: {tolerance: 5m}, headers: [New: "t={timestamp},v1={signature.new}", Old: "{signature.old}"], `
	timedScheme   = `{name: new, algorithm: hmac-sha256, content: "{timestamp}.{body}"}`
	untimedScheme = `{name: old, algorithm: hmac-sha256, content: "{body}"}`
)
