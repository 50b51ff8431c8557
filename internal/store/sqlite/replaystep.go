package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

// StepReplay implements store.Replaying.
func (s *Store) StepReplay(ctx context.Context, step store.ReplayStep) (posthorn.Replay, error) {
	var r posthorn.Replay
	err := s.writeRows(ctx, step.Move, func(tx *tx) error {
		var err error
		if r, err = tx.goingReplay(step.ID); err != nil {
			return err
		}
		if err := tx.writeEach(tx.unwritten.Find(r.EnvironmentID, func(d unwritten.Delivery) bool { return d.WebhookID == r.WebhookID })); err != nil {
			return err
		}
		return tx.stepReplay(&r, step)
	})
	if err != nil {
		return posthorn.Replay{}, fmt.Errorf("going on with a replay: %w", err)
	}
	return r, nil
}

// passed is what one step of a replay goes past.
type passed struct {
	last   posthorn.DeliveryID
	count  int
	wanted []posthorn.Delivery
}

func (t *tx) stepReplay(r *posthorn.Replay, step store.ReplayStep) error {
	next, err := t.passNext(*r, step)
	if err != nil {
		return err
	}
	for _, d := range next.wanted {
		from, err := statusNumber(d.Status)
		if err != nil {
			return err
		}
		if err := t.end(d.ID, from, pending, step.Now, startOver); err != nil {
			return err
		}
	}
	if next.count < step.Examine && (len(next.wanted) < step.Move || failpoint.Is(failpoint.ReplayDoneEarly)) {
		r.Status = posthorn.ReplayDone
	}
	r.Examined, r.Replayed, r.UpdatedAt = r.Examined+int64(next.count), r.Replayed+int64(len(next.wanted)), asKept(step.Now)
	_, err = t.exec(`UPDATE replays SET status = ?, cursor = ?, examined = ?, replayed = ?, updated_at = ? WHERE id = ?`,
		string(r.Status), failpoint.KeepCursor(r.ID, next.last), r.Examined, r.Replayed, micros(step.Now), r.ID[:])
	return err
}

const nextDeliveries = `SELECT id, status FROM deliveries INDEXED BY deliveries_by_webhook WHERE webhook_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?`

// passNext reads the deliveries that come next.
func (t *tx) passNext(r posthorn.Replay, step store.ReplayStep) (passed, error) {
	var next passed
	if err := t.get(`SELECT cursor FROM replays WHERE id = ?`, []any{r.ID[:]}, intoID(&next.last)); err != nil {
		return passed{}, err
	}
	next.last = failpoint.Cursor(r.ID, next.last)
	before := failpoint.ReplayEnd(r, step.Now)
	err := t.each(nextDeliveries, []any{r.WebhookID[:], next.last[:], before[:], step.Examine}, func(scan func(targets ...any) error) (bool, error) {
		var d posthorn.Delivery
		if err := scan(intoID(&d.ID), intoStatus(&d.Status)); err != nil {
			return false, err
		}
		next.last = d.ID
		next.count++
		if r.Wants(d.Status) {
			next.wanted = append(next.wanted, d)
		}
		return len(next.wanted) < step.Move, nil
	})
	return next, err
}
