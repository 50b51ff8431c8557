package signature

import (
	_ "embed" // for the built-in schemes
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"
)

// DefaultTolerance is how far from the receiver's clock a timestamp may be, in
// both directions, in the built-in formats that carry one.
const DefaultTolerance = 5 * time.Minute

// Scheme says where a dialect puts its signature and what it signs. A receiver
// needs one only for a dialect that isn't built in. It can be written as JSON.
type Scheme struct {
	// Name tells a scheme from its alternatives; it may be empty.
	Name string `json:"name,omitempty"`
	// Algorithm makes the signature and Encoding writes it.
	Algorithm Algorithm `json:"algorithm"`
	Encoding  Encoding  `json:"encoding,omitempty"`
	// Key and KeyPrefix say how the secret is read: see the function Key.
	Key       Encoding `json:"key,omitempty"`
	KeyPrefix string   `json:"keyPrefix,omitempty"`
	// ECDSA is the form of an ECDSA signature.
	ECDSA ECDSAForm `json:"ecdsa,omitempty"`
	// Content is what is signed, with {id}, {timestamp}, {body}, {url}, {header.NAME},
	// {digest.sha256} and {digest.sha512}, the digests with .hex or .base64url behind
	// them if they aren't in base64. Each stands for what was received, and the body
	// or a digest of it must be among them.
	Content string `json:"content,omitempty"`

	// Header holds the signatures: entries with Separator between them, of which
	// those that begin with Prefix are signatures and others are passed over.
	// Without a Separator the whole value is one entry.
	Header    string `json:"header,omitempty"`
	Separator string `json:"separator,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
	// SeveralLines: the header may stand several times, with a signature in each.
	SeveralLines bool `json:"severalLines,omitempty"`
	// TimestampPrefix begins the entry of Header that holds the timestamp; empty
	// when there is none.
	TimestampPrefix string `json:"timestampPrefix,omitempty"`
	// TimestampHeader is the header that holds the timestamp; empty when there is
	// none. If both places are named, they must agree.
	TimestampHeader string `json:"timestampHeader,omitempty"`
	// TimestampUnit is what the timestamp counts since 1970; empty means Seconds.
	TimestampUnit Unit `json:"timestampUnit,omitempty"`
	// IDHeader is the header that holds the event's id; empty when there is none.
	IDHeader string `json:"idHeader,omitempty"`
	// Tolerance is how far from the receiver's clock the timestamp may be; zero
	// accepts any. In JSON it is toleranceSeconds.
	Tolerance time.Duration `json:"-"`

	// Claims are where the token of JWTHS256 says what it vouches for.
	Claims *Claims `json:"claims,omitempty"`
	// Message makes it an HTTP message signature (RFC 9421).
	Message *Message `json:"message,omitempty"`

	// Alternatives are further schemes of the same sender: a request that fits one
	// is accepted, unless its time isn't tolerated. Schemes with public keys are tried
	// with the secrets that are written as one, see ParsePublicKey, and the others with
	// the rest. Either all bound the time of a request, by a Tolerance or by
	// Claims.Expires, or none does: whoever keeps a request that is signed in both ways
	// can take the signature over the time away, and what is left would be accepted for
	// ever.
	Alternatives []Scheme `json:"alternatives,omitempty"`
}

// Unit is what a timestamp counts.
type Unit string

// The units.
const (
	Seconds      Unit = "s"
	Milliseconds Unit = "ms"
)

// Claims names the claims of a token that are looked at.
type Claims struct {
	// Digest is the claim with the digest of the body, made with Hash ("sha256" or
	// "sha512") and written in Encoding.
	Digest   string   `json:"digest"`
	Hash     string   `json:"hash"`
	Encoding Encoding `json:"encoding"`
	// Timestamp is the claim with the moment of signing in seconds, Expires the one
	// with the moment from which the token is void, and ID the event's id; each
	// may be empty. What a token says of itself as "exp" and "nbf" (RFC 7519, section
	// 4.1) bounds it whether or not it is named here; a claim that is named must be there.
	Timestamp string `json:"timestamp,omitempty"`
	Expires   string `json:"expires,omitempty"`
	ID        string `json:"id,omitempty"`
}

// Message says what an HTTP message signature must cover.
type Message struct {
	// Components must all be covered; content-digest must be among them.
	Components []string `json:"components"`
}

//go:embed schemes.json
var builtInText []byte

// builtIn reads the built-in schemes once; nobody changes them.
var builtIn = sync.OnceValue(func() map[string]Scheme {
	var schemes map[string]Scheme
	if err := json.Unmarshal(builtInText, &schemes); err != nil {
		return nil // a test sees to it that this never happens
	}
	return schemes
})

// Lookup returns the scheme of a built-in format. Don't change what it points
// to: it is shared.
func Lookup(format string) (Scheme, bool) {
	scheme, found := builtIn()[format]
	return scheme, found
}

// Formats returns the names of the built-in formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(builtIn())) }
