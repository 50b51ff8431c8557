package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// statsChange is what a group of writes changes of one webhook's stats.
type statsChange struct {
	accepted    int
	byStatus    [7]int
	attempts    int
	lastAttempt time.Time
	lastSuccess time.Time
	lastFailure time.Time
}

func (t *tx) statsOf(webhook posthorn.WebhookID) *statsChange {
	change, ok := t.stats[webhook]
	if !ok {
		change = &statsChange{}
		t.stats[webhook] = change
	}
	return change
}

// countMove counts a delivery that goes from one status to another.
func (t *tx) countMove(webhook posthorn.WebhookID, from, to int, count int) {
	change := t.statsOf(webhook)
	change.byStatus[from] -= count
	change.byStatus[to] += count
}

const (
	insertCounts = `INSERT INTO webhook_stats
		(webhook_id, accepted, pending, succeeded, exhausted, cancelled, expired, quarantined, attempts, last_attempt_at, last_success_at, last_failure_at)`
	countsRow = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	addCounts = ` ON CONFLICT (webhook_id) DO UPDATE SET
		accepted = accepted + excluded.accepted, pending = pending + excluded.pending, succeeded = succeeded + excluded.succeeded,
		exhausted = exhausted + excluded.exhausted, cancelled = cancelled + excluded.cancelled,
		expired = expired + excluded.expired, quarantined = quarantined + excluded.quarantined, attempts = attempts + excluded.attempts,
		last_attempt_at = max(last_attempt_at, excluded.last_attempt_at),
		last_success_at = max(last_success_at, excluded.last_success_at),
		last_failure_at = max(last_failure_at, excluded.last_failure_at)`
)

// flushStats writes what the group has changed, one row for each webhook.
func (t *tx) flushStats() error {
	for webhook, c := range t.stats {
		err := t.insert(&t.counts,
			webhook[:], c.accepted, c.byStatus[pending]+c.byStatus[leased], c.byStatus[succeeded], c.byStatus[exhausted], c.byStatus[cancelled], c.byStatus[expired],
			c.byStatus[quarantined], c.attempts, micros(c.lastAttempt), micros(c.lastSuccess), micros(c.lastFailure))
		if err != nil {
			return fmt.Errorf("writing stats: %w", err)
		}
	}
	clear(t.stats)
	return nil
}

// WebhookStats implements store.Ledger.
func (s *Store) WebhookStats(ctx context.Context, ids []posthorn.WebhookID) (map[posthorn.WebhookID]posthorn.WebhookStats, error) {
	found := map[posthorn.WebhookID]posthorn.WebhookStats{}
	if len(ids) == 0 {
		return found, nil
	}
	args := make([]any, len(ids))
	for i := range ids {
		args[i] = ids[i][:]
	}
	query := `SELECT webhook_id, accepted, pending, succeeded, exhausted, cancelled, expired, quarantined, attempts, last_attempt_at, last_success_at, last_failure_at
		FROM webhook_stats WHERE webhook_id IN (?` + strings.Repeat(", ?", len(ids)-1) + ")"
	err := s.each(ctx, query, args, func(scan func(...any) error) error {
		var id posthorn.WebhookID
		var stats posthorn.WebhookStats
		if err := scan(intoID(&id), &stats.Accepted, &stats.Pending, &stats.Succeeded, &stats.Exhausted, &stats.Cancelled, &stats.Expired, &stats.Quarantined, &stats.Attempts,
			intoTime(&stats.LastAttemptAt), intoTime(&stats.LastSuccessAt), intoTime(&stats.LastFailureAt)); err != nil {
			return err
		}
		found[id] = stats
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading stats: %w", err)
	}
	return found, nil
}

// Conservation implements store.Ledger.
func (s *Store) Conservation(ctx context.Context) (posthorn.Conservation, error) {
	var c posthorn.Conservation
	err := s.one(ctx, `SELECT coalesce(sum(accepted), 0), coalesce(sum(pending), 0), coalesce(sum(succeeded), 0), coalesce(sum(exhausted), 0),
			coalesce(sum(cancelled), 0), coalesce(sum(expired), 0), coalesce(sum(quarantined), 0), (SELECT count(*) FROM deliveries WHERE status = 1 AND status <> 2) + (SELECT count(*) FROM unwritten)
		FROM webhook_stats`, nil, &c.Accepted, &c.Pending, &c.Succeeded, &c.Exhausted, &c.Cancelled, &c.Expired, &c.Quarantined, &c.Leased)
	if err != nil {
		return posthorn.Conservation{}, fmt.Errorf("adding up the deliveries: %w", err)
	}
	return c, nil
}
