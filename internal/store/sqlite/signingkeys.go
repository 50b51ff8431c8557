package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

const (
	selectSigningKey = `SELECT id, environment_id, algorithm, private, created_at, expires_at FROM signing_keys`
	whereSigningKeys = ` WHERE environment_id = ? ORDER BY id DESC`
)

func scanSigningKey(scan func(targets ...any) error) (posthorn.SigningKey, error) {
	var k posthorn.SigningKey
	var private []byte
	err := scan(intoID(&k.ID), intoID(&k.EnvironmentID), &k.Algorithm, &private, intoTime(&k.CreatedAt), intoTime(&k.ExpiresAt))
	if err == nil {
		k.Private, err = posthorn.ParsePrivateKey(k.Algorithm, private)
	}
	if err != nil {
		return posthorn.SigningKey{}, fmt.Errorf("reading a signing key: %w", err)
	}
	return k, nil
}

// SigningKeys implements store.Directory.
func (s *Store) SigningKeys(ctx context.Context, environment posthorn.EnvironmentID) ([]posthorn.SigningKey, error) {
	return listed(ctx, s, selectSigningKey+whereSigningKeys, []any{environment[:]}, scanSigningKey)
}

// SigningKey implements store.Directory.
func (s *Store) SigningKey(ctx context.Context, id posthorn.SigningKeyID) (posthorn.SigningKey, error) {
	return scanSigningKey(func(targets ...any) error {
		return s.one(ctx, selectSigningKey+` WHERE id = ?`, []any{id[:]}, targets...)
	})
}

// UpdateSigningKeys implements store.Directory.
func (s *Store) UpdateSigningKeys(ctx context.Context, environment posthorn.EnvironmentID, change func(keys []posthorn.SigningKey, at store.Version) ([]posthorn.SigningKey, error)) ([]posthorn.SigningKey, error) {
	return changed(ctx, s, func(tx *tx) ([]posthorn.SigningKey, error) {
		at, err := tx.version(&environment)
		if err != nil {
			return nil, err
		}
		old, err := tx.signingKeys(environment)
		if err != nil {
			return nil, err
		}
		next, err := change(old, at)
		if err != nil {
			return nil, err
		}
		rows, err := signingKeyRows(environment, next)
		if err != nil {
			return nil, err
		}
		if _, err := tx.exec(`DELETE FROM signing_keys WHERE environment_id = ?`, environment[:]); err != nil {
			return nil, err
		}
		for _, row := range rows {
			if _, err := tx.exec(`INSERT INTO signing_keys (id, environment_id, algorithm, private, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`, row...); err != nil {
				return nil, err
			}
		}
		if err := tx.directoryChanged(environment); err != nil {
			return nil, err
		}
		return tx.signingKeys(environment)
	})
}

// signingKeyRows makes all rows before anything is deleted for them.
func signingKeyRows(environment posthorn.EnvironmentID, keys []posthorn.SigningKey) ([][]any, error) {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		private, err := k.RevealPrivate()
		if err != nil {
			return nil, fmt.Errorf("keeping a signing key: %w", err)
		}
		rows[i] = []any{k.ID[:], environment[:], string(k.Algorithm), private, micros(k.CreatedAt), micros(k.ExpiresAt)}
	}
	return rows, nil
}

func (t *tx) signingKeys(environment posthorn.EnvironmentID) ([]posthorn.SigningKey, error) {
	var keys []posthorn.SigningKey
	err := t.each(selectSigningKey+whereSigningKeys, []any{environment[:]}, func(scan func(targets ...any) error) (bool, error) {
		key, err := scanSigningKey(scan)
		keys = append(keys, key)
		return true, err
	})
	return keys, err
}
