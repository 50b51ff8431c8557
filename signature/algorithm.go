package signature

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Algorithm names how a request is signed.
type Algorithm string

// The algorithms: HMAC (RFC 2104 over the hashes of FIPS 180-4), of which HMACSHA1
// is for receivers that know nothing newer; Ed25519 (RFC 8032) and ECDSA over P-256
// with SHA-256 (FIPS 186-5), for which a receiver needs the public key alone; a JSON
// Web Token with HS256 (RFC 7519) whose claims hold the body's digest; and Token, a
// secret that is sent as it is.
const (
	HMACSHA1   Algorithm = "hmac-sha1"
	HMACSHA256 Algorithm = "hmac-sha256"
	HMACSHA512 Algorithm = "hmac-sha512"
	Ed25519    Algorithm = "ed25519"
	ECDSAP256  Algorithm = "ecdsa-p256-sha256"
	JWTHS256   Algorithm = "jwt-hs256"
	Token      Algorithm = "token"
)

// signatureBytes is how long every signature is; 0 where that differs from one to the
// next.
func (s *Scheme) signatureBytes() int {
	switch s.Algorithm {
	case HMACSHA1:
		return sha1.Size
	case HMACSHA256:
		return sha256.Size
	case HMACSHA512:
		return sha512.Size
	case Ed25519:
		return ed25519.SignatureSize
	case ECDSAP256:
		if s.ECDSA == ECDSARaw {
			return rawBytes
		}
		return 0
	default:
		return 0
	}
}

// New returns a hash that is keyed and waits for the content to be written; its
// Sum is the signature. The error is an *Error with BadScheme when the algorithm
// isn't one of HMAC, or with BadSecret when the key is empty.
func (a Algorithm) New(key []byte) (hash.Hash, error) {
	if len(key) == 0 {
		return nil, &Error{Problem: BadSecret, Detail: "it is empty"}
	}
	switch a {
	case HMACSHA1:
		return hmac.New(sha1.New, key), nil
	case HMACSHA256:
		return hmac.New(sha256.New, key), nil
	case HMACSHA512:
		return hmac.New(sha512.New, key), nil
	default:
		return nil, &Error{Problem: BadScheme, Detail: "the algorithm " + quote(string(a)) + " has no keyed hash"}
	}
}
