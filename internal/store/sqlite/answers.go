package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn/internal/store"
)

const selectAnswer = `SELECT fingerprint, status_code, body, created_at FROM answers WHERE scope = ? AND key = ?`

func (t *tx) answer(key store.IdempotencyKey) (store.Answer, error) {
	return scanAnswer(func(targets ...any) error { return t.get(selectAnswer, []any{key.Scope, key.Key}, targets...) })
}

// Answer implements store.Intake.
func (s *Store) Answer(ctx context.Context, key store.IdempotencyKey) (store.Answer, error) {
	return scanAnswer(func(targets ...any) error { return s.one(ctx, selectAnswer, []any{key.Scope, key.Key}, targets...) })
}

func scanAnswer(scan func(targets ...any) error) (store.Answer, error) {
	var answer store.Answer
	var fingerprint []byte
	if err := scan(&fingerprint, &answer.StatusCode, &answer.Body, intoTime(&answer.CreatedAt)); err != nil {
		return store.Answer{}, fmt.Errorf("reading an answer: %w", err)
	}
	copy(answer.Fingerprint[:], fingerprint)
	return answer, nil
}

// KeepAnswer implements store.Intake.
func (s *Store) KeepAnswer(ctx context.Context, key store.IdempotencyKey, answer store.Answer) error {
	return s.write(ctx, func(tx *tx) error { return tx.keepAnswer(key, answer) })
}

func (t *tx) keepAnswer(key store.IdempotencyKey, answer store.Answer) error {
	_, err := t.exec(`INSERT OR REPLACE INTO answers (scope, key, fingerprint, status_code, body, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		key.Scope, key.Key, answer.Fingerprint[:], answer.StatusCode, notNull(answer.Body), micros(answer.CreatedAt))
	return err
}

// ForgetAnswers implements store.Upkeep.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time, limit int) (int, error) {
	var forgotten int64
	err := s.write(ctx, func(tx *tx) error {
		var err error
		forgotten, err = tx.exec(`DELETE FROM answers WHERE (scope, key) IN (SELECT scope, key FROM answers WHERE created_at < ? ORDER BY created_at LIMIT ?)`, micros(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forgetting answers: %w", err)
	}
	return int(forgotten), nil
}
