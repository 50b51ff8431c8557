package sqlite

import (
	"errors"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/packed"
)

// The attempt of firstNumber is kept in its delivery's row, so that a delivery that
// succeeds at once is one row (a seventh of what accepting and recording cost). One
// longer than maxInRow lies in the table attempts like later ones, and elsewhere stands
// in its place. NULL there means that the number is free.
const (
	firstNumber = 1
	maxInRow    = 512
)

var elsewhere = []byte{}

// recordMove is what an outcome does to a delivery that the node still holds; it goes
// on with one of two ends.
const (
	recordMove = `UPDATE deliveries SET status = ?, attempts = attempts + 1, uncounted = uncounted + ?, due_at = ?, node_id = NULL, crashes = 0,
			last_reason = ?, last_status_code = ?, format = ?, format_version = ?, updated_at = ?`
	whereHeld   = ` WHERE id = ? AND status = 1 AND node_id = ? AND epoch = ? AND webhook_id = ?`
	recordLater = recordMove + whereHeld
	recordFirst = recordMove + `, first_attempt = ?` + whereHeld + ` AND first_attempt IS NULL`
)

// A delivery whose first row has its first outcome.
const (
	insertOutcomes = `INSERT INTO deliveries (id, event_id, webhook_id, environment_id, status, attempts, uncounted, due_at, epoch, crashes,
		last_reason, last_status_code, format, format_version, created_at, updated_at, first_attempt)`
	outcomeRow = `(?, ?, ?, ?, ?, 1, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`
)

// record takes a pointer, like those that it calls: each copy would escape, 450 bytes.
func (t *tx) record(r *store.Recording) error {
	lease, attempt := &r.Lease, &r.Attempt
	status, err := statusNumber(r.Next.Status)
	if err != nil {
		return err
	}
	if done, err := t.recordAsRow(r, status); done || err != nil {
		return err
	}
	move := []any{
		status, r.Next.Uncounted, micros(r.Next.DueAt), string(attempt.Outcome.Reason), attempt.Outcome.StatusCode, orNull(r.Format.Name), r.Format.Version, micros(r.Now),
	}
	held := []any{lease.DeliveryID[:], lease.NodeID[:], lease.Epoch, r.WebhookID[:]}
	changed := int64(0)
	if short := t.pack(attempt); attempt.Number == firstNumber && len(short) <= maxInRow {
		if changed, err = t.exec(recordFirst, slices.Concat(move, []any{short}, held)...); err != nil {
			return err
		}
	}
	if changed == 0 {
		if changed, err = t.exec(recordLater, slices.Concat(move, held)...); err != nil {
			return err
		}
		if changed == 0 {
			return t.recordLate(attempt)
		}
		if err := t.keepAttempt(*attempt); err != nil {
			return err
		}
	}
	t.countAttempt(r.WebhookID, attempt)
	t.countMove(r.WebhookID, leased, status, 1)
	return t.follow(r)
}

// recordAsRow writes a delivery that is not yet a row together with its first outcome, and
// reports whether it has. If another path is to go on with it, it becomes a row as it is.
func (t *tx) recordAsRow(r *store.Recording, status int) (bool, error) {
	lease, attempt := &r.Lease, &r.Attempt
	d := t.unwritten.Get(lease.DeliveryID)
	if d == nil {
		return false, nil
	}
	short := t.pack(attempt)
	isHeld := d.NodeID == lease.NodeID && lease.Epoch == store.FirstEpoch && d.WebhookID == r.WebhookID
	if !isHeld || attempt.Number != firstNumber || len(short) > maxInRow {
		return false, t.write(d)
	}
	err := t.insert(&t.outcomes,
		d.ID[:], d.EventID[:], d.WebhookID[:], d.EnvironmentID[:], status, r.Next.Uncounted, micros(r.Next.DueAt), lease.Epoch,
		string(attempt.Outcome.Reason), attempt.Outcome.StatusCode, orNull(r.Format.Name), r.Format.Version, micros(d.At), micros(r.Now), short)
	if err != nil {
		return false, err
	}
	t.unwritten.Written(d.ID)
	t.countAttempt(r.WebhookID, attempt)
	t.countMove(r.WebhookID, leased, status, 1)
	return true, t.follow(r)
}

// keepAttempt keeps an attempt under its number, or under the next one if a late
// attempt has taken it.
func (t *tx) keepAttempt(attempt posthorn.Attempt) error {
	kept, err := t.insertAttempt(&attempt)
	if kept || err != nil {
		return err
	}
	err = t.get(`SELECT coalesce(max(number), ?) + 1 FROM attempts WHERE delivery_id = ?`, []any{firstNumber, attempt.DeliveryID[:]}, &attempt.Number)
	if err != nil {
		return err
	}
	_, err = t.insertAttempt(&attempt)
	return err
}

