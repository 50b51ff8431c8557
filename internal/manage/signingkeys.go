package manage

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// MaxValidSigningKeys is how many signing keys of one algorithm an environment may
// have at once.
const MaxValidSigningKeys = 5

// PublicKey is what may be shown of a signing key: everything but its private
// part.
type PublicKey struct {
	ID            posthorn.SigningKeyID
	EnvironmentID posthorn.EnvironmentID
	Algorithm     posthorn.SignatureAlgorithm
	// Key is an ed25519.PublicKey or an *ecdsa.PublicKey over P-256.
	Key       crypto.PublicKey
	CreatedAt time.Time
	// ExpiresAt is zero for the current key.
	ExpiresAt time.Time
}

func publicKey(k posthorn.SigningKey) PublicKey {
	return PublicKey{ID: k.ID, EnvironmentID: k.EnvironmentID, Algorithm: k.Algorithm, Key: k.Private.Public(), CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt}
}

// SigningKeys lists the signing keys of an environment in reach that are valid
// now, newest first.
func (m *Manager) SigningKeys(ctx context.Context, p Principal, named posthorn.EnvironmentID) ([]PublicKey, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return nil, err
	}
	return m.publicKeys(ctx, environment)
}

// PublishedKeys returns the public keys that anybody may have: those of an
// environment, or of the oldest one of the oldest workspace if it is zero. An
// unknown environment has none.
func (m *Manager) PublishedKeys(ctx context.Context, environment posthorn.EnvironmentID) ([]PublicKey, error) {
	if environment.IsZero() {
		oldest, err := m.oldestEnvironment(ctx, Principal{Kind: posthorn.PlatformKey})
		if errors.Is(err, posthorn.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		environment = oldest
	}
	return m.publicKeys(ctx, environment)
}

func (m *Manager) publicKeys(ctx context.Context, environment posthorn.EnvironmentID) ([]PublicKey, error) {
	keys, err := m.store.SigningKeys(ctx, environment)
	if err != nil {
		return nil, passOn("listing signing keys", err)
	}
	valid := validKeys(keys, m.now())
	shown := make([]PublicKey, len(valid))
	for i, key := range valid {
		shown[i] = publicKey(key)
	}
	return shown, nil
}

// CreateSigningKey makes the first signing key of an algorithm for an environment
// in reach. It returns a conflict if there is one.
func (m *Manager) CreateSigningKey(ctx context.Context, p Principal, named posthorn.EnvironmentID, algorithm posthorn.SignatureAlgorithm) (PublicKey, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return PublicKey{}, err
	}
	return m.changeSigningKeys(ctx, environment, func(keys []posthorn.SigningKey, now time.Time) ([]posthorn.SigningKey, error) {
		if hasCurrent(keys, algorithm) {
			return nil, &posthorn.Error{
				Code: posthorn.CodeConflict, Pointer: "/algorithm",
				Message: fmt.Sprintf("The environment has a signing key for %s.", algorithm), Hint: "Rotate it to get another one: POST /v1/signing-keys/rotate.",
			}
		}
		return m.withFresh(environment, algorithm, keys, now)
	})
}

// KeyRotation says how a signing key is replaced.
type KeyRotation struct {
	// Algorithm may be empty where there is only one.
	Algorithm posthorn.SignatureAlgorithm
	// Overlap is how long earlier keys go on signing and are published, at most.
	Overlap Setting[time.Duration]
}

