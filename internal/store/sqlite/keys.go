package sqlite

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
)

// CreateKey implements store.Directory.
func (s *Store) CreateKey(ctx context.Context, k posthorn.Key, limit int) error {
	err := s.write(ctx, func(tx *tx) error {
		var one int
		var workspace any
		if !k.WorkspaceID.IsZero() {
			workspace = k.WorkspaceID[:]
			if err := tx.get(`SELECT 1 FROM workspaces WHERE id = ?`, []any{k.WorkspaceID[:]}, &one); err != nil {
				return err
			}
		}
		err := tx.get(`SELECT 1 FROM keys WHERE hash = ?`, []any{k.Hash[:]}, &one)
		if err == nil {
			return posthorn.ErrConflict
		}
		if !errors.Is(err, posthorn.ErrNotFound) {
			return err
		}
		if workspace != nil {
			if err := tx.checkRoom(countKeys, k.WorkspaceID[:], limit); err != nil {
				return err
			}
		}
		_, err = tx.exec(`INSERT INTO keys (id, kind, workspace_id, name, hash, start, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			k.ID[:], string(k.Kind), workspace, k.Name, k.Hash[:], k.Start, micros(k.CreatedAt), micros(k.RevokedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("creating a key: %w", err)
	}
	return nil
}

const selectKey = `SELECT id, kind, workspace_id, name, hash, start, created_at, revoked_at FROM keys`

func scanKey(scan func(targets ...any) error) (posthorn.Key, error) {
	var k posthorn.Key
	var hash []byte
	err := scan(intoID(&k.ID), &k.Kind, intoID(&k.WorkspaceID), &k.Name, &hash, &k.Start, intoTime(&k.CreatedAt), intoTime(&k.RevokedAt))
	if err != nil {
		return posthorn.Key{}, fmt.Errorf("reading a key: %w", err)
	}
	copy(k.Hash[:], hash)
	return k, nil
}

// Key implements store.Directory.
func (s *Store) Key(ctx context.Context, id posthorn.KeyID) (posthorn.Key, error) {
	return scanKey(func(targets ...any) error { return s.one(ctx, selectKey+` WHERE id = ?`, []any{id[:]}, targets...) })
}

// KeyByHash implements store.Directory.
func (s *Store) KeyByHash(ctx context.Context, hash [sha256.Size]byte) (posthorn.Key, error) {
	return scanKey(func(targets ...any) error {
		return s.one(ctx, selectKey+` WHERE hash = ? AND revoked_at = ?`, []any{hash[:], micros(time.Time{})}, targets...)
	})
}

// Keys implements store.Directory.
func (s *Store) Keys(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Key, error) {
	var c conditions
	c.add(!workspace.IsZero(), "workspace_id = ?", workspace[:])
	c.addIDs("id", page)
	return listed(ctx, s, selectKey+c.where("id DESC", page.Limit), c.args, scanKey)
}

// RevokeKey implements store.Directory.
func (s *Store) RevokeKey(ctx context.Context, id posthorn.KeyID, at time.Time) (posthorn.Key, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Key, error) {
		if _, err := tx.exec(`UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at = ?`, micros(at), id[:], micros(time.Time{})); err != nil {
			return posthorn.Key{}, err
		}
		return scanKey(func(targets ...any) error { return tx.get(selectKey+` WHERE id = ?`, []any{id[:]}, targets...) })
	})
}