// recordLate keeps the attempt of a lease that is void: the request did leave.
func (t *tx) recordLate(attempt *posthorn.Attempt) error {
	var known int
	err := t.get(`SELECT 1 FROM deliveries WHERE id = ?`, []any{attempt.DeliveryID[:]}, &known)
	if errors.Is(err, posthorn.ErrNotFound) {
		return store.ErrLeaseLost
	}
	if err != nil {
		return err
	}
	if err := t.forgetLost(attempt); err != nil {
		return err
	}
	if _, err := t.insertAttempt(attempt); err != nil {
		return err
	}
	return store.ErrLeaseLost
}

// forgetLost makes room for a late attempt where its number has a lost one.
func (t *tx) forgetLost(late *posthorn.Attempt) error {
	var there posthorn.Attempt
	err := t.get(selectAttempts, []any{late.DeliveryID[:], late.Number - 1, 1}, &there.Number, intoAttempt(&there))
	if errors.Is(err, posthorn.ErrNotFound) || err == nil && (there.Number != late.Number || there.Outcome.Reason != posthorn.ReasonOutcomeUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if late.Number == firstNumber {
		if _, err := t.exec(`UPDATE deliveries SET first_attempt = NULL WHERE id = ?`, late.DeliveryID[:]); err != nil {
			return err
		}
	}
	_, err = t.exec(`DELETE FROM attempts WHERE delivery_id = ? AND number = ?`, late.DeliveryID[:], late.Number)
	return err
}

// pack returns an attempt's bytes in memory that serves again once no row waits.
func (t *tx) pack(a *posthorn.Attempt) []byte {
	if len(t.outcomes.waiting) == 0 {
		t.packed = t.packed[:0]
	}
	start := len(t.packed)
	t.packed = packed.Append(t.packed, a)
	return t.packed[start:]
}

// insertAttempt reports whether the attempt's number was free.
func (t *tx) insertAttempt(a *posthorn.Attempt) (bool, error) {
	bytes := t.pack(a)
	if a.Number == firstNumber {
		inRow := bytes
		if len(bytes) > maxInRow {
			inRow = elsewhere
		}
		kept, err := t.exec(`UPDATE deliveries SET first_attempt = ? WHERE id = ? AND first_attempt IS NULL`, inRow, a.DeliveryID[:])
		if err != nil || kept == 0 || len(inRow) > 0 {
			return kept > 0, err
		}
	}
	inserted, err := t.exec(`INSERT OR IGNORE INTO attempts (delivery_id, number, attempt) VALUES (?, ?, ?)`, a.DeliveryID[:], a.Number, bytes)
	return inserted > 0, err
}

func (t *tx) countAttempt(webhook posthorn.WebhookID, attempt *posthorn.Attempt) {
	change := t.statsOf(webhook)
	change.attempts++
	if attempt.StartedAt.After(change.lastAttempt) {
		change.lastAttempt = attempt.StartedAt
	}
	if attempt.Outcome.Reason == posthorn.ReasonOutcomeUnknown {
		return
	}
	last := &change.lastFailure
	if attempt.Outcome.Succeeded() {
		last = &change.lastSuccess
	}
	if attempt.StartedAt.After(*last) {
		*last = attempt.StartedAt
	}
}

// follow holds or disables the webhook, if the receiver asked for it, and keeps
// its breaker.
func (t *tx) follow(r *store.Recording) error {
	if !r.Next.HoldUntil.IsZero() {
		_, err := t.exec(`UPDATE webhooks SET hold_until = max(hold_until, ?) WHERE id = ?`, micros(r.Next.HoldUntil), r.WebhookID[:])
		if err != nil {
			return err
		}
	}
	if b := r.Breaker; b != nil {
		_, err := t.exec(`UPDATE webhooks SET breaker_opened_at = ?, breaker_failures = ?, breaker_probe_at = ?, breaker_changed_at = ?4
			WHERE id = ? AND breaker_changed_at <= ?4`, micros(b.OpenedAt), b.Failures, micros(b.NextProbeAt), micros(b.ChangedAt), r.WebhookID[:])
		if err != nil {
			return err
		}
	}
	if !r.Next.DisableWebhook {
		return nil
	}
	disabled, err := t.exec(`UPDATE webhooks SET status = 'disabled', status_reason = ?, updated_at = ? WHERE id = ? AND status = 'active'`,
		r.Attempt.Outcome.Detail, micros(r.Now), r.WebhookID[:])
	if err != nil || disabled == 0 {
		return err
	}
	var environment posthorn.EnvironmentID
	if err := t.get(`SELECT environment_id FROM webhooks WHERE id = ?`, []any{r.WebhookID[:]}, intoID(&environment)); err != nil {
		return err
	}
	return t.directoryChanged(environment)
}
