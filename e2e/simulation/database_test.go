package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

var (
	errStore = errors.New("the simulated database fails")
	errDead  = errors.New("the simulated process is dead")
)

// database is the store as one process sees it: slow, failing before or after
// the effect, and without any effect once the process is dead. What happens is
// entered in the books in the same moment.
type database struct {
	*memstore.Store
	node *node
}

// toleratesLateErrors reports whether a call may fail although its effect
// happened. The store promises that an error means no effect. Whoever breaks that
// in Claim or Accept leaves deliveries leased to a process that knows nothing of
// them, until its next start; the other calls are made so that they may be
// repeated, and are.
func toleratesLateErrors(place string) bool {
	return *lateErrors || place != "claim" && place != "accept"
}

func call[T any](d *database, place string, key any, effect func(b *books) (T, error)) (T, error) {
	var nothing T
	trouble := d.node.trouble(place, d.node.dice.next(place, key))
	pass(trouble.before)
	d.node.dice.apart("apart", place, key)
	if trouble.failsFirst {
		return nothing, errStore
	}
	result, err := step(d.node, effect)
	pass(trouble.after)
	d.node.mu.Lock()
	defer d.node.mu.Unlock()
	switch {
	case d.node.isDead:
		return nothing, errDead
	case trouble.failsLast:
		d.node.books.failedLate(place, key)
		return nothing, errStore
	default:
		return result, err
	}
}

func step[T any](n *node, effect func(b *books) (T, error)) (T, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isDead {
		var nothing T
		return nothing, errDead
	}
	return effect(n.books)
}

type none struct{}

func (d *database) Accept(ctx context.Context, s store.Submission) (store.Receipt, error) {
	return call(d, "accept", serialOf(s.Entries[0].Event.Data), func(b *books) (store.Receipt, error) {
		receipt, err := d.Store.Accept(ctx, s)
		if err == nil && receipt.Replayed == nil {
			b.accepted(s, receipt)
		}
		return receipt, err
	})
}

func (d *database) Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error) {
	return call(d, "snapshot", "", func(*books) (store.Snapshot, error) { return d.Store.Snapshot(ctx, id) })
}

func (d *database) Join(ctx context.Context, id posthorn.NodeID, now time.Time, random posthorn.Randomness) ([]posthorn.Delivery, error) {
	return call(d, "join", d.node.number, func(*books) ([]posthorn.Delivery, error) { return d.Store.Join(ctx, id, now, random) })
}

func (d *database) Suspects(ctx context.Context, now time.Time, limit int) ([]store.SuspectWebhook, error) {
	return call(d, "suspects", "", func(*books) ([]store.SuspectWebhook, error) { return d.Store.Suspects(ctx, now, limit) })
}

func (d *database) Due(ctx context.Context, after posthorn.WebhookID, limit int) ([]store.DueWebhook, error) {
	return call(d, "due", "", func(*books) ([]store.DueWebhook, error) { return d.Store.Due(ctx, after, limit) })
}

func (d *database) Claim(ctx context.Context, c store.Claim) (store.Claimed, error) {
	return call(d, "claim", d.node.books.number(c.WebhookID), func(b *books) (store.Claimed, error) {
		claimed, err := d.Store.Claim(ctx, c)
		if err == nil {
			b.note("webhook %d: claimed %d", b.number(c.WebhookID), len(claimed.Jobs))
		}
		return claimed, err
	})
}

func (d *database) Record(ctx context.Context, recordings []store.Recording) ([]error, error) {
	return call(d, "record", d.node.books.name(recordings[0].Lease.DeliveryID), func(b *books) ([]error, error) {
		results, err := d.Store.Record(ctx, recordings)
		for i, result := range results {
			b.recorded(recordings[i], result)
		}
		return results, err
	})
}

func (d *database) Release(ctx context.Context, leases []store.Lease, now time.Time) error {
	if len(leases) == 0 {
		return nil
	}
	_, err := call(d, "release", d.node.books.name(leases[0].DeliveryID), func(b *books) (none, error) {
		b.note("released %d, first %s", len(leases), b.name(leases[0].DeliveryID))
		return none{}, d.Store.Release(ctx, leases, now)
	})
	return err
}

func (d *database) CancelPending(ctx context.Context, webhook posthorn.WebhookID, limit int, now time.Time) (int, error) {
	return call(d, "cancel", d.node.books.number(webhook), func(b *books) (int, error) {
		b.cancelledPending(webhook)
		return d.Store.CancelPending(ctx, webhook, limit, now)
	})
}

func (d *database) Expire(ctx context.Context, webhook posthorn.WebhookID, dueBefore time.Time, limit int, now time.Time) (int, error) {
	return call(d, "expire", d.node.books.number(webhook), func(*books) (int, error) {
		return d.Store.Expire(ctx, webhook, dueBefore, limit, now)
	})
}

// Attempted implements deliver.Observer.
func (n *node) Attempted(job store.Job, _ posthorn.Attempt, _ posthorn.Next, err error) {
	if err == nil || errors.Is(err, store.ErrLeaseLost) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.isDead {
		n.books.forgive(job.Delivery.ID, false, fmt.Sprintf("not recorded: %v", err))
	}
}
