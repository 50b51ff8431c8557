package posthorn

import (
	"crypto/sha256"
	"time"
)

// KeyKind says what a key reaches.
type KeyKind string

// The kinds of key.
const (
	// PlatformKey reaches every workspace; its text begins with PlatformKeyPrefix.
	PlatformKey KeyKind = "platform"
	// WorkspaceKey reaches one workspace; its text begins with WorkspaceKeyPrefix.
	WorkspaceKey KeyKind = "workspace"
)

// What the text of a key begins with.
const (
	PlatformKeyPrefix  = "sk_user_"
	WorkspaceKeyPrefix = "sk_"
)

// Key is an API key. Its text is shown once, when it is made; only its hash is
// kept.
type Key struct {
	ID   KeyID
	Kind KeyKind
	// WorkspaceID is zero for platform keys.
	WorkspaceID WorkspaceID
	Name        string
	// Hash is SHA-256 of the text. The text has 256 random bits, so a slow hash
	// would add nothing.
	Hash [sha256.Size]byte
	// Start is the first characters of the text, to recognise it in a list.
	Start     string
	CreatedAt time.Time
	// RevokedAt is zero while the key is good.
	RevokedAt time.Time
}

// HashKey returns what is kept of a key's text.
func HashKey(text string) [sha256.Size]byte {
	const usual = 64 // within it nothing is allocated, which the conversion does beyond 32
	return sha256.Sum256(append(make([]byte, 0, usual), text...))
}

// Validate checks the key's name. It returns an *Error with CodeInvalid.
func (k Key) Validate() error {
	var problems Problems
	problems.Add(validateName("/name", k.Name))
	return problems.Err()
}
