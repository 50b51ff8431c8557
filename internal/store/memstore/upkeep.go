package memstore

import (
	"context"
	"time"
)

// Ping implements store.Upkeep.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	return nil
}

// ForgetAnswers implements store.Upkeep.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	forgotten := 0
	for key, answer := range s.answers {
		if forgotten < limit && answer.CreatedAt.Before(kept(before)) {
			delete(s.answers, key)
			forgotten++
		}
	}
	return forgotten, nil
}

// Close implements store.Upkeep.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
