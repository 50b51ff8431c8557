package posthorn

import (
	"crypto"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// SigningKey is a private key that signs for an environment. It is made once
// and shared: nobody changes it. Printed, logged or marshalled it shows its id
// alone.
type SigningKey struct {
	// ID is what receivers find the public key by: the kid of the JWKS.
	ID string
	// Algorithm is Ed25519 or ECDSAP256.
	Algorithm SignatureAlgorithm
	// Private signs: an ed25519.PrivateKey, an *ecdsa.PrivateKey over P-256, or
	// whatever signs as they do.
	Private crypto.Signer
	// ExpiresAt is zero for the current key; one that was rotated out keeps signing
	// beside it until then.
	ExpiresAt time.Time
}

// IsValid reports whether the key signs at now.
func (k SigningKey) IsValid(now time.Time) bool {
	return k.Private != nil && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// String returns the id.
func (k SigningKey) String() string { return "signing key " + k.ID }

// Format writes the id, whatever the verb.
func (k SigningKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// LogValue returns the id.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText writes the id.
func (k SigningKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