// RotateSigningKey gives an environment in reach a new signing key. Those before
// of the same algorithm stay valid for the overlap; an overlap of zero ends them
// at once. It returns a conflict when there is none, or too many would be valid.
func (m *Manager) RotateSigningKey(ctx context.Context, p Principal, named posthorn.EnvironmentID, r KeyRotation) (PublicKey, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return PublicKey{}, err
	}
	overlap := r.Overlap.take(m.keyOverlap, m.keyOverlap)
	if overlap < 0 || overlap > MaxOverlap {
		return PublicKey{}, posthorn.Invalid("/overlapSeconds", fmt.Sprintf("overlapSeconds is outside 0 to %d.", int(MaxOverlap.Seconds())), fmt.Sprintf("%d is the default here.", int(m.keyOverlap.Seconds())))
	}
	return m.changeSigningKeys(ctx, environment, func(keys []posthorn.SigningKey, now time.Time) ([]posthorn.SigningKey, error) {
		algorithm, err := rotatedAlgorithm(keys, r.Algorithm)
		if err != nil {
			return nil, err
		}
		end := now.Add(overlap)
		for i := range keys {
			if key := &keys[i]; key.Algorithm == algorithm && (key.IsCurrent() || key.ExpiresAt.After(end)) {
				key.ExpiresAt = end
			}
		}
		return m.withFresh(environment, algorithm, validKeys(keys, now), now)
	})
}

// rotatedAlgorithm is the one that is asked for, or the only one there is.
func rotatedAlgorithm(keys []posthorn.SigningKey, asked posthorn.SignatureAlgorithm) (posthorn.SignatureAlgorithm, error) {
	var known []posthorn.SignatureAlgorithm
	for _, key := range keys {
		if !slices.Contains(known, key.Algorithm) && (asked == "" || key.Algorithm == asked) {
			known = append(known, key.Algorithm)
		}
	}
	switch len(known) {
	case 0:
		return "", &posthorn.Error{Code: posthorn.CodeConflict, Pointer: "/algorithm", Message: "The environment has no such signing key to rotate.", Hint: "Create one: POST /v1/signing-keys."}
	case 1:
		return known[0], nil
	default:
		return "", posthorn.Invalid("/algorithm", fmt.Sprintf("The environment has signing keys for %s and %s.", known[0], known[1]), "Say which one to rotate.")
	}
}

// RevokeSigningKey deletes a signing key in reach. It neither signs nor is
// published any more. A current key can't be revoked while a webhook signs with it.
func (m *Manager) RevokeSigningKey(ctx context.Context, p Principal, id posthorn.SigningKeyID) error {
	key, err := m.store.SigningKey(ctx, id)
	if err != nil {
		return passOn("reading the signing key", err)
	}
	if err := m.checkReach(ctx, p, key.EnvironmentID); err != nil {
		return err
	}
	const tries = 8 // each is lost to somebody who changed a webhook meanwhile
	for range tries {
		var seen store.Version
		if key.IsCurrent() {
			if seen, err = m.checkUnused(ctx, key); err != nil {
				return err
			}
		}
		_, err = m.store.UpdateSigningKeys(ctx, key.EnvironmentID, func(keys []posthorn.SigningKey, at store.Version) ([]posthorn.SigningKey, error) {
			if key.IsCurrent() && at != seen {
				return nil, posthorn.ErrConflict // a webhook may use it by now
			}
			return slices.DeleteFunc(keys, func(k posthorn.SigningKey) bool { return k.ID == id }), nil
		})
		if errors.Is(err, posthorn.ErrConflict) {
			continue
		}
		if err != nil {
			return passOn("revoking the signing key", err)
		}
		m.notifier.DirectoryChanged(key.EnvironmentID)
		return nil
	}
	return posthorn.ErrBusy
}

// checkUnused returns the version of the directory at which no webhook is signed
// with a key.
func (m *Manager) checkUnused(ctx context.Context, key posthorn.SigningKey) (store.Version, error) {
	seen, err := m.store.Snapshot(ctx, key.EnvironmentID)
	if err != nil {
		return 0, passOn("listing webhooks", err)
	}
	for _, w := range seen.Webhooks {
		dialect, err := m.dialectOf(ctx, w)
		if err != nil {
			return 0, err
		}
		if slices.Contains(keysOf(dialect, w), key.Algorithm) {
			return 0, &posthorn.Error{
				Code: posthorn.CodeConflict, Message: fmt.Sprintf("The webhook %s is signed with this key.", w.ID),
				Hint: "Rotate with \"overlapSeconds\": 0: a new key signs from then on, and this one is gone at once.",
			}
		}
	}
	return seen.Version, nil
}
