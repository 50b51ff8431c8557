package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
)

func keyCases() []testCase {
	return []testCase{
		{name: "a key comes back as it was kept", run: keyKept},
		{name: "a platform key has no workspace", run: platformKeyKept},
		{name: "a hash is taken once, revoked or not", run: keyConflict},
		{name: "a key needs its workspace", run: keyNeedsWorkspace},
		{name: "a revoked key is found by its id and not by its hash", run: keyRevoked},
		{name: "revoking again changes nothing", run: keyRevokedAgain},
		{name: "keys are listed newest first, of a workspace or all", alone: true, run: keysListed},
		{name: "unknown keys are not found", run: keysAbsent},
	}
}

func keyKept(w *world) {
	key := w.newKey(w.workspace.ID, w.workspace.ID.String())
	w.do(w.CreateKey(w.ctx, key, 0))
	w.want("the key", must[posthorn.Key](w)(w.Key(w.ctx, key.ID)), key)
	w.want("the key by its hash", must[posthorn.Key](w)(w.KeyByHash(w.ctx, key.Hash)), key)
}

func platformKeyKept(w *world) {
	key := w.newKey(posthorn.WorkspaceID{}, w.workspace.ID.String())
	key.Kind = posthorn.PlatformKey
	w.do(w.CreateKey(w.ctx, key, 0))
	got := must[posthorn.Key](w)(w.Key(w.ctx, key.ID))
	w.want("the key", got, key)
	if !got.WorkspaceID.IsZero() || !got.RevokedAt.IsZero() {
		w.t.Fatalf("unset fields came back as %v, %v", got.WorkspaceID, got.RevokedAt)
	}
}

func keyConflict(w *world) {
	text := w.workspace.ID.String()
	first := w.newKey(w.workspace.ID, text)
	w.do(w.CreateKey(w.ctx, first, 0))
	for range 2 {
		again := w.newKey(w.workspace.ID, text)
		w.wantError(w.CreateKey(w.ctx, again, 0), posthorn.ErrConflict)
		_, err := w.Key(w.ctx, again.ID)
		w.wantError(err, posthorn.ErrNotFound)
		must[posthorn.Key](w)(w.RevokeKey(w.ctx, first.ID, w.tick()))
	}
}

func keyNeedsWorkspace(w *world) {
	key := w.newKey(posthorn.NewID[posthorn.WorkspaceID](w.now, w.random), w.workspace.ID.String())
	w.wantError(w.CreateKey(w.ctx, key, 0), posthorn.ErrNotFound)
	_, err := w.KeyByHash(w.ctx, key.Hash)
	w.wantError(err, posthorn.ErrNotFound)
}

func keyRevoked(w *world) {
	key := w.newKey(w.workspace.ID, w.workspace.ID.String())
	w.do(w.CreateKey(w.ctx, key, 0))
	got := must[posthorn.Key](w)(w.RevokeKey(w.ctx, key.ID, w.tick().Add(999)))
	key.RevokedAt = w.now
	w.want("what is returned", got, key)
	w.want("the key", must[posthorn.Key](w)(w.Key(w.ctx, key.ID)), key)
	_, err := w.KeyByHash(w.ctx, key.Hash)
	w.wantError(err, posthorn.ErrNotFound)
}

func keyRevokedAgain(w *world) {
	key := w.newKey(w.workspace.ID, w.workspace.ID.String())
	w.do(w.CreateKey(w.ctx, key, 0))
	first := must[posthorn.Key](w)(w.RevokeKey(w.ctx, key.ID, w.tick()))
	w.want("what is returned", must[posthorn.Key](w)(w.RevokeKey(w.ctx, key.ID, w.now.Add(time.Hour))), first)
	w.want("the key", must[posthorn.Key](w)(w.Key(w.ctx, key.ID)), first)
}

func keysListed(w *world) {
	other := w.neighbour()
	mine := []posthorn.Key{w.newKey(w.workspace.ID, "1"), w.newKey(w.workspace.ID, "2")}
	platform, others := w.newKey(posthorn.WorkspaceID{}, "3"), w.newKey(other.workspace.ID, "4")
	for _, key := range append(mine, platform, others) {
		w.do(w.CreateKey(w.ctx, key, 0))
	}
	mine[0] = must[posthorn.Key](w)(w.RevokeKey(w.ctx, mine[0].ID, w.tick()))
	// Made in the order of ids as newKey made them.
	list := func(of posthorn.WorkspaceID) func(posthorn.Page) []posthorn.Key {
		return func(page posthorn.Page) []posthorn.Key { return must[[]posthorn.Key](w)(w.Keys(w.ctx, of, page)) }
	}
	id := func(k posthorn.Key) [16]byte { return k.ID }
	wantPaged(w, list(w.workspace.ID), []posthorn.Key{mine[1], mine[0]}, id)
	wantPaged(w, list(posthorn.WorkspaceID{}), []posthorn.Key{others, platform, mine[1], mine[0]}, id)
}

func keysAbsent(w *world) {
	absent := posthorn.NewID[posthorn.KeyID](w.now, w.random)
	_, err := w.Key(w.ctx, absent)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.KeyByHash(w.ctx, posthorn.HashKey("absent"))
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.RevokeKey(w.ctx, absent, w.now)
	w.wantError(err, posthorn.ErrNotFound)
}
