package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Algorithm names how a request is signed.
type Algorithm string

// The algorithms (RFC 2104 over the hashes of FIPS 180-4). HMACSHA1 is for
// receivers that know nothing newer.
const (
	HMACSHA1   Algorithm = "hmac-sha1"
	HMACSHA256 Algorithm = "hmac-sha256"
	HMACSHA512 Algorithm = "hmac-sha512"
)

// New returns a hash that is keyed and waits for the content to be written; its
// Sum is the signature. The error is an *Error with BadScheme when the algorithm
// isn't one of the constants, or with BadSecret when the key is empty.
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
		return nil, &Error{Problem: BadScheme, Detail: "the algorithm " + quote(string(a)) + " is unknown"}
	}
}
