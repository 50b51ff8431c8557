package wire_test

import (
	"strings"
	"testing"

	"github.com/posthorn/posthorn/signature"
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

// A token's exp and nbf hold whatever the format means by them: receivers of a format that
// writes them otherwise are told, and its requests aren't refused by surprise.
func TestClaimsThatBoundATokenMustBeTimes(t *testing.T) {
	t.Parallel()
	const head = `{name: mine, body: {raw: event.data}, verify: {tolerance: 5m}, headers: [X: "{signature}"], signature: {algorithm: jwt-hs256, claims: [`
	const tail = `, {b: "{digest.sha256}"}]}}`
	for claims, isGood := range map[string]bool{
		`{exp: {number: "{timestamp+60}"}}`:                                  true,
		`{nbf: {number: "{timestamp}"}}`:                                     true,
		`{nbf: {number: "{event.timestampSeconds}"}}`:                        true,
		`{iat: {number: "{timestamp}"}}, {nbf: {number: "{timestamp+300}"}}`: true,
		`{iat: {number: "{timestamp}"}}, {nbf: {number: "{timestamp+301}"}}`: false,
		`{nbf: {number: "{timestamp+1}"}}`:                                   false,
		`{nbf: "{timestamp}"}`:                                               false,
		`{exp: {number: "{timestamp}"}}`:                                     false,
		`{exp: {number: "{timestampMs+60000}"}}`:                             false,
		`{exp: "{timestamp+60}"}`:                                            false,
		`{exp: soon}`:                                                        false,
		`{exp: null}`:                                                        false,
		`{exp: {number: "{event.timestampSeconds}"}}`:                        false,
	} {
		dialect := parse(t, head+claims+tail)
		scheme, err := dialect.Verification()
		if isGood != (err == nil) {
			t.Errorf("%s: %v", claims, err)
			continue
		}
		in := input()
		request := render(t, dialect, in)
		if err != nil { // what the libraries would say of it if they were asked all the same
			scheme = signature.Scheme{
				Algorithm: signature.JWTHS256, Key: signature.Text, Header: "X",
				Claims: &signature.Claims{Digest: "b", Hash: "sha256", Encoding: signature.Base64},
			}
		}
		if _, err := scheme.Verify([]string{newSecret}, headerMap(request), request.Body, in.Now); isGood != (err == nil) {
			t.Errorf("%s: verifying: %v", claims, err)
		}
	}
}
