package posthorn

import (
	"slices"
	"strconv"
	"time"
)

// Format is a dialect as data: how the body and the headers of a request look,
// how it is signed, what counts as success. Package wire interprets it; nothing
// knows any format by its name.
type Format struct {
	Name        string
	Description string
	// Body are the members of the JSON object that is sent, in order. When it is
	// empty the publisher's data is the whole body.
	Body        []BodyField
	ContentType string
	// Headers are sent beside Content-Type; values are templates.
	Headers   []Header
	Signature SignatureScheme
	// Success are the codes ("200") and classes ("2xx") that mean the receiver
	// took it; empty means "2xx".
	Success []string
	// Retries is the default for webhooks and event types that say nothing; nil
	// leaves it to the environment.
	Retries *int
	// Tolerance is how far from now a receiver should accept the timestamp.
	Tolerance time.Duration
}

// BodyField is one member of the JSON object that is sent.
type BodyField struct {
	Name string
	// Template is the text of a JSON string, with {placeholders}.
	Template string
	// Raw, when set, names a value that is spliced in byte for byte instead:
	// "event.data".
	Raw string
}

// SignatureAlgorithm names how a request is signed.
type SignatureAlgorithm string

// The algorithms.
const (
	HMACSHA1   SignatureAlgorithm = "hmac-sha1"
	HMACSHA256 SignatureAlgorithm = "hmac-sha256"
	HMACSHA512 SignatureAlgorithm = "hmac-sha512"
	NotSigned  SignatureAlgorithm = "none"
)

// Encoding names how bytes are written as text.
type Encoding string

// The encodings. EncodingText takes the text as it is and is meant for keys.
const (
	EncodingText      Encoding = "text"
	EncodingHex       Encoding = "hex"
	EncodingBase64    Encoding = "base64"
	EncodingBase64URL Encoding = "base64url"
)

// SignatureScheme says what is signed and how the signature is written.
type SignatureScheme struct {
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
	// Several is how a further signature is appended, during a rotation, to the
	// header that holds {signature}; empty means that only the newest secret signs.
	Several string
}

// Accepts reports whether a response's status means that the receiver took it.
func (f Format) Accepts(statusCode int) bool {
	class := strconv.Itoa(statusCode/100) + "xx"
	if len(f.Success) == 0 {
		return class == "2xx"
	}
	return slices.Contains(f.Success, class) || slices.Contains(f.Success, strconv.Itoa(statusCode))
}
