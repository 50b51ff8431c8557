package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

const (
	insertEvents = `INSERT INTO events (sequence, id, environment_id, given_id, type, data, timestamp, accepted_at, deliveries, leased)`
	eventRow     = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	insertDeliveries = `INSERT INTO deliveries
		(id, event_id, webhook_id, environment_id, status, attempts, uncounted, due_at, node_id, epoch, crashes, last_reason, last_status_code, created_at, updated_at)`
	deliveryRow = `(?, ?, ?, ?, ?, 0, 0, ?, ?, ?, 0, '', 0, ?, ?)`
)

// Accept implements store.Intake.
func (s *Store) Accept(ctx context.Context, submission store.Submission) (store.Receipt, error) {
	var receipt store.Receipt
	err := s.writeOrRefuse(ctx, submission.Rows(), func(tx *tx) error {
		var err error
		receipt, err = tx.accept(&submission)
		return err
	})
	if err != nil {
		return store.Receipt{}, fmt.Errorf("accepting events: %w", err)
	}
	return receipt, nil
}

func (t *tx) accept(s *store.Submission) (store.Receipt, error) {
	if s.Idempotency != nil {
		answer, err := t.answer(s.Idempotency.Key)
		if err == nil && !answer.CreatedAt.Before(asKept(s.Idempotency.ValidFrom)) {
			return store.Receipt{Replayed: &answer}, nil
		}
		if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
			return store.Receipt{}, err
		}
	}
	version, err := t.version(&s.EnvironmentID)
	if err != nil && !errors.Is(err, posthorn.ErrNotFound) {
		return store.Receipt{}, err
	}
	if err != nil || version != s.Version {
		return store.Receipt{}, store.ErrStale
	}
	results := make([]store.Result, len(s.Entries))
	for i := range s.Entries {
		if results[i], err = t.acceptEntry(s.NodeID, &s.Entries[i]); err != nil {
			return store.Receipt{}, err
		}
	}
	if s.Idempotency != nil {
		if failpoint.Is(failpoint.IdempotencyInMemory) {
			return store.Receipt{Results: results}, nil
		}
		if err := t.keepAnswer(s.Idempotency.Key, s.Idempotency.Answer(results)); err != nil {
			return store.Receipt{}, err
		}
	}
	return store.Receipt{Results: results}, nil
}

func (t *tx) acceptEntry(node posthorn.NodeID, entry *store.Entry) (store.Result, error) {
	event := &entry.Event
	if event.GivenID != "" {
		existing, err := t.eventByGivenID(event.EnvironmentID, event.GivenID)
		if err == nil {
			return store.Result{Event: existing}, nil
		}
		if !errors.Is(err, posthorn.ErrNotFound) {
			return store.Result{}, err
		}
	}
	promised, rows := unwritten.Divide(node, entry)
	sequence := t.unwritten.Next()
	err := t.insert(&t.events, sequence, event.ID[:], event.EnvironmentID[:], orNull(event.GivenID), event.Type, notNull(event.Data), micros(event.Timestamp), micros(event.AcceptedAt), event.Deliveries, unwritten.List(promised))
	if err != nil {
		return store.Result{}, err
	}
	t.promise(sequence, promised)
	if err := failpoint.Hit(failpoint.MidFanout); err != nil {
		return store.Result{}, err
	}
	for _, d := range rows {
		if err := t.insertDelivery(node, d); err != nil {
			return store.Result{}, err
		}
		if err := failpoint.Hit(failpoint.MidFanout); err != nil {
			return store.Result{}, err
		}
		if failpoint.Is(failpoint.FanoutOutsideTransaction) {
			_, _ = t.exec("COMMIT")
			_, _ = t.exec("BEGIN IMMEDIATE")
		}
	}
	kept := *event
	kept.Timestamp, kept.AcceptedAt = asKept(event.Timestamp), asKept(event.AcceptedAt)
	return store.Result{Event: kept, Kept: true}, nil
}

// asKept rounds a time to what the database keeps of it.
func asKept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// insertDelivery writes and counts a delivery that was just made.
func (t *tx) insertDelivery(node posthorn.NodeID, d *posthorn.Delivery) error {
	status, err := statusNumber(d.Status)
	if err != nil {
		return err
	}
	if err := t.insertRow(node, d, status); err != nil {
		return err
	}
	t.countNew(d.WebhookID, status)
	return nil
}

func (t *tx) countNew(webhook posthorn.WebhookID, status int) {
	change := t.statsOf(webhook)
	if !failpoint.Is(failpoint.StatsForgotten) {
		change.accepted++
	}
	change.byStatus[status]++
}

func (t *tx) insertRow(node posthorn.NodeID, d *posthorn.Delivery, status int) error {
	var holder any
	epoch := 0
	if status == leased {
		holder, epoch = node[:], store.FirstEpoch
	}
	return t.insert(&t.deliveries,
		d.ID[:], d.EventID[:], d.WebhookID[:], d.EnvironmentID[:], status, micros(d.DueAt), holder, epoch, micros(d.CreatedAt), micros(d.UpdatedAt))
}

// version returns the version of an environment's directory.
func (t *tx) version(id *posthorn.EnvironmentID) (store.Version, error) {
	if version, ok := t.versions[*id]; ok {
		return version, nil
	}
	var version store.Version
	if err := t.get(`SELECT version FROM environments WHERE id = ?`, []any{id[:]}, &version); err != nil {
		return 0, err
	}
	t.versions[*id] = version
	return version, nil
}

// directoryChanged counts a change of an environment's directory. It returns
// posthorn.ErrNotFound if there is no such environment.
func (t *tx) directoryChanged(id posthorn.EnvironmentID) error {
	delete(t.versions, id)
	changed, err := t.exec(`UPDATE environments SET version = version + 1 WHERE id = ?`, id[:])
	if err != nil {
		return err
	}
	if changed == 0 {
		return posthorn.ErrNotFound
	}
	return nil
}
