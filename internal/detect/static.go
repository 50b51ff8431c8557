package detect

import (
	"encoding/base64"
	"strings"

	"github.com/posthorn/posthorn"
)

// shortestToken is how short a secret may be to be looked for as it is.
const shortestToken = 4

// staticToken finds the secret itself in a header: as it is, or as basic
// credentials (RFC 7617).
func staticToken(r *Request, secret string) (header int, found span, isFound bool) {
	if len(secret) < shortestToken {
		return 0, span{}, false
	}
	for i, header := range r.Headers {
		if isPlumbing(header.Name) {
			continue
		}
		for _, one := range []struct{ text, template string }{
			{secret, "{secret}"},
			{base64.StdEncoding.EncodeToString([]byte(secret)), "{secret|base64}"},
		} {
			at := strings.Index(header.Value, one.text)
			end := at + len(one.text)
			if at >= 0 && (at == 0 || !isAlphanumeric(header.Value[at-1])) && (end == len(header.Value) || !isAlphanumeric(header.Value[end])) {
				return i, span{at, end, one.template}, true
			}
		}
	}
	return 0, span{}, false
}

// basicCredentials finds credentials with the secret as their password.
func basicCredentials(r *Request, secret string) (header int, found span, isFound bool) {
	for i, header := range r.Headers {
		encoded, isBasic := strings.CutPrefix(header.Value, "Basic ")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if !isBasic || err != nil || secret == "" {
			continue
		}
		if user, password, _ := strings.Cut(string(raw), ":"); password == secret || user == secret {
			return i, span{len("Basic "), len(header.Value), "{secret|base64}"}, true
		}
	}
	return 0, span{}, false
}

// addToken makes a format that sends the secret.
func (b *builder) addToken(header int, found span) {
	b.spans[header] = []span{found}
	b.format.Signatures = []posthorn.SignatureScheme{{Algorithm: posthorn.NotSigned}}
	b.note("The header %s holds the secret itself: nothing is signed, and whoever sees one request can send others.", b.request.Headers[header].Name)
}
