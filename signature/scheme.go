package signature

import (
	"strings"
	"time"
)

// DefaultTolerance is how far from the receiver's clock a timestamp may be, in
// both directions, in the built-in formats that carry one.
const DefaultTolerance = 5 * time.Minute

// Scheme says where a dialect puts its signature and what it signs. A receiver
// needs one only for a dialect that isn't built in.
type Scheme struct {
	// Algorithm makes the signature and Encoding writes it.
	Algorithm Algorithm
	Encoding  Encoding
	// Key and KeyPrefix say how the secret is read: see the function Key.
	Key       Encoding
	KeyPrefix string
	// Content is what is signed, with {id}, {timestamp} and {body}; each stands
	// for the text that was received, and {body} must be among them.
	Content string

	// Header holds the signatures: entries with Separator between them, of which
	// those that begin with Prefix are signatures and others are passed over.
	// Without a Separator the whole value is one entry.
	Header    string
	Separator string
	Prefix    string
	// TimestampPrefix begins the entry of Header that holds the timestamp, in
	// seconds since 1970; empty when there is none.
	TimestampPrefix string
	// TimestampHeader is the header that holds the timestamp; empty when there is
	// none. If both places are named, they must agree.
	TimestampHeader string
	// IDHeader is the header that holds the event's id; empty when there is none.
	IDHeader string
	// Tolerance is how far from the receiver's clock the timestamp may be; zero
	// accepts any.
	Tolerance time.Duration
}

// Lookup returns the scheme of a built-in format.
func Lookup(format string) (Scheme, bool) {
	for _, entry := range builtIn() {
		if entry.name == format {
			return entry.scheme, true
		}
	}
	return Scheme{}, false
}

// Formats returns the names of the built-in formats.
func Formats() []string {
	entries := builtIn()
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.name)
	}
	return names
}

type namedScheme struct {
	name   string
	scheme Scheme
}

func builtIn() []namedScheme {
	return []namedScheme{
		{"standard", Scheme{
			Algorithm: HMACSHA256, Encoding: Base64, Key: Base64, KeyPrefix: "whsec_",
			Content: "{id}.{timestamp}.{body}",
			Header:  "webhook-signature", Separator: " ", Prefix: "v1,",
			TimestampHeader: "webhook-timestamp", IDHeader: "webhook-id", Tolerance: DefaultTolerance,
		}},
		{"ascendkit", Scheme{
			Algorithm: HMACSHA256, Encoding: Hex, Key: Text,
			Content: "{timestamp}.{body}",
			Header:  "X-AscendKit-Signature", Separator: ",", Prefix: "v1=", TimestampPrefix: "t=",
			Tolerance: DefaultTolerance,
		}},
		{"ascend", Scheme{
			Algorithm: HMACSHA256, Encoding: Hex, Key: Text,
			Content: "{timestamp}:{body}",
			Header:  "X-Ascend-Signature", Separator: ",", Prefix: "v1=", TimestampPrefix: "t=",
			TimestampHeader: "X-Ascend-Request-Timestamp", Tolerance: DefaultTolerance,
		}},
		{"signature", Scheme{
			Algorithm: HMACSHA256, Encoding: Hex, Key: Text,
			Content: "{body}", Header: "X-Signature",
		}},
		{"sendkit", Scheme{
			Algorithm: HMACSHA256, Encoding: Hex, Key: Text,
			Content: "{body}", Header: "X-Webhook-Signature",
		}},
	}
}

// check finds what would make a scheme of somebody's own verify less than it
// seems to.
func (s Scheme) check() error {
	known := strings.NewReplacer("{id}", "", "{timestamp}", "", "{body}", "")
	signsTime := strings.Contains(s.Content, "{timestamp}")
	switch {
	case s.Header == "":
		return badScheme("it names no header for the signature")
	case !strings.Contains(s.Content, "{body}"):
		return badScheme("what is signed lacks {body}")
	case strings.ContainsAny(known.Replace(s.Content), "{}"):
		return badScheme("what is signed may have {id}, {timestamp} and {body} only")
	case strings.Contains(s.Content, "{id}") != (s.IDHeader != ""):
		return badScheme("an id must be both signed and in a header, or neither")
	case signsTime != (s.TimestampHeader != "" || s.TimestampPrefix != ""):
		return badScheme("a timestamp must be both signed and in a header, or neither")
	case s.Separator == "" && s.TimestampPrefix != "":
		return badScheme("a timestamp beside the signature needs a separator")
	case s.Separator != "" && s.Prefix == "" || s.Prefix != "" && s.Prefix == s.TimestampPrefix:
		return badScheme("among several entries, those with a signature need a prefix of their own")
	case s.Tolerance < 0 || s.Tolerance > 0 && !signsTime:
		return badScheme("a tolerance needs a timestamp and must not be negative")
	}
	return s.checkEncodings()
}

func (s Scheme) checkEncodings() error {
	switch s.Encoding {
	case Hex, Base64, Base64URL:
	default:
		return badScheme("the encoding of the signature must be hex, base64 or base64url")
	}
	switch s.Key {
	case Text, Hex, Base64, Base64URL:
		return nil
	default:
		return badScheme("the key must be text, hex, base64 or base64url")
	}
}

func badScheme(detail string) error { return &Error{Problem: BadScheme, Detail: detail} }
