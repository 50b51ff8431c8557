package signature_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/posthorn/posthorn/signature"
)

// Invariant: of a key set the keys that can verify are taken, in order, and
// nothing else; what is no set is told.
func TestParseJWKS(t *testing.T) {
	t.Parallel()
	// The public keys of RFC 8037, appendix A.2, and RFC 7515, appendix A.3.
	const (
		edwards = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}`
		curve   = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"sig"}`
	)
	got, err := signature.ParseJWKS([]byte(`{"keys": [` + edwards + `, {"kty":"RSA","n":"AQAB","e":"AQAB"}, 7, {"kty":"OKP","crv":"Ed25519","x":"11qY"},
		{"use":"enc",` + edwards[1:] + `, ` + curve + `], "more": true}`))
	if err != nil || !slices.Equal(got, []string{edwards, curve}) {
		t.Errorf("%v %q", err, got)
	}
	if got, err := signature.ParseJWKS([]byte(`{"keys": []}`)); err != nil || len(got) != 0 {
		t.Errorf("an empty set: %v %v", err, got)
	}
	for _, text := range []string{"", "null", "[]", `{"keys": {}}`, edwards} {
		var problem *signature.Error
		if _, err := signature.ParseJWKS([]byte(text)); !errors.As(err, &problem) || problem.Problem != signature.BadSecret {
			t.Errorf("%q: %v", text, err)
		}
	}
}
