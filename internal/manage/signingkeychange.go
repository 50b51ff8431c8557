package manage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/wire"
)

// changeSigningKeys keeps a change of the keys that are valid, and returns the
// newest.
func (m *Manager) changeSigningKeys(ctx context.Context, environment posthorn.EnvironmentID, change func(keys []posthorn.SigningKey, now time.Time) ([]posthorn.SigningKey, error)) (PublicKey, error) {
	now := m.now()
	keys, err := m.store.UpdateSigningKeys(ctx, environment, func(keys []posthorn.SigningKey, _ store.Version) ([]posthorn.SigningKey, error) {
		return change(validKeys(keys, now), now)
	})
	if err != nil {
		return PublicKey{}, passOn("changing the signing keys", err)
	}
	m.notifier.DirectoryChanged(environment)
	return publicKey(keys[0]), nil
}

// withFresh adds a new key. It is newer than the others even if the clock was put
// back, because the newest is the one that signs.
func (m *Manager) withFresh(environment posthorn.EnvironmentID, algorithm posthorn.SignatureAlgorithm, keys []posthorn.SigningKey, now time.Time) ([]posthorn.SigningKey, error) {
	for _, key := range keys {
		if !now.After(key.CreatedAt) {
			now = key.CreatedAt.Add(time.Microsecond)
		}
	}
	fresh, err := posthorn.NewSigningKey(environment, algorithm, now, m.random)
	if err != nil {
		return nil, err
	}
	count := 1
	for _, key := range keys {
		if key.Algorithm == algorithm {
			count++
		}
	}
	if count > MaxValidSigningKeys {
		return nil, &posthorn.Error{
			Code:    posthorn.CodeConflict,
			Message: fmt.Sprintf("%d signing keys for %s are valid already, as many as there may be.", MaxValidSigningKeys, algorithm),
			Hint:    "Revoke one that was rotated out, or rotate with \"overlapSeconds\": 0 to end all earlier ones.",
		}
	}
	return append(keys, fresh), nil
}

// ensureSigningKeys makes the signing keys that a webhook of the dialect is signed
// with and that its environment doesn't have yet.
func (m *Manager) ensureSigningKeys(ctx context.Context, dialect *wire.Dialect, w posthorn.Webhook) error {
	needed := keysOf(dialect, w)
	if len(needed) == 0 {
		return nil
	}
	keys, err := m.store.SigningKeys(ctx, w.EnvironmentID)
	if err != nil {
		return passOn("reading the signing keys", err)
	}
	isThere := func(algorithm posthorn.SignatureAlgorithm) bool { return hasCurrent(keys, algorithm) }
	if !slices.ContainsFunc(needed, func(a posthorn.SignatureAlgorithm) bool { return !isThere(a) }) {
		return nil
	}
	_, err = m.changeSigningKeys(ctx, w.EnvironmentID, func(keys []posthorn.SigningKey, now time.Time) ([]posthorn.SigningKey, error) {
		var err error
		for _, algorithm := range needed {
			if hasCurrent(keys, algorithm) {
				continue
			}
			if keys, err = m.withFresh(w.EnvironmentID, algorithm, keys, now); err != nil {
				return nil, err
			}
		}
		return keys, nil
	})
	return err
}

// keysOf returns the algorithms of the signing keys that a webhook of the dialect
// is signed with.
func keysOf(dialect *wire.Dialect, w posthorn.Webhook) []posthorn.SignatureAlgorithm {
	switch {
	case dialect == nil:
		return nil
	case w.UsesSigningKeys:
		return dialect.UsesKeys()
	default:
		return dialect.NeedsKeys()
	}
}

// checkUsesSigningKeys refuses to promise signatures that the format doesn't have.
func checkUsesSigningKeys(dialect *wire.Dialect, w posthorn.Webhook) *posthorn.Error {
	if dialect == nil || !w.UsesSigningKeys || len(dialect.UsesKeys()) > 0 {
		return nil
	}
	return posthorn.Invalid("/useSigningKeys", fmt.Sprintf("Requests of the format %s are never signed with signing keys.", w.Format), "Leave it out, or choose a format that has such a signature: standard, cloudevents, httpsig, or one of your own.")
}

func hasCurrent(keys []posthorn.SigningKey, algorithm posthorn.SignatureAlgorithm) bool {
	return slices.ContainsFunc(keys, func(k posthorn.SigningKey) bool { return k.Algorithm == algorithm && k.IsCurrent() })
}

func validKeys(keys []posthorn.SigningKey, now time.Time) []posthorn.SigningKey {
	return slices.DeleteFunc(keys, func(k posthorn.SigningKey) bool { return !k.IsValid(now) })
}
