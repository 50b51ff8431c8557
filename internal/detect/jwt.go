package detect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// webToken is a JSON Web Token (RFC 7519) in a header that one of the secrets
// signed.
type webToken struct {
	header, start, end int
	head, claims       *value
	reading            reading
}

// findWebToken finds a token made with HS256; isThere reports whether there is any.
func findWebToken(b *Budget, r *Request, all []reading) (found webToken, isSigned, isThere bool) {
	for i, header := range r.Headers {
		if len(header.Value) > maxHeaderValue {
			continue
		}
		for start := range len(header.Value) {
			if start > 0 && isAlphanumeric(header.Value[start-1]) || !strings.HasPrefix(header.Value[start:], "eyJ") {
				continue
			}
			if !b.Take(costOfPlace + time.Duration(len(header.Value)-start)*costOfReadByte) {
				return webToken{}, false, isThere
			}
			end := start + strings.IndexAny(header.Value[start:]+" ", entryEnds)
			token, isToken := readWebToken(header.Value[start:end])
			if !isToken {
				continue
			}
			isThere = true
			token.header, token.start, token.end = i, start, end
			for _, one := range all {
				if !b.Take(costOfHash + time.Duration(end-start)*costOfByte) {
					break
				}
				if isSignedToken(header.Value[start:end], one.key) {
					token.reading = one
					return token, true, true
				}
			}
		}
	}
	return webToken{}, false, isThere
}

func readWebToken(text string) (webToken, bool) {
	parts := strings.Split(text, ".")
	const compact = 3
	if len(parts) != compact {
		return webToken{}, false
	}
	head, errHead := base64.RawURLEncoding.DecodeString(parts[0])
	claims, errClaims := base64.RawURLEncoding.DecodeString(parts[1])
	if errHead != nil || errClaims != nil {
		return webToken{}, false
	}
	var token webToken
	var isHead, isClaims bool
	token.head, isHead = parseJSON(head)
	token.claims, isClaims = parseJSON(claims)
	if !isHead || !isClaims || token.claims.kind != objectKind {
		return webToken{}, false
	}
	algorithm := token.head.member("alg")
	return token, algorithm != nil && algorithm.text == "HS256"
}

func isSignedToken(text string, key []byte) bool {
	at := strings.LastIndexByte(text, '.')
	signed, err := base64.RawURLEncoding.DecodeString(text[at+1:])
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(text[:at])) // writing to a hash can't fail
	return hmac.Equal(mac.Sum(nil), signed)
}

// addWebToken makes a scheme of a token.
func (b *builder) addWebToken(token webToken) {
	issued := token.claims.member("iat")
	if issued != nil {
		b.signed, b.isSigned = string(issued.raw), true
		b.signedAt, _ = readMoment(b.signed)
		if b.occurred.form == noForm {
			b.occurred = b.signedAt
		}
		b.format.Tolerance = usualTolerance
	}
	scheme := posthorn.SignatureScheme{Algorithm: posthorn.JWTHS256, Key: token.reading.encoding, KeyPrefix: token.reading.prefix}
	if !token.reading.isExpressible {
		b.differ("The secret is %s, which no format does: give it in that form as the webhook's secret.", token.reading.mistake)
		scheme.Key = posthorn.EncodingText
	}
	hasDigest := false
	for _, m := range token.claims.members {
		field, isDigest := b.claim(m)
		hasDigest = hasDigest || isDigest
		scheme.Claims = append(scheme.Claims, field)
	}
	if !hasDigest {
		b.note("No claim of the token is a digest of the body: whoever changes the body is not noticed.")
	}
	if string(token.head.raw) != `{"alg":"HS256","typ":"JWT"}` {
		b.differ(`The token's header is %s; Posthorn writes {"alg":"HS256","typ":"JWT"}.`, token.head.raw)
	}
	b.format.Signatures = []posthorn.SignatureScheme{scheme}
	b.spans[token.header] = []span{{token.start, token.end, "{signature}"}}
}

// claim makes a field of a claim, and reports whether it is the body's digest.
func (b *builder) claim(m member) (posthorn.BodyField, bool) {
	if m.value.kind == textKind {
		if digested := b.replaceDigests(escapeBraces(m.value.text)); digested != escapeBraces(m.value.text) {
			return posthorn.BodyField{Name: m.name, Template: digested}, true
		}
	}
	at, isMoment := readMoment(string(m.value.raw))
	if m.value.kind == constantKind && isMoment && at.form == secondsForm && b.signedAt.form == secondsForm {
		later := int64(at.at.Sub(b.signedAt.at).Seconds())
		switch {
		case later == 0:
			return posthorn.BodyField{Name: m.name, Number: "{timestamp}"}, false
		case later > 0:
			return posthorn.BodyField{Name: m.name, Number: "{timestamp+" + strconv.FormatInt(later, 10) + "}"}, false
		}
	}
	field, isGood := b.field(fmt.Sprintf("claim %s", m.name), m.value)
	if !isGood {
		b.differ("The claim %q is left out: a format can't say it.", m.name)
		return posthorn.BodyField{Name: m.name, Constant: "null"}, false
	}
	field.Name = m.name
	return field, false
}
