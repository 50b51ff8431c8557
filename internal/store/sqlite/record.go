package sqlite

import (
	"errors"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (t *tx) record(r store.Recording) error {
	lease, attempt := r.Lease, r.Attempt
	status, err := statusNumber(r.Next.Status)
	if err != nil {
		return err
	}
	uncounted := 0
	if r.Next.Uncounted {
		uncounted = 1
	}
	changed, err := t.exec(`UPDATE deliveries SET status = ?, attempts = attempts + 1, uncounted = uncounted + ?, due_at = ?, node_id = NULL, crashes = 0,
			last_reason = ?, last_status_code = ?, format = ?, format_version = ?, updated_at = ?
		WHERE id = ? AND status = 1 AND node_id = ? AND epoch = ? AND webhook_id = ?`,
		status, uncounted, micros(r.Next.DueAt), string(attempt.Outcome.Reason), attempt.Outcome.StatusCode, orNull(r.Format.Name), r.Format.Version, micros(r.Now),
		lease.DeliveryID[:], lease.NodeID[:], lease.Epoch, r.WebhookID[:])
	if err != nil {
		return err
	}
	if changed == 0 {
		return t.recordLate(attempt)
	}
	if err := t.keepAttempt(attempt); err != nil {
		return err
	}
	t.countAttempt(r.WebhookID, attempt)
	t.countMove(r.WebhookID, leased, status, 1)
	return t.follow(r)
}

// keepAttempt keeps an attempt under its number, or under the next one if a late
// attempt has taken it.
func (t *tx) keepAttempt(attempt posthorn.Attempt) error {
	kept, err := t.insertAttempt(attempt)
	if kept || err != nil {
		return err
	}
	err = t.get(`SELECT max(number) + 1 FROM attempts WHERE delivery_id = ?`, []any{attempt.DeliveryID[:]}, &attempt.Number)
	if err != nil {
		return err
	}
	_, err = t.insertAttempt(attempt)
	return err
}

// recordLate keeps the attempt of a lease that is void: the request did leave.
func (t *tx) recordLate(attempt posthorn.Attempt) error {
	var known int
	err := t.get(`SELECT 1 FROM deliveries WHERE id = ?`, []any{attempt.DeliveryID[:]}, &known)
	if errors.Is(err, posthorn.ErrNotFound) {
		return store.ErrLeaseLost
	}
	if err != nil {
		return err
	}
	_, err = t.exec(`DELETE FROM attempts WHERE delivery_id = ? AND number = ? AND reason = ?`,
		attempt.DeliveryID[:], attempt.Number, string(posthorn.ReasonOutcomeUnknown))
	if err != nil {
		return err
	}
	if _, err := t.insertAttempt(attempt); err != nil {
		return err
	}
	return store.ErrLeaseLost
}

// insertAttempt reports whether the attempt's number was free.
func (t *tx) insertAttempt(a posthorn.Attempt) (bool, error) {
	o := a.Outcome
	inserted, err := t.exec(`INSERT OR IGNORE INTO attempts
		(delivery_id, number, id, started_at, url, reason, detail, status_code, retry_after, response_body, body_truncated, connection_reused, dns, connect, tls, first_byte, total)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.DeliveryID[:], a.Number, a.ID[:], micros(a.StartedAt), a.URL, string(o.Reason), o.Detail, o.StatusCode, o.RetryAfter.Microseconds(),
		o.ResponseBody, o.BodyTruncated, o.ConnectionReused, o.Timings.DNS.Microseconds(), o.Timings.Connect.Microseconds(), o.Timings.TLS.Microseconds(),
		o.Timings.FirstByte.Microseconds(), o.Timings.Total.Microseconds())
	return inserted > 0, err
}

func (t *tx) countAttempt(webhook posthorn.WebhookID, attempt posthorn.Attempt) {
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
func (t *tx) follow(r store.Recording) error {
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
