package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

const (
	replayColumns = `id, webhook_id, environment_id, statuses, made_from, made_until, status, examined, replayed, created_at, updated_at`
	selectReplay  = `SELECT ` + replayColumns + ` FROM replays`
)

func scanReplay(scan func(targets ...any) error) (posthorn.Replay, error) {
	var r posthorn.Replay
	err := scan(intoID(&r.ID), intoID(&r.WebhookID), intoID(&r.EnvironmentID), intoList(&r.Statuses), intoTime(&r.Made.From), intoTime(&r.Made.Until),
		&r.Status, &r.Examined, &r.Replayed, intoTime(&r.CreatedAt), intoTime(&r.UpdatedAt))
	if err != nil {
		return posthorn.Replay{}, fmt.Errorf("reading a replay: %w", err)
	}
	return r, nil
}

// CreateReplay implements store.Replays.
func (s *Store) CreateReplay(ctx context.Context, r posthorn.Replay) error {
	statuses, err := list(r.Statuses)
	if err != nil {
		return err
	}
	r = replayAsKept(r)
	after, _ := r.Within()
	err = s.write(ctx, func(tx *tx) error {
		workspace, err := tx.roomForReplay(r.WebhookID)
		if err != nil {
			return err
		}
		_, err = tx.exec(`DELETE FROM replays WHERE webhook_id = ?1 AND id NOT IN (SELECT id FROM replays WHERE webhook_id = ?1 ORDER BY id DESC LIMIT ?2)`,
			r.WebhookID[:], posthorn.MaxReplaysKept-1)
		if err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO replays (id, webhook_id, workspace_id, environment_id, statuses, made_from, made_until, status, cursor, examined, replayed, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID[:], r.WebhookID[:], workspace[:], r.EnvironmentID[:], statuses, micros(r.Made.From), micros(r.Made.Until), string(r.Status), after[:],
			r.Examined, r.Replayed, micros(r.CreatedAt), micros(r.UpdatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("creating a replay: %w", err)
	}
	return nil
}

const runningReplays = `SELECT count(*) FROM replays INDEXED BY replays_running_by_workspace WHERE status = 'running' AND workspace_id = ?`

// roomForReplay checks that the webhook may have one more running replay, and returns its workspace.
func (t *tx) roomForReplay(webhook posthorn.WebhookID) (posthorn.WorkspaceID, error) {
	var workspace posthorn.WorkspaceID
	if err := t.get(`SELECT workspace_id FROM webhooks WHERE id = ? AND status <> 'deleted'`, []any{webhook[:]}, intoID(&workspace)); err != nil {
		return workspace, err
	}
	var count int
	err := t.get(`SELECT 1 FROM replays WHERE webhook_id = ? AND status = 'running'`, []any{webhook[:]}, &count)
	if err == nil {
		return workspace, posthorn.ErrConflict
	}
	if !errors.Is(err, posthorn.ErrNotFound) {
		return workspace, err
	}
	if err := t.get(runningReplays, []any{workspace[:]}, &count); err != nil {
		return workspace, err
	}
	if count >= posthorn.MaxRunningReplays {
		return workspace, posthorn.ErrLimit
	}
	return workspace, nil
}

// replayAsKept drops what is not kept of the times that bound a replay.
func replayAsKept(r posthorn.Replay) posthorn.Replay {
	r.Made.From, r.Made.Until, r.CreatedAt = asKept(r.Made.From), asKept(r.Made.Until), asKept(r.CreatedAt)
	return r
}

// CountReplay implements store.Replays.
func (s *Store) CountReplay(ctx context.Context, r posthorn.Replay, limit int) (int, error) {
	if len(r.Statuses) == 0 {
		return 0, nil
	}
	query, args, err := countReplay(replayAsKept(r), limit)
	if err != nil {
		return 0, err
	}
	var count int
	if err := s.one(ctx, query, args, &count); err != nil {
		return 0, fmt.Errorf("counting what to replay: %w", err)
	}
	return count, nil
}

// countReplay counts what is over and didn't succeed in an index that holds nothing else.
func countReplay(r posthorn.Replay, limit int) (string, []any, error) {
	after, before := r.Within()
	var parts []string
	var args []any
	for _, status := range r.Statuses {
		number, err := statusNumber(status)
		if err != nil {
			return "", nil, err
		}
		index, isOver := "deliveries_by_webhook", ""
		if number > succeeded {
			index, isOver = "deliveries_over", " AND status > 2"
		}
		parts = append(parts, fmt.Sprintf(`SELECT 1 FROM deliveries INDEXED BY %s WHERE webhook_id = ? AND status = %d%s AND id > ? AND id < ?`, index, number, isOver))
		args = append(args, r.WebhookID[:], after[:], before[:])
	}
	return `SELECT count(*) FROM (` + strings.Join(parts, " UNION ALL ") + ` LIMIT ?)`, append(args, limit), nil
}

// Replay implements store.Replays.
func (s *Store) Replay(ctx context.Context, id posthorn.ReplayID) (posthorn.Replay, error) {
	return scanReplay(func(targets ...any) error { return s.one(ctx, selectReplay+` WHERE id = ?`, []any{id[:]}, targets...) })
}

// Replays implements store.Replays.
func (s *Store) Replays(ctx context.Context, webhook posthorn.WebhookID, page posthorn.Page) ([]posthorn.Replay, error) {
	var c conditions
	c.add(true, "webhook_id = ?", webhook[:])
	c.addIDs("id", page)
	return listed(ctx, s, selectReplay+c.where("id DESC", page.Limit), c.args, scanReplay)
}

// CancelReplay implements store.Replays.
func (s *Store) CancelReplay(ctx context.Context, id posthorn.ReplayID, now time.Time) (posthorn.Replay, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Replay, error) {
		r, err := tx.goingReplay(id)
		if err != nil {
			return posthorn.Replay{}, err
		}
		if err := tx.cancelReplayOf(r.WebhookID, now); err != nil {
			return posthorn.Replay{}, err
		}
		return tx.replay(id)
	})
}

func (t *tx) replay(id posthorn.ReplayID) (posthorn.Replay, error) {
	return scanReplay(func(targets ...any) error { return t.get(selectReplay+` WHERE id = ?`, []any{id[:]}, targets...) })
}

// goingReplay returns a replay that is running.
func (t *tx) goingReplay(id posthorn.ReplayID) (posthorn.Replay, error) {
	r, err := t.replay(id)
	if err == nil && r.Status != posthorn.ReplayRunning {
		err = posthorn.ErrConflict
	}
	return r, err
}

// cancelReplayOf ends the running replay of a webhook, if it has one.
func (t *tx) cancelReplayOf(webhook posthorn.WebhookID, now time.Time) error {
	_, err := t.exec(`UPDATE replays SET status = 'cancelled', updated_at = ? WHERE webhook_id = ? AND status = 'running'`, micros(now), webhook[:])
	return err
}

// nextReplay counts what is due no further than it must, and what is leased only where that leaves room: among what the environment has leased, which memory bounds.
const nextReplay = `SELECT ` + replayColumns + `, due + leased, concurrency, breaker_opened_at <> ?4 FROM (
		SELECT r.*, w.concurrency, w.breaker_opened_at, (SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_due
			WHERE status = 0 AND webhook_id = r.webhook_id AND due_at <= ?1 LIMIT ?2)) AS due,
			(SELECT count(*) FROM (SELECT 1 FROM deliveries INDEXED BY deliveries_not_succeeded
			WHERE status = 1 AND status <> 2 AND environment_id = w.environment_id AND webhook_id = r.webhook_id LIMIT ?2)) AS leased
		FROM replays r INDEXED BY replays_running JOIN webhooks w ON w.id = r.webhook_id
		WHERE r.status = 'running' AND r.webhook_id > ?3 AND w.status = 'active' AND w.hold_until <= ?1 AND w.breaker_probe_at <= ?1)
	WHERE due < ?2 AND due + leased < ?2 AND due + leased < (concurrency + 1) / 2 AND (breaker_opened_at = ?4 OR due + leased = 0) ORDER BY webhook_id LIMIT 1`

// settleReplaying has those deliveries written that nextReplay counts: of webhooks with a running replay.
func (s *Store) settleReplaying(ctx context.Context) error {
	if s.writer.book.Len() == 0 {
		return nil
	}
	return s.each(ctx, `SELECT webhook_id, environment_id FROM replays INDEXED BY replays_running WHERE status = 'running'`, nil, func(scan func(...any) error) error {
		var q store.DeliveryQuery
		if err := scan(intoID(&q.WebhookID), intoID(&q.EnvironmentID)); err != nil {
			return err
		}
		s.settle(ctx, s.unwrittenOf(q))
		return nil
	})
}

// NextReplay implements store.Replaying.
func (s *Store) NextReplay(ctx context.Context, after posthorn.WebhookID, now time.Time, room int) (store.ReplayTurn, error) {
	if err := s.settleReplaying(ctx); err != nil {
		return store.ReplayTurn{}, err
	}
	var turn store.ReplayTurn
	var err error
	turn.Replay, err = scanReplay(func(targets ...any) error {
		ask := func(ctx context.Context) *sql.Row {
			return s.askedReplay.QueryRowContext(ctx, micros(now), room, after[:], micros(time.Time{}))
		}
		return s.oneRow(ctx, ask, append(targets, &turn.Ahead, &turn.Concurrency, &turn.IsProbe))
	})
	if err != nil {
		return store.ReplayTurn{}, fmt.Errorf("finding the next replay: %w", err)
	}
	return turn, nil
}
