package storetest

import (
	"errors"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func signingKeyCases() []testCase {
	return []testCase{
		{name: "signing keys come back as they were kept, newest first", run: signingKeysKept},
		{name: "signing keys belong to one environment", run: signingKeysElsewhere},
		{name: "updating signing keys replaces all of them and changes the version", run: signingKeysUpdated},
		{name: "an error of a change is returned and keeps nothing", run: signingKeysRefused},
		{name: "updating signing keys tells the version that a webhook has changed before", run: signingKeysAtVersion},
		{name: "updating signing keys many times at once loses none", run: signingKeysConcurrently},
		{name: "signing keys that are absent are not found", run: signingKeysAbsent},
	}
}

// keepSigningKeys adds keys to the environment's.
func (w *world) keepSigningKeys(fresh ...posthorn.SigningKey) []posthorn.SigningKey {
	w.t.Helper()
	must[[]posthorn.SigningKey](w)(w.UpdateSigningKeys(w.ctx, w.environment.ID, func(keys []posthorn.SigningKey, _ store.Version) ([]posthorn.SigningKey, error) {
		return append(keys, fresh...), nil
	}))
	return fresh
}

func (w *world) signingKeys() []posthorn.SigningKey {
	w.t.Helper()
	return must[[]posthorn.SigningKey](w)(w.SigningKeys(w.ctx, w.environment.ID))
}

func signingKeysKept(w *world) {
	first, second := w.newSigningKey(posthorn.Ed25519), w.newSigningKey(posthorn.ECDSAP256)
	second.ExpiresAt = time.Time{}
	given := first
	given.CreatedAt, given.ExpiresAt = first.CreatedAt.Add(999), first.ExpiresAt.Add(999)
	w.keepSigningKeys(given, second)
	w.want("the keys", w.signingKeys(), []posthorn.SigningKey{second, first})
	w.want("a key", must[posthorn.SigningKey](w)(w.SigningKey(w.ctx, first.ID)), first)
	if got := w.signingKeys()[0]; !got.IsCurrent() {
		w.t.Fatalf("a key without an end came back with %v", got.ExpiresAt)
	}
}

func signingKeysElsewhere(w *world) {
	other := w.neighbour()
	mine, theirs := w.newSigningKey(posthorn.Ed25519), other.newSigningKey(posthorn.Ed25519)
	other.keepSigningKeys(theirs)
	mine.EnvironmentID = other.environment.ID
	w.keepSigningKeys(mine)
	mine.EnvironmentID = w.environment.ID
	w.want("the keys", w.signingKeys(), []posthorn.SigningKey{mine})
	w.want("the other's keys", other.signingKeys(), []posthorn.SigningKey{theirs})
}

func signingKeysUpdated(w *world) {
	keys := w.keepSigningKeys(w.newSigningKey(posthorn.Ed25519), w.newSigningKey(posthorn.Ed25519))
	before, fresh := w.version(), w.newSigningKey(posthorn.ECDSAP256)
	kept := keys[1]
	kept.ExpiresAt = w.tick()
	var given []posthorn.SigningKey
	var at store.Version
	got := must[[]posthorn.SigningKey](w)(w.UpdateSigningKeys(w.ctx, w.environment.ID, func(all []posthorn.SigningKey, version store.Version) ([]posthorn.SigningKey, error) {
		given, at = all, version
		return []posthorn.SigningKey{kept, fresh}, nil
	}))
	w.want("what the change was given", given, []posthorn.SigningKey{keys[1], keys[0]})
	w.want("the version within the change", at, before)
	want := []posthorn.SigningKey{fresh, kept}
	w.want("what is returned", got, want)
	w.want("the keys", w.signingKeys(), want)
	_, err := w.SigningKey(w.ctx, keys[0].ID)
	w.wantError(err, posthorn.ErrNotFound)
	if w.version() <= before {
		w.t.Fatal("the version has not changed")
	}
}

func signingKeysAtVersion(w *world) {
	w.keepSigningKeys(w.newSigningKey(posthorn.Ed25519))
	seen := w.version()
	w.webhook()
	isLater := false
	must[[]posthorn.SigningKey](w)(w.UpdateSigningKeys(w.ctx, w.environment.ID, func(keys []posthorn.SigningKey, at store.Version) ([]posthorn.SigningKey, error) {
		isLater = at > seen
		return keys, nil
	}))
	w.want("whether the version is a later one", isLater, true)
}

func signingKeysRefused(w *world) {
	keys, before := w.keepSigningKeys(w.newSigningKey(posthorn.Ed25519)), w.version()
	unwilling := errors.New("unwilling")
	_, err := w.UpdateSigningKeys(w.ctx, w.environment.ID, func([]posthorn.SigningKey, store.Version) ([]posthorn.SigningKey, error) { return nil, unwilling })
	w.wantError(err, unwilling)
	w.want("the keys", w.signingKeys(), keys)
	w.want("the version", w.version(), before)
}

func signingKeysConcurrently(w *world) {
	const updates = 16
	fresh := make([]posthorn.SigningKey, updates)
	for i := range fresh {
		fresh[i] = w.newSigningKey(posthorn.Ed25519)
	}
	w.together(updates, func(i int) error {
		_, err := w.UpdateSigningKeys(w.ctx, w.environment.ID, func(keys []posthorn.SigningKey, _ store.Version) ([]posthorn.SigningKey, error) {
			return append(keys, fresh[i]), nil
		})
		return err
	})
	w.want("the number", len(w.signingKeys()), updates)
}

func sameKeys(keys []posthorn.SigningKey, _ store.Version) ([]posthorn.SigningKey, error) {
	return keys, nil
}

func signingKeysAbsent(w *world) {
	_, err := w.SigningKey(w.ctx, posthorn.NewID[posthorn.SigningKeyID](w.now, w.random))
	w.wantError(err, posthorn.ErrNotFound)
	unknown := posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)
	w.want("the keys of an unknown environment", must[[]posthorn.SigningKey](w)(w.SigningKeys(w.ctx, unknown)), []posthorn.SigningKey(nil))
	_, err = w.UpdateSigningKeys(w.ctx, unknown, sameKeys)
	w.wantError(err, posthorn.ErrNotFound)
}
