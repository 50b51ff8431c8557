package api

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/manage"
)

// Guards that a look-up which began before a revocation doesn't make the key
// good again, that the cache stays small without forgetting all keys at once, and that
// it forgets by age.
func TestKeyCache(t *testing.T) {
	t.Parallel()
	at := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	cache := newKeyCache(at.Now)
	hash := [32]byte{1}
	_, generation, known := cache.find(hash)
	if known {
		t.Error("an empty cache knows a key")
	}
	cache.forgetAll()
	cache.keep(hash, manage.Principal{}, generation)
	if _, _, known := cache.find(hash); known {
		t.Error("a key came back after a revocation")
	}
	_, generation, _ = cache.find(hash)
	for i := range uint64(3 * maxCachedKeys) {
		var other [32]byte
		binary.BigEndian.PutUint64(other[:], i+2)
		cache.keep(other, manage.Principal{}, generation)
		if want := min(int(i)+1, maxCachedKeys); len(cache.entries) != want {
			t.Fatalf("%d entries, want %d: a key more pushes out one other", len(cache.entries), want)
		}
	}
	cache.keep(hash, manage.Principal{}, generation)
	cache.keep(hash, manage.Principal{}, generation)
	if len(cache.entries) != maxCachedKeys {
		t.Errorf("%d entries: a key that is known already has pushed out another", len(cache.entries))
	}
	if _, _, known := cache.find(hash); !known {
		t.Error("a key was not kept")
	}
	at.move(keyCacheAge)
	if _, _, known := cache.find(hash); known {
		t.Error("a key was kept too long")
	}
}
