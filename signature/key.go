package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
)

// The prefixes of keys in the notation of Standard Webhooks.
const (
	publicKeyPrefix  = "whpk_"
	privateKeyPrefix = "whsk_"
)

// spkiEd25519 and spkiP256 begin a public key in the DER of RFC 5280; what follows
// is the key itself.
const (
	spkiEd25519 = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
	spkiP256    = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
)

// ParsePublicKey reads a public key: "whpk_" and the base64 of an Ed25519 key, a
// JSON Web Key (RFC 7517), PEM or the base64 of its DER, or the base64 or hex of
// the bare key. It returns an ed25519.PublicKey or an *ecdsa.PublicKey over P-256.
// The error is an *Error with BadSecret.
func ParsePublicKey(text string) (crypto.PublicKey, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return parseJWK(text)
	}
	raw, err := rawKey(strings.TrimPrefix(text, publicKeyPrefix))
	if err != nil {
		return nil, err
	}
	return publicKeyOf(raw)
}

func rawKey(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	for _, encoding := range []Encoding{Hex, Base64, Base64URL} {
		if raw, err := encoding.Decode(text); err == nil && len(raw) >= ed25519.PublicKeySize {
			return raw, nil
		}
	}
	return nil, &Error{Problem: BadSecret, Detail: "it is not a public key"}
}

func publicKeyOf(raw []byte) (crypto.PublicKey, error) {
	text := string(raw)
	if key, found := strings.CutPrefix(text, spkiEd25519); found {
		text = key
	}
	if len(text) == ed25519.PublicKeySize {
		return ed25519.PublicKey(text), nil
	}
	text = strings.TrimPrefix(text, spkiP256)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), []byte(text))
	if err != nil {
		return nil, &Error{Problem: BadSecret, Detail: "it is not a public key of Ed25519 or P-256"}
	}
	return key, nil
}

func parseJWK(text string) (crypto.PublicKey, error) {
	var key struct{ Kty, Crv, X, Y string }
	if err := json.Unmarshal([]byte(text), &key); err != nil {
		return nil, &Error{Problem: BadSecret, Detail: "it is not a JSON Web Key"}
	}
	x, errX := base64.RawURLEncoding.Strict().DecodeString(key.X)
	y, errY := base64.RawURLEncoding.Strict().DecodeString(key.Y)
	const coordinate = 32
	switch {
	case errX != nil || errY != nil || len(x) != coordinate:
	case key.Kty == "OKP" && key.Crv == "Ed25519":
		return ed25519.PublicKey(x), nil
	case key.Kty == "EC" && key.Crv == "P-256" && len(y) == coordinate:
		return publicKeyOf(append(append([]byte{4}, x...), y...))
	}
	return nil, &Error{Problem: BadSecret, Detail: "it is not a JSON Web Key of Ed25519 or P-256"}
}

// How a public key's DER begins in hexadecimal and in either base64, for Ed25519 and
// P-256.
const (
	ed25519Hex = "302a300506032b6570032100"
	p256Hex    = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
	ed25519DER = "MCowBQYDK2VwAyEA"
	p256DER    = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
)

// looksPublic reports whether a text is written as a public key, so that it must
// never be a shared secret: everybody knows it. The bare bytes of an Ed25519 key can't
// be told from a secret; those of a point can, because no secret is 65 bytes long and
// begins with 4.
func looksPublic(text string) bool {
	text = strings.TrimSpace(text)
	for _, beginning := range []string{publicKeyPrefix, ed25519DER, p256DER} {
		if strings.HasPrefix(text, beginning) {
			return true
		}
	}
	for _, beginning := range []string{ed25519Hex, p256Hex} {
		if len(text) >= len(beginning) && strings.EqualFold(text[:len(beginning)], beginning) {
			return true
		}
	}
	isJWK := strings.HasPrefix(text, "{") && strings.Contains(text, `"kty"`)
	isPEM := strings.Contains(text, "-----BEGIN ") && !strings.Contains(text, "PRIVATE KEY-----")
	return isJWK || isPEM || isPoint(text)
}

// isPoint reports whether a text is the bare bytes of an uncompressed point of P-256.
func isPoint(text string) bool {
	const bytes, first = 65, 4
	switch len(text) {
	case hex.EncodedLen(bytes):
		raw, err := Hex.Decode(text)
		return err == nil && raw[0] == first
	case base64.RawStdEncoding.EncodedLen(bytes), base64.StdEncoding.EncodedLen(bytes): // browsers write it without padding
		text = strings.TrimSuffix(text, "=") + "="
		raw, err := Base64.Decode(text)
		if err != nil {
			raw, err = Base64URL.Decode(text)
		}
		return err == nil && len(raw) == bytes && raw[0] == first
	}
	return false
}

// FormatPublicKey writes an Ed25519 key in the notation of Standard Webhooks:
// "whpk_" and base64.
func FormatPublicKey(key ed25519.PublicKey) string {
	return publicKeyPrefix + base64.StdEncoding.EncodeToString(key)
}

// FormatPrivateKey writes an Ed25519 key in the notation of Standard Webhooks:
// "whsk_" and the base64 of the seed and the public key.
func FormatPrivateKey(key ed25519.PrivateKey) string {
	return privateKeyPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParsePrivateKey reads what FormatPrivateKey writes, with or without the public
// key behind the seed. The error is an *Error with BadSecret and shows nothing of
// the key.
func ParsePrivateKey(text string) (ed25519.PrivateKey, error) {
	raw, err := Base64.Decode(strings.TrimPrefix(text, privateKeyPrefix))
	if err != nil || len(raw) != ed25519.SeedSize && len(raw) != ed25519.PrivateKeySize {
		return nil, &Error{Problem: BadSecret, Detail: "it is not an Ed25519 key in base64"}
	}
	key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if len(raw) == ed25519.PrivateKeySize && string(key) != string(raw) {
		return nil, &Error{Problem: BadSecret, Detail: "its public half belongs to another key"}
	}
	return key, nil
}

func (a Algorithm) isAsymmetric() bool { return a == Ed25519 || a == ECDSAP256 }

// isSignedBy reports whether the key's owner made the signature over content.
func isSignedBy(key crypto.PublicKey, form ECDSAForm, content, signature []byte) bool {
	switch public := key.(type) {
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(public, content, signature)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(content)
		if form != ECDSARaw {
			return ecdsa.VerifyASN1(public, digest[:], signature)
		}
		if len(signature) != rawBytes {
			return false
		}
		der, err := asn1.Marshal(ecdsaNumbers{new(big.Int).SetBytes(signature[:rawBytes/2]), new(big.Int).SetBytes(signature[rawBytes/2:])})
		return err == nil && ecdsa.VerifyASN1(public, digest[:], der)
	default:
		return false
	}
}
