package memstore

import (
	"context"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// SigningKeys implements store.Directory.
func (s *Store) SigningKeys(ctx context.Context, environment posthorn.EnvironmentID) ([]posthorn.SigningKey, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return s.signingKeysOf(environment), nil
}

func (s *Store) signingKeysOf(environment posthorn.EnvironmentID) []posthorn.SigningKey {
	var keys []posthorn.SigningKey
	for _, id := range idsOf(s.signingKeys, func(_ posthorn.SigningKeyID, k posthorn.SigningKey) bool { return k.EnvironmentID == environment }) {
		keys = append(keys, s.signingKeys[id])
	}
	slices.Reverse(keys)
	return keys
}

// SigningKey implements store.Directory.
func (s *Store) SigningKey(ctx context.Context, id posthorn.SigningKeyID) (posthorn.SigningKey, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.SigningKey{}, err
	}
	defer s.mu.Unlock()
	return find(s.signingKeys, id)
}

// UpdateSigningKeys implements store.Directory.
func (s *Store) UpdateSigningKeys(ctx context.Context, environment posthorn.EnvironmentID, change func(keys []posthorn.SigningKey, at store.Version) ([]posthorn.SigningKey, error)) ([]posthorn.SigningKey, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if _, err := find(s.environments, environment); err != nil {
		return nil, err
	}
	before := s.signingKeysOf(environment)
	after, err := change(slices.Clone(before), s.versions[environment])
	if err != nil {
		return nil, err
	}
	for _, key := range before {
		delete(s.signingKeys, key.ID)
	}
	for _, key := range after {
		key.EnvironmentID = environment
		s.signingKeys[key.ID] = copySigningKey(key)
	}
	s.versions[environment]++
	return s.signingKeysOf(environment), nil
}
