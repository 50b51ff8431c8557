package posthorn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
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
	ID            SigningKeyID
	EnvironmentID EnvironmentID
	// Algorithm is Ed25519 or ECDSAP256.
	Algorithm SignatureAlgorithm
	// Private signs: an ed25519.PrivateKey, an *ecdsa.PrivateKey over P-256, or
	// whatever signs as they do.
	Private   crypto.Signer
	CreatedAt time.Time
	// ExpiresAt is zero for the current key; one that was rotated out keeps signing
	// beside it until then.
	ExpiresAt time.Time
}

// NewSigningKey makes a random key. It returns an *Error with CodeInvalid if the
// algorithm doesn't sign with such keys.
func NewSigningKey(environment EnvironmentID, algorithm SignatureAlgorithm, at time.Time, random Randomness) (SigningKey, error) {
	if !algorithm.IsAsymmetric() {
		return SigningKey{}, Invalid("/algorithm", fmt.Sprintf("%q is not an algorithm of signing keys.", clip(string(algorithm))), fmt.Sprintf("Use %s or %s.", Ed25519, ECDSAP256))
	}
	key := SigningKey{ID: NewID[SigningKeyID](at, random), EnvironmentID: environment, Algorithm: algorithm, CreatedAt: at}
	// Nearly all texts of 32 bytes are a key; those above the order of P-256, one of
	// four thousand million, are not.
	const tries = 8
	var err error
	for range tries {
		var raw [privateKeySize]byte
		for i := 0; i < len(raw); i += 8 {
			binary.BigEndian.PutUint64(raw[i:], random())
		}
		if key.Private, err = ParsePrivateKey(algorithm, raw[:]); err == nil {
			return key, nil
		}
	}
	return SigningKey{}, fmt.Errorf("making a signing key: %w", err)
}

// privateKeySize is the length of an Ed25519 seed and of a P-256 scalar.
const privateKeySize = 32

var errNoSigningKey = errors.New("this is not the private part of a signing key")

// RevealPrivate returns the 32 bytes that the private key is made of: the seed of
// RFC 8032, or the scalar of a P-256 key.
func (k SigningKey) RevealPrivate() ([]byte, error) {
	switch private := k.Private.(type) {
	case ed25519.PrivateKey:
		return private.Seed(), nil
	case *ecdsa.PrivateKey:
		raw, err := private.Bytes()
		if err != nil {
			return nil, errNoSigningKey
		}
		return raw, nil
	default:
		return nil, errNoSigningKey
	}
}

// ParsePrivateKey reads what RevealPrivate returns. The error shows nothing of it.
func ParsePrivateKey(algorithm SignatureAlgorithm, raw []byte) (crypto.Signer, error) {
	switch {
	case len(raw) != privateKeySize:
		return nil, errNoSigningKey
	case algorithm == Ed25519:
		return ed25519.NewKeyFromSeed(raw), nil
	case algorithm == ECDSAP256:
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
		if err != nil {
			return nil, errNoSigningKey
		}
		return private, nil
	default:
		return nil, errNoSigningKey
	}
}

// IsValid reports whether the key signs at now.
func (k SigningKey) IsValid(now time.Time) bool {
	return k.Private != nil && (k.IsCurrent() || now.Before(k.ExpiresAt))
}

// IsCurrent reports whether the key has not been rotated out.
func (k SigningKey) IsCurrent() bool { return k.ExpiresAt.IsZero() }

// String returns the id.
func (k SigningKey) String() string { return "signing key " + k.ID.String() }

// Format writes the id, whatever the verb.
func (k SigningKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// LogValue returns the id.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText writes the id.
func (k SigningKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
