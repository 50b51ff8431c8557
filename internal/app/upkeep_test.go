package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// Invariant: answers that are too old to be given again are dropped, however
// many there are, and the others are kept.
func TestUpkeepForgetsOldAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		keep := func(name string) {
			if err := s.KeepAnswer(t.Context(), store.IdempotencyKey{Key: name}, store.Answer{CreatedAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		const old = 2500
		for i := range old {
			keep(fmt.Sprint(i))
		}
		<-time.After(intake.AnswerLifetime - time.Minute)
		keep("young")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&upkeep{store: s, logger: slog.New(slog.DiscardHandler), now: time.Now}).run(ctx)
		}()
		<-time.After(15 * time.Minute)
		for i := range old {
			if _, err := s.Answer(t.Context(), store.IdempotencyKey{Key: fmt.Sprint(i)}); !errors.Is(err, posthorn.ErrNotFound) {
				t.Fatalf("answer %d of %d is still there: %v", i, old, err)
			}
		}
		if _, err := s.Answer(t.Context(), store.IdempotencyKey{Key: "young"}); err != nil {
			t.Errorf("a young answer: %v", err)
		}
		cancel()
		<-done
	})
}
