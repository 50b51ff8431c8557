package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// unauthenticated is the same for a missing, an unknown and a revoked key, so
// that it tells nothing about which keys exist.
func unauthenticated() error {
	return &posthorn.Error{
		Code:    posthorn.CodeUnauthenticated,
		Message: "A valid API key is needed.",
		Hint:    "Send it as X-Api-Key: KEY or Authorization: Bearer KEY, never in the URL.",
	}
}

// authenticate finds out who asks.
func (c *call) authenticate() error {
	text := c.keyText()
	if len(text) > manage.MaxKeyText || !strings.HasPrefix(text, posthorn.WorkspaceKeyPrefix) {
		return unauthenticated()
	}
	hash := posthorn.HashKey(text)
	principal, generation, known := c.keys.find(hash)
	if known {
		c.principal = principal
		return nil
	}
	principal, err := c.lookUp(hash)
	if errors.Is(err, posthorn.ErrNotFound) {
		c.keys.forget(hash)
		return c.guesses.fail(guessOf(c.request.RemoteAddr, text))
	}
	if err != nil {
		return err
	}
	c.keys.keep(hash, principal, generation)
	c.principal = principal
	return nil
}

const (
	// maxStrangers is how many keys that weren't good before are looked up at once: fewer
	// than the database has readers, so that those who try keys never have all of them.
	maxStrangers = 4
	// longestAsStranger is how long one of them waits: a look-up takes a moment, unless
	// the database is stuck.
	longestAsStranger = 10 * time.Second
)

// lookUp asks the database whose key it is. Strangers wait for each other, and nobody
// is told that the key is no good before the database was asked: a good key works
// whoever else tries.
func (c *call) lookUp(hash [sha256.Size]byte) (manage.Principal, error) {
	ctx := c.request.Context()
	if c.keys.wasGood(hash) {
		return c.Manager.Authenticate(ctx, hash)
	}
	tooLong := time.NewTimer(longestAsStranger)
	defer tooLong.Stop()
	select {
	case c.strangers <- struct{}{}:
		defer func() { <-c.strangers }()
		return c.Manager.Authenticate(ctx, hash)
	case <-tooLong.C:
		busy := *posthorn.ErrBusy
		busy.RetryAfter = time.Second
		return manage.Principal{}, &busy
	case <-ctx.Done():
		return manage.Principal{}, fmt.Errorf("waiting to look a key up: %w", ctx.Err())
	}
}

// keyText finds the key in the headers; a key given twice is none.
func (c *call) keyText() string {
	given, bearer := c.request.Header["X-Api-Key"], c.request.Header["Authorization"]
	switch {
	case len(given) == 1 && len(bearer) == 0:
		return given[0]
	case len(given) == 0 && len(bearer) == 1:
		const scheme = "bearer "
		if len(bearer[0]) > len(scheme) && strings.EqualFold(bearer[0][:len(scheme)], scheme) {
			return strings.TrimSpace(bearer[0][len(scheme):])
		}
	}
	return ""
}

// keyCache remembers for a moment which keys are good, so that not every event
// asks the database, and for longer which ones were, so that their owners don't wait
// with those who try keys. Unknown keys are not remembered: trying keys must not push
// out good ones.
type keyCache struct {
	now func() time.Time
	mu  sync.RWMutex
	// generation counts the revocations, so that a look-up that began before one
	// doesn't bring the key back after it.
	generation uint64
	entries    map[[sha256.Size]byte]cachedKey
}

type cachedKey struct {
	principal manage.Principal
	until     time.Time
}

const (
	maxCachedKeys = 1024
	// keyCacheAge bounds how long a key that another node revoked still works here.
	keyCacheAge = 5 * time.Second
)

func newKeyCache(now func() time.Time) *keyCache {
	return &keyCache{now: now, entries: make(map[[sha256.Size]byte]cachedKey)}
}

func (k *keyCache) find(hash [sha256.Size]byte) (manage.Principal, uint64, bool) {
	now := k.now()
	k.mu.RLock()
	defer k.mu.RUnlock()
	entry, known := k.entries[hash]
	return entry.principal, k.generation, known && now.Before(entry.until)
}

func (k *keyCache) keep(hash [sha256.Size]byte, principal manage.Principal, generation uint64) {
	until := k.now().Add(keyCacheAge)
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation != k.generation {
		return
	}
	_, known := k.entries[hash]
	for other := range k.entries {
		if known || len(k.entries) < maxCachedKeys {
			break
		}
		delete(k.entries, other) // not all: their owners would all be strangers at once
	}
	k.entries[hash] = cachedKey{principal: principal, until: until}
}

// wasGood reports whether a key was good when it was last looked up.
func (k *keyCache) wasGood(hash [sha256.Size]byte) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, known := k.entries[hash]
	return known
}

// forget forgets a key that is not good any more.
func (k *keyCache) forget(hash [sha256.Size]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.entries, hash)
}

// forgetAll makes every key be looked up again.
func (k *keyCache) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.generation++
	for hash := range k.entries {
		k.entries[hash] = cachedKey{}
	}
}
