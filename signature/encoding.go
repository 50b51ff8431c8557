package signature

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Encoding names how bytes are written as text.
type Encoding string

// The encodings. Base64 and Base64URL are those of RFC 4648, sections 4 and 5,
// with padding; Text is the bytes as they are and is meant for secrets.
const (
	Text      Encoding = "text"
	Hex       Encoding = "hex"
	Base64    Encoding = "base64"
	Base64URL Encoding = "base64url"
)

// errEncoding says nothing of the text, which may be a secret.
var errEncoding = errors.New("not in the expected encoding")

// Append writes raw behind dst and returns the longer slice. An encoding that
// isn't one of the constants is taken for Text.
func (e Encoding) Append(dst, raw []byte) []byte {
	switch e {
	case Hex:
		return hex.AppendEncode(dst, raw)
	case Base64:
		return base64.StdEncoding.AppendEncode(dst, raw)
	case Base64URL:
		return base64.URLEncoding.AppendEncode(dst, raw)
	default:
		return append(dst, raw...)
	}
}

// Decode reads text. Base64 must be padded and without line breaks. The error
// doesn't repeat any of the text.
func (e Encoding) Decode(text string) ([]byte, error) {
	decode := func(t string) ([]byte, error) { return []byte(t), nil }
	switch e {
	case Text: // as it is
	case Hex:
		decode = hex.DecodeString
	case Base64:
		decode = base64.StdEncoding.Strict().DecodeString
	case Base64URL:
		decode = base64.URLEncoding.Strict().DecodeString
	}
	if e != Text && strings.ContainsAny(text, "\r\n") { // which base64 would pass over
		return nil, errEncoding
	}
	raw, err := decode(text)
	if err != nil {
		return nil, errEncoding
	}
	return raw, nil
}

// Key makes the signing key out of a secret. A secret that begins with prefix
// loses it and is read in the encoding; where a prefix is expected and missing,
// the secret's text is the key. An empty prefix means that every secret is read
// in the encoding. What is written as a public key is no secret. The error is an *Error
// with BadSecret and shows nothing of the secret.
func Key(secret string, encoding Encoding, prefix string) ([]byte, error) {
	if secret == "" {
		return nil, &Error{Problem: BadSecret, Detail: "it is empty"}
	}
	if looksPublic(secret) {
		return nil, &Error{Problem: BadSecret, Detail: "it is written as a public key, which everybody knows"}
	}
	encoded, prefixed := strings.CutPrefix(secret, prefix)
	if !prefixed {
		return []byte(secret), nil
	}
	key, err := encoding.Decode(encoded)
	if err != nil || len(key) == 0 {
		return nil, &Error{Problem: BadSecret, Detail: "it is not " + string(encoding)}
	}
	return key, nil
}
