package detect

import (
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/signature"
)

// reading is one way to make a key of a secret.
type reading struct {
	key []byte
	// encoding and prefix are how a format says it, if it can.
	encoding      posthorn.Encoding
	prefix        string
	isExpressible bool
	// mistake says how somebody came to read it like that.
	mistake string
	// secret is the index of the secret.
	secret int
}

// readings are the ways to read a secret, the usual ones first, and without two
// that come to the same key.
func readings(secret string, index int) []reading {
	var all []reading
	add := func(key []byte, encoding posthorn.Encoding, prefix string, isExpressible bool, mistake string) {
		isKnown := slices.ContainsFunc(all, func(r reading) bool { return string(r.key) == string(key) })
		if len(key) > 0 && !isKnown {
			all = append(all, reading{key, encoding, prefix, isExpressible, mistake, index})
		}
	}
	add([]byte(secret), posthorn.EncodingText, "", true, "used as its text")
	prefix := prefixOf(secret)
	for _, one := range []string{"", prefix} {
		rest := strings.TrimPrefix(secret, one)
		behind := ""
		if one != "" {
			behind = fmt.Sprintf(" behind %q", one)
			add([]byte(rest), posthorn.EncodingText, one, true, fmt.Sprintf("used as its text without the prefix %q", one))
		}
		for _, encoding := range []posthorn.Encoding{posthorn.EncodingHex, posthorn.EncodingBase64, posthorn.EncodingBase64URL} {
			key, err := signature.Encoding(encoding).Decode(rest)
			if err == nil {
				add(key, encoding, one, true, fmt.Sprintf("decoded as %s%s", encoding, behind))
			}
		}
		add(lenientBase64(rest), "", "", false, "decoded as base64"+behind+", leniently")
	}
	trimmed := strings.TrimSpace(secret)
	add([]byte(trimmed), "", "", false, "used without the white space around it")
	for _, ending := range []string{"\n", "\r\n", " "} {
		add([]byte(trimmed+ending), "", "", false, fmt.Sprintf("used with %q behind it", ending))
	}
	add([]byte(`"`+trimmed+`"`), "", "", false, "used with quotation marks around it")
	add([]byte(strings.Trim(trimmed, `"'`)), "", "", false, "used without the quotation marks around it")
	add([]byte(base64.StdEncoding.EncodeToString([]byte(secret))), "", "", false, "encoded as base64")
	add([]byte(hex.EncodeToString([]byte(secret))), "", "", false, "encoded as hex")
	add([]byte(posthorn.StandardSecretPrefix+base64.StdEncoding.EncodeToString([]byte(secret))), "", "", false, "used as the text of its whsec_ notation")
	return all
}

// prefixOf is what a secret begins with up to its last underscore near the front:
// whsec_, sk_live_.
func prefixOf(secret string) string {
	const longest = 16
	at := strings.LastIndexByte(secret[:min(len(secret), longest)], '_')
	prefix := secret[:at+1]
	if strings.Trim(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return prefix
}

// lenientBase64 decodes as some languages do: without padding, and passing over
// what doesn't belong.
func lenientBase64(text string) []byte {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r < 128 && isAlphanumeric(byte(r)) || r == '+' || r == '/':
			return r
		default:
			return -1
		}
	}, text)
	if len(kept)%4 == 1 {
		kept = kept[:len(kept)-1]
	}
	raw, err := base64.RawStdEncoding.DecodeString(kept)
	if err != nil {
		return nil
	}
	return raw
}

// publicKeyOf returns the public key that a secret is, or nil. A bare hexadecimal
// or base64 text may be one as well as a shared secret, so those count only as
// what they most often are.
func publicKeyOf(secret string) crypto.PublicKey {
	secret = strings.TrimSpace(secret)
	const hexDigits = 64
	isBare := len(secret) == hexDigits || len(secret) == 44 && strings.HasSuffix(secret, "=")
	if !isWrittenPublic(secret) && !isBare {
		return nil
	}
	key, err := signature.ParsePublicKey(secret)
	if err != nil {
		return nil
	}
	return key
}

// IsPublicKey reports whether a text is written as a public key, so that it can't
// be a shared secret.
func IsPublicKey(text string) bool {
	return isWrittenPublic(strings.TrimSpace(text)) && publicKeyOf(text) != nil
}

// isWrittenPublic: the notation of Standard Webhooks, PEM, a JSON Web Key, or the
// base64 of DER.
func isWrittenPublic(text string) bool {
	for _, beginning := range []string{"whpk_", "-----BEGIN PUBLIC KEY-----", "{", "MCowBQYDK2VwAyEA", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"} {
		if strings.HasPrefix(text, beginning) {
			return true
		}
	}
	return false
}
