package posthorn

import "time"

// SignatureAlgorithm names how a request is signed.
type SignatureAlgorithm string

// The algorithms. The first group signs with the webhook's secrets, Ed25519 (RFC
// 8032) and ECDSAP256 (FIPS 186-5, over SHA-256) with the private keys of its
// environment. JWTHS256 makes a JSON Web Token (RFC 7519) out of claims.
const (
	HMACSHA1   SignatureAlgorithm = "hmac-sha1"
	HMACSHA256 SignatureAlgorithm = "hmac-sha256"
	HMACSHA512 SignatureAlgorithm = "hmac-sha512"
	JWTHS256   SignatureAlgorithm = "jwt-hs256"
	Ed25519    SignatureAlgorithm = "ed25519"
	ECDSAP256  SignatureAlgorithm = "ecdsa-p256-sha256"
	NotSigned  SignatureAlgorithm = "none"
)

// IsAsymmetric reports whether it signs with private keys of the environment
// instead of secrets of the webhook.
func (a SignatureAlgorithm) IsAsymmetric() bool { return a == Ed25519 || a == ECDSAP256 }

// Encoding names how bytes are written as text.
type Encoding string

// The encodings. EncodingText takes the text as it is and is meant for keys.
const (
	EncodingText      Encoding = "text"
	EncodingHex       Encoding = "hex"
	EncodingBase64    Encoding = "base64"
	EncodingBase64URL Encoding = "base64url"
)

// ECDSAForm names how the two numbers of an ECDSA signature become bytes.
type ECDSAForm string

// The forms: the ASN.1 of RFC 3279, or both numbers as 32 bytes each (RFC 7518,
// section 3.4).
const (
	ECDSADER ECDSAForm = "der"
	ECDSARaw ECDSAForm = "raw"
)

// SignatureScheme says what is signed and how the signature is written.
type SignatureScheme struct {
	// Name is what {signature.NAME} calls it; a format's only scheme needs none.
	Name      string
	Algorithm SignatureAlgorithm
	// Content is the template of what is signed.
	Content string
	// Encoding writes the signature.
	Encoding Encoding
	// Key reads the secret.
	Key Encoding
	// KeyPrefix is dropped before the key is read; a secret without it signs as
	// its text.
	KeyPrefix string
	// ECDSA is the form of an ECDSA signature.
	ECDSA ECDSAForm
	// Several is how a further signature is appended, during a rotation, to the
	// header that holds {signature}; empty means that only the newest secret or
	// key signs.
	Several string
	// SeveralLines writes each further signature as a header of its own instead.
	SeveralLines bool
	// IsOptional: it signs only for webhooks that use signing keys. Headers that name
	// its signature are left out otherwise.
	IsOptional bool
	// AppendTo names a header of the format to which each of its signatures is
	// appended, as Several says.
	AppendTo string
	// Claims are the members of the token's payload, with JWTHS256.
	Claims []BodyField
	// Message makes it an HTTP message signature, when it has components.
	Message MessageSignature
}

// MessageSignature says how a request is signed by RFC 9421. The headers get it
// as {message.input} and {message.signature}.
type MessageSignature struct {
	// Label names the signature; further ones of a rotation are called label-2, ….
	Label string
	// Components are what is covered, in order: names of headers, in lower case,
	// and @method, @target-uri, @authority, @scheme, @path, @query, @request-target.
	Components []string
	// Parameters are those of RFC 9421, section 2.3, in order: created, expires,
	// keyid, alg, tag.
	Parameters []string
	// KeyID is the template of keyid, and Tag the value of tag.
	KeyID string
	Tag   string
	// Expires is how long after created the signature expires.
	Expires time.Duration
}
