package memstore

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/posthorn/posthorn"
)

// CreateKey implements store.Directory.
func (s *Store) CreateKey(ctx context.Context, k posthorn.Key, limit int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := find(s.workspaces, k.WorkspaceID); err != nil && !k.WorkspaceID.IsZero() {
		return err
	}
	for _, other := range s.keys {
		if other.Hash == k.Hash {
			return posthorn.ErrConflict
		}
	}
	isBeside := func(other posthorn.Key) bool { return other.WorkspaceID == k.WorkspaceID && other.RevokedAt.IsZero() }
	if !k.WorkspaceID.IsZero() && isFull(s.keys, limit, isBeside) {
		return posthorn.ErrLimit
	}
	s.keys[k.ID] = copyKey(k)
	return nil
}

// Key implements store.Directory.
func (s *Store) Key(ctx context.Context, id posthorn.KeyID) (posthorn.Key, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Key{}, err
	}
	defer s.mu.Unlock()
	return find(s.keys, id)
}

// KeyByHash implements store.Directory.
func (s *Store) KeyByHash(ctx context.Context, hash [sha256.Size]byte) (posthorn.Key, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Key{}, err
	}
	defer s.mu.Unlock()
	for _, key := range s.keys {
		if key.Hash == hash && key.RevokedAt.IsZero() {
			return key, nil
		}
	}
	return posthorn.Key{}, posthorn.ErrNotFound
}

// Keys implements store.Directory.
func (s *Store) Keys(ctx context.Context, workspace posthorn.WorkspaceID, page posthorn.Page) ([]posthorn.Key, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return pageOf(s.keys, func(k posthorn.Key) bool { return matches(workspace, k.WorkspaceID) }, page), nil
}

// RevokeKey implements store.Directory.
func (s *Store) RevokeKey(ctx context.Context, id posthorn.KeyID, at time.Time) (posthorn.Key, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Key{}, err
	}
	defer s.mu.Unlock()
	key, err := find(s.keys, id)
	if err != nil {
		return posthorn.Key{}, err
	}
	if key.RevokedAt.IsZero() {
		key.RevokedAt = kept(at)
		s.keys[id] = key
	}
	return key, nil
}
