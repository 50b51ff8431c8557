package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
)

// Claim implements store.Queue.
func (s *Store) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	var claimed store.Claimed
	err := s.writeRows(ctx, c.Limit, func(tx *tx) error {
		var err error
		claimed, err = tx.claim(c)
		return err
	})
	if err != nil {
		return store.Claimed{}, fmt.Errorf("claiming deliveries: %w", err)
	}
	if err := failpoint.Hit(failpoint.AfterClaim); err != nil {
		return store.Claimed{}, fmt.Errorf("claiming deliveries: %w", err)
	}
	return claimed, nil
}

func (t *tx) claim(c store.Claim) (store.Claimed, error) {
	var status string
	var holdUntil time.Time
	err := t.get(`SELECT status, hold_until FROM webhooks WHERE id = ?`, []any{c.WebhookID[:]}, &status, intoTime(&holdUntil))
	if errors.Is(err, posthorn.ErrNotFound) || err == nil && status != string(posthorn.WebhookActive) {
		return store.Claimed{}, nil
	}
	if err != nil {
		return store.Claimed{}, err
	}
	var claimed store.Claimed
	if !holdUntil.After(asKept(c.Now)) {
		if claimed.Jobs, err = t.lease(c); err != nil {
			return store.Claimed{}, err
		}
	}
	err = t.get(`SELECT d.due_at FROM deliveries d WHERE d.status = 0 AND d.webhook_id = ?1 AND `+claimable(c)+` ORDER BY d.due_at LIMIT 1`,
		[]any{c.WebhookID[:], c.Crashes}, intoTime(&claimed.NextAt))
	if errors.Is(err, posthorn.ErrNotFound) {
		return claimed, nil
	}
	if holdUntil.After(claimed.NextAt) {
		claimed.NextAt = holdUntil
	}
	return claimed, err
}

// claimable is the condition on what a claim may have, once it is due; ?2 is its
// number of crashes. The number 3 stands in the text so that the index of suspects
// can be used.
func claimable(c store.Claim) string {
	if c.Crashes == 0 {
		return `d.crashes < 3 AND ?2 = 0`
	}
	return `d.crashes >= 3 AND d.crashes = ?2`
}

func (t *tx) lease(c store.Claim) ([]store.Job, error) {
	jobs, err := t.due(c)
	if err != nil {
		return nil, err
	}
	for i := range jobs {
		job := &jobs[i]
		err := t.get(`UPDATE deliveries SET status = 1, node_id = ?, epoch = epoch + 1, updated_at = ? WHERE id = ? RETURNING epoch`,
			[]any{c.NodeID[:], micros(c.Now), job.Delivery.ID[:]}, &job.Lease.Epoch)
		if err != nil {
			return nil, err
		}
		t.changes++
		if failpoint.Is(failpoint.ClaimWithoutLease) {
			_, _ = t.exec(`UPDATE deliveries SET status = 0 WHERE id = ?`, job.Delivery.ID[:])
		}
		t.countMove(c.WebhookID, pending, leased, 1)
		job.Lease.DeliveryID, job.Lease.NodeID = job.Delivery.ID, c.NodeID
		job.Delivery.Status, job.Delivery.UpdatedAt = posthorn.DeliveryLeased, asKept(c.Now)
	}
	return jobs, nil
}

// due reads the jobs that a claim may have, in the order of their due times.
func (t *tx) due(c store.Claim) ([]store.Job, error) {
	query := `SELECT ` + deliveryColumns + `, e.given_id, e.type, e.data, e.timestamp, e.accepted_at, e.deliveries
		FROM deliveries d` + withEvent + `
		WHERE d.status = 0 AND d.webhook_id = ?1 AND ` + claimable(c) + ` AND d.due_at <= ?3 ORDER BY d.due_at, d.id LIMIT ?4`
	var jobs []store.Job
	bytes := 0
	err := t.each(query, []any{c.WebhookID[:], c.Crashes, micros(c.Now), c.Limit}, func(scan func(...any) error) (bool, error) {
		var job store.Job
		e := &job.Event
		targets := append(deliveryTargets(&job.Delivery), intoText(&e.GivenID), &e.Type, &e.Data, intoTime(&e.Timestamp), intoTime(&e.AcceptedAt), &e.Deliveries)
		if err := scan(targets...); err != nil {
			return false, err
		}
		e.ID, e.EnvironmentID = job.Delivery.EventID, job.Delivery.EnvironmentID
		job.Delivery.EventPublicID, job.Delivery.EventType = e.PublicID(), e.Type
		bytes += len(e.Data)
		if len(jobs) > 0 && bytes > c.MaxBytes {
			return false, nil
		}
		jobs = append(jobs, job)
		return true, nil
	})
	return jobs, err
}
