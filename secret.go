package posthorn

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Secret is a text that must not be shown by accident: printed, logged or
// marshalled it is "***".
type Secret string

const redacted = "***"

// Reveal returns the text itself, to sign with it or to show it to its owner.
func (s Secret) Reveal() string { return string(s) }

// String returns "***".
func (s Secret) String() string { return redacted }

// GoString returns "***".
func (s Secret) GoString() string { return redacted }

// LogValue returns "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes "***".
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Shortened returns the first 12 characters and "...", which is how lists show
// a secret. A secret too short to hide anything that way is not shown at all.
func (s Secret) Shortened() string {
	const shown, hiddenAtLeast = 12, 12
	if len(s) < shown+hiddenAtLeast {
		return "..."
	}
	return string(s[:shown]) + "..."
}

// StandardSecretPrefix begins a secret in the notation of Standard Webhooks.
const StandardSecretPrefix = "whsec_"

// Standard returns the same signing key in the notation of Standard Webhooks
// 1.0 ("whsec_" and base64), for the official libraries.
func (s Secret) Standard() string {
	if strings.HasPrefix(string(s), StandardSecretPrefix) {
		return string(s)
	}
	return StandardSecretPrefix + base64.StdEncoding.EncodeToString([]byte(s))
}

// SigningSecret is a secret of a webhook and until when it is valid.
type SigningSecret struct {
	Value Secret
	// ExpiresAt is zero for the current secret; a secret that was rotated out
	// keeps signing until then.
	ExpiresAt time.Time
}

// NewSecret makes a random secret: 32 bytes in hex.
func NewSecret(random Randomness) Secret {
	var b [32]byte
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], random())
	}
	return Secret(hex.EncodeToString(b[:]))
}

// Limits of a given secret, in bytes.
const (
	MinSecret = 8
	MaxSecret = 512
)

// ValidateSecret checks a secret given by a user: 8 to 512 printable ASCII
// characters, and good base64 behind "whsec_". It returns an *Error with
// CodeInvalid.
func ValidateSecret(pointer string, secret Secret) *Error {
	text := secret.Reveal()
	if len(text) < MinSecret || len(text) > MaxSecret {
		return Invalid(pointer, fmt.Sprintf("The secret is %d characters long; it must have %d to %d.", len(text), MinSecret, MaxSecret),
			"Leave it out and a random one is made.")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Invalid(pointer, "The secret has characters outside printable ASCII.", "Use letters, digits and punctuation without spaces.")
	}
	encoded, standard := strings.CutPrefix(text, StandardSecretPrefix)
	if !standard {
		return nil
	}
	if _, err := base64.StdEncoding.DecodeString(encoded); err != nil || encoded == "" {
		return Invalid(pointer, "What follows whsec_ is not base64.", "Give whsec_ and standard base64 with padding, or a secret without that prefix.")
	}
	return nil
}
