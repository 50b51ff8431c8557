package manage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
)

// Authenticate finds the principal that a key's hash belongs to. It returns
// posthorn.ErrNotFound for a hash that belongs to none, or to a revoked key.
func (m *Manager) Authenticate(ctx context.Context, hash [sha256.Size]byte) (Principal, error) {
	key, err := m.store.KeyByHash(ctx, hash)
	if err != nil {
		return Principal{}, passOn("finding the key", err)
	}
	return principalOf(key), nil
}

// CreatedKey is a new key with its text, which is shown this once.
type CreatedKey struct {
	Key  posthorn.Key
	Text posthorn.Secret
}

// NewKey says what key to make.
type NewKey struct {
	Name string
	// Kind is WorkspaceKey when empty.
	Kind posthorn.KeyKind
	// WorkspaceID is the oldest workspace in reach when zero; a platform key has none.
	WorkspaceID posthorn.WorkspaceID
}

// CreateKey makes a key. Only a platform key may make platform keys.
func (m *Manager) CreateKey(ctx context.Context, p Principal, n NewKey) (CreatedKey, error) {
	switch n.Kind {
	case posthorn.PlatformKey:
		if !p.IsPlatform() {
			return CreatedKey{}, forbidden("create platform keys")
		}
		if !n.WorkspaceID.IsZero() {
			return CreatedKey{}, posthorn.Invalid("/workspaceId", "A platform key belongs to no workspace.", "Leave out workspaceId, or ask for a key of kind workspace.")
		}
		return m.createKey(ctx, n.Name, posthorn.PlatformKey, posthorn.WorkspaceID{})
	case posthorn.WorkspaceKey, "":
		owner, err := m.workspaceFor(ctx, p, n.WorkspaceID)
		if err != nil {
			return CreatedKey{}, err
		}
		return m.createKey(ctx, n.Name, posthorn.WorkspaceKey, owner)
	default:
		return CreatedKey{}, posthorn.Invalid("/kind", fmt.Sprintf("%q is not a kind of key.", clip(string(n.Kind))), "Use workspace or platform.")
	}
}

func (m *Manager) createKey(ctx context.Context, name string, kind posthorn.KeyKind, owner posthorn.WorkspaceID) (CreatedKey, error) {
	return m.keepKey(ctx, name, kind, owner, keyPrefix(kind)+randomText(m.random))
}

func keyPrefix(kind posthorn.KeyKind) string {
	if kind == posthorn.PlatformKey {
		return posthorn.PlatformKeyPrefix
	}
	return posthorn.WorkspaceKeyPrefix
}

// keepKey keeps a key of the given text.
func (m *Manager) keepKey(ctx context.Context, name string, kind posthorn.KeyKind, owner posthorn.WorkspaceID, text string) (CreatedKey, error) {
	const shownOfRandom = 4
	now := m.now()
	shown := len(keyPrefix(kind)) + shownOfRandom
	key := posthorn.Key{
		ID: posthorn.NewID[posthorn.KeyID](now, m.random), Kind: kind, WorkspaceID: owner, Name: strings.TrimSpace(name),
		Hash: posthorn.HashKey(text), Start: text[:min(shown, len(text))], CreatedAt: now,
	}
	if err := key.Validate(); err != nil {
		return CreatedKey{}, err
	}
	if err := m.store.CreateKey(ctx, key, m.limits.Keys); err != nil {
		return CreatedKey{}, passOn("creating the key", limited(err, "keys", "workspace", m.limits.Keys, "revoke one that is no longer used"))
	}
	return CreatedKey{Key: key, Text: posthorn.Secret(text)}, nil
}

// randomText makes 43 letters and digits: 256 bits of chance.
func randomText(random posthorn.Randomness) string {
	const (
		letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		length  = 43
	)
	text := make([]byte, 0, length)
	for len(text) < length {
		// Six bits at a time; the two values without a letter are passed over, so
		// that all letters are equally likely.
		for bits, left := random(), 10; left > 0 && len(text) < length; bits, left = bits>>6, left-1 {
			if n := int(bits & 63); n < len(letters) {
				text = append(text, letters[n])
			}
		}
	}
	return string(text)
}

// Keys lists the keys in reach, of one workspace if it is named.
func (m *Manager) Keys(ctx context.Context, p Principal, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Key, error) {
	owner, err := m.narrow(ctx, p, workspace)
	if err != nil {
		return nil, err
	}
	keys, err := m.store.Keys(ctx, owner, page)
	if err != nil {
		return nil, passOn("listing keys", err)
	}
	return keys, nil
}

// RevokeKey makes a key in reach useless. A key can't revoke itself, so that
// nobody locks themselves out.
func (m *Manager) RevokeKey(ctx context.Context, p Principal, id posthorn.KeyID) (posthorn.Key, error) {
	key, err := m.store.Key(ctx, id)
	if err != nil {
		return posthorn.Key{}, passOn("reading the key", err)
	}
	if !p.Reaches(key.WorkspaceID) {
		return posthorn.Key{}, posthorn.ErrNotFound
	}
	if id == p.KeyID {
		return posthorn.Key{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "A key can't revoke itself.", Hint: "Create another key and revoke this one with it."}
	}
	revoked, err := m.store.RevokeKey(ctx, id, m.now())
	if err != nil {
		return posthorn.Key{}, passOn("revoking the key", err)
	}
	return revoked, nil
}

// minGivenKey is the shortest text of a key that an operator may choose.
const minGivenKey = 24

// ValidateKeyText checks the text of a platform key that an operator chose.
func ValidateKeyText(text string) error {
	random, isPlatform := strings.CutPrefix(text, posthorn.PlatformKeyPrefix)
	if !isPlatform {
		return errors.New("the bootstrap key must begin with " + posthorn.PlatformKeyPrefix)
	}
	if len(random) < minGivenKey || len(text) > MaxKeyText {
		return fmt.Errorf("the bootstrap key must have %d to %d characters after %s", minGivenKey, MaxKeyText-len(posthorn.PlatformKeyPrefix), posthorn.PlatformKeyPrefix)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the bootstrap key must be printable ASCII without spaces")
	}
	return nil
}

// MaxKeyText is the longest text of a key, in bytes.
const MaxKeyText = 200
