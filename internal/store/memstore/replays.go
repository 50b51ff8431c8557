package memstore

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// replay is a replay and the last delivery that it has looked at.
type replay struct {
	posthorn.Replay
	cursor posthorn.DeliveryID
}

// CreateReplay implements store.Replays.
func (s *Store) CreateReplay(ctx context.Context, r posthorn.Replay) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := s.livingWebhook(r.WebhookID); err != nil {
		return err
	}
	if _, isRunning := s.runningReplay(r.WebhookID); isRunning {
		return posthorn.ErrConflict
	}
	workspace := s.webhooks[r.WebhookID].WorkspaceID
	running := idsOf(s.replays, func(_ posthorn.ReplayID, other replay) bool {
		return other.Status == posthorn.ReplayRunning && s.webhooks[other.WebhookID].WorkspaceID == workspace
	})
	if len(running) >= posthorn.MaxRunningReplays {
		return posthorn.ErrLimit
	}
	others := idsOf(s.replays, func(_ posthorn.ReplayID, other replay) bool { return other.WebhookID == r.WebhookID })
	for _, id := range others[:max(0, len(others)+1-posthorn.MaxReplaysKept)] {
		delete(s.replays, id)
	}
	fresh := copyReplay(r)
	after, _ := fresh.Within()
	s.replays[r.ID] = replay{Replay: fresh, cursor: after}
	return nil
}

func (s *Store) runningReplay(webhook posthorn.WebhookID) (replay, bool) {
	for _, r := range s.replays {
		if r.WebhookID == webhook && r.Status == posthorn.ReplayRunning {
			return r, true
		}
	}
	return replay{}, false
}

// CountReplay implements store.Replays.
func (s *Store) CountReplay(ctx context.Context, r posthorn.Replay, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	r = copyReplay(r)
	after, before := r.Within()
	count := 0
	for id, d := range s.deliveries {
		if d.WebhookID == r.WebhookID && compareIDs(id, after) > 0 && compareIDs(id, before) < 0 && r.Wants(d.Status) {
			count++
		}
	}
	return min(count, limit), nil
}

// Replay implements store.Replays.
func (s *Store) Replay(ctx context.Context, id posthorn.ReplayID) (posthorn.Replay, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Replay{}, err
	}
	defer s.mu.Unlock()
	r, err := find(s.replays, id)
	return copyReplay(r.Replay), err
}

// Replays implements store.Replays.
func (s *Store) Replays(ctx context.Context, webhook posthorn.WebhookID, page posthorn.Page) ([]posthorn.Replay, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []posthorn.Replay
	for _, r := range pageOf(s.replays, func(r replay) bool { return r.WebhookID == webhook }, page) {
		list = append(list, copyReplay(r.Replay))
	}
	return list, nil
}

// CancelReplay implements store.Replays.
func (s *Store) CancelReplay(ctx context.Context, id posthorn.ReplayID, now time.Time) (posthorn.Replay, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Replay{}, err
	}
	defer s.mu.Unlock()
	r, err := s.goingReplay(id)
	if err != nil {
		return posthorn.Replay{}, err
	}
	s.cancelReplayOf(r.WebhookID, now)
	return copyReplay(s.replays[id].Replay), nil
}

// goingReplay returns a replay that is running.
func (s *Store) goingReplay(id posthorn.ReplayID) (replay, error) {
	r, err := find(s.replays, id)
	if err == nil && r.Status != posthorn.ReplayRunning {
		err = posthorn.ErrConflict
	}
	return r, err
}

// cancelReplayOf ends the running replay of a webhook, if it has one.
func (s *Store) cancelReplayOf(webhook posthorn.WebhookID, now time.Time) {
	if r, isRunning := s.runningReplay(webhook); isRunning {
		r.Status, r.UpdatedAt = posthorn.ReplayCancelled, kept(now)
		s.replays[r.ID] = r
	}
}

// NextReplay implements store.Replaying.
func (s *Store) NextReplay(ctx context.Context, after posthorn.WebhookID, now time.Time, room int) (store.ReplayTurn, error) {
	if err := s.enter(ctx); err != nil {
		return store.ReplayTurn{}, err
	}
	defer s.mu.Unlock()
	for _, id := range idsOf(s.webhooks, func(id posthorn.WebhookID, _ posthorn.Webhook) bool { return compareIDs(id, after) > 0 }) {
		r, isRunning := s.runningReplay(id)
		webhook := s.webhooks[id]
		if !isRunning || webhook.Status != posthorn.WebhookActive || webhook.HoldUntil.After(kept(now)) || webhook.Breaker.NextProbeAt.After(kept(now)) {
			continue
		}
		ahead := 0
		for _, d := range s.deliveries {
			isDue := d.Status == posthorn.DeliveryPending && !d.DueAt.After(kept(now))
			isLeased := d.Status == posthorn.DeliveryLeased && d.EnvironmentID == webhook.EnvironmentID
			if d.WebhookID == id && (isDue || isLeased) {
				ahead++
			}
		}
		isProbe := webhook.Breaker.IsOpen()
		if ahead < room && ahead < (webhook.Concurrency+1)/2 && (!isProbe || ahead == 0) {
			return store.ReplayTurn{Replay: copyReplay(r.Replay), Ahead: ahead, Concurrency: webhook.Concurrency, IsProbe: isProbe}, nil
		}
	}
	return store.ReplayTurn{}, posthorn.ErrNotFound
}

// StepReplay implements store.Replaying.
func (s *Store) StepReplay(ctx context.Context, step store.ReplayStep) (posthorn.Replay, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Replay{}, err
	}
	defer s.mu.Unlock()
	r, err := s.goingReplay(step.ID)
	if err != nil {
		return posthorn.Replay{}, err
	}
	_, before := r.Within()
	next := idsOf(s.deliveries, func(id posthorn.DeliveryID, d *delivery) bool {
		return d.WebhookID == r.WebhookID && compareIDs(id, r.cursor) > 0 && compareIDs(id, before) < 0
	})
	examined, moved := 0, 0
	for _, id := range next {
		if examined == step.Examine || moved == step.Move {
			break
		}
		examined++
		r.cursor = id
		if d := s.deliveries[id]; r.Wants(d.Status) {
			s.startOver(d, step.Now)
			moved++
		}
	}
	if examined < step.Examine && moved < step.Move {
		r.Status = posthorn.ReplayDone
	}
	r.Examined, r.Replayed, r.UpdatedAt = r.Examined+int64(examined), r.Replayed+int64(moved), kept(step.Now)
	s.replays[r.ID] = r
	return copyReplay(r.Replay), nil
}
