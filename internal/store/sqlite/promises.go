package sqlite

import (
	"context"
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

// A delivery that is leased when its event is accepted becomes a row with its first outcome, so that most are
// written once (an eighth of what accepting and recording cost). Until then its event's row lists it, and the book has it.
// Whoever asks for deliveries has those written first; a start writes those that the last process left.
//
// maxEvents and maxListed bound what a start has to look through, and saveEvery after how many events it is
// kept from where on.
const (
	maxEvents = 1 << 16
	maxListed = 1 << 15
	saveEvery = 1000
)

// promises are the deliveries that are no rows yet, as the writer knows them.
type promises struct {
	unwritten *unwritten.Book
	// until is what the table written says, and saved what it will say after this commit.
	until, saved int64
}

func (p *promises) noteCommit() {
	p.unwritten.Commit()
	p.until = p.saved
}

func (t *tx) promise(sequence int64, promised []unwritten.Delivery) {
	if len(promised) == 0 {
		return
	}
	t.unwritten.Promise(sequence, promised)
	for i := range promised {
		t.countNew(promised[i].WebhookID, leased)
	}
}

// write makes a promised delivery a row as it is: leased.
func (t *tx) write(d *unwritten.Delivery) error {
	row := posthorn.Delivery{
		ID: d.ID, EventID: d.EventID, WebhookID: d.WebhookID, EnvironmentID: d.EnvironmentID, DueAt: d.At, CreatedAt: d.At, UpdatedAt: d.At,
	}
	if err := t.insertRow(d.NodeID, &row, leased); err != nil {
		return err
	}
	t.unwritten.Written(d.ID)
	return nil
}

// writeOne makes a delivery a row, unless it is one.
func (t *tx) writeOne(id posthorn.DeliveryID) error {
	if d := t.unwritten.Get(id); d != nil {
		return t.write(d)
	}
	return nil
}

// writeEach makes those deliveries rows that are none.
func (t *tx) writeEach(deliveries []unwritten.Delivery) error {
	for _, d := range deliveries {
		if err := t.writeOne(d.ID); err != nil {
			return err
		}
	}
	return nil
}

// keepPromises sees to it before each commit that a start would not have to look through too much.
func (t *tx) keepPromises() error {
	if err := t.writeEach(t.unwritten.Overdue(maxEvents, maxListed)); err != nil {
		return err
	}
	t.saved = t.until
	until := t.unwritten.WrittenUntil()
	if until < t.until+saveEvery {
		return nil
	}
	t.saved = until
	_, err := t.exec(`UPDATE written SET until = ?`, until)
	return err
}

// makeUp makes what the process before has promised rows.
func (t *tx) makeUp() error {
	return t.transact(func() error {
		if !failpoint.Is(failpoint.PromisesForgotten) {
			_, err := t.exec(`INSERT INTO deliveries
				(id, event_id, webhook_id, environment_id, status, attempts, uncounted, due_at, node_id, epoch, crashes, last_reason, last_status_code, created_at, updated_at)
				SELECT id, event_id, webhook_id, environment_id, ?, 0, 0, accepted_at, node_id, ?, 0, '', 0, accepted_at, accepted_at FROM unwritten`, leased, store.FirstEpoch)
			if err != nil {
				return err
			}
		}
		if _, err := t.exec(`UPDATE written SET until = (SELECT coalesce(max(sequence), 0) FROM events)`); err != nil {
			return err
		}
		var last int64
		if err := t.get(`SELECT until FROM written`, nil, &last); err != nil {
			return err
		}
		t.unwritten, t.until = unwritten.NewBook(last), last
		return nil
	})
}

// atOnce bounds how many rows a reader has written in one transaction: others wait for it.
const atOnce = 256

// settle has deliveries written that are no rows yet, before they are read. What can't be
// written now, because the disk is full or the writer is busy for too long, is read without them.
func (s *Store) settle(ctx context.Context, deliveries []unwritten.Delivery) {
	ctx, cancel := context.WithTimeout(ctx, s.longestRead)
	defer cancel()
	for some := range slices.Chunk(deliveries, atOnce) {
		next := &write{rows: len(some), run: func(tx *tx) error { return tx.writeEach(some) }}
		if err := s.writer.enqueueUntil(ctx, next); err != nil {
			return
		}
	}
}

// unwrittenOf returns the deliveries that a query asks for and that are no rows.
func (s *Store) unwrittenOf(q store.DeliveryQuery) []unwritten.Delivery {
	if q.Status != "" && q.Status != posthorn.DeliveryLeased {
		return nil
	}
	return s.writer.book.Find(q.EnvironmentID, func(d unwritten.Delivery) bool {
		return (q.WebhookID.IsZero() || d.WebhookID == q.WebhookID) && (q.EventID.IsZero() || d.EventID == q.EventID)
	})
}

// anyDelivery wants all.
func anyDelivery(unwritten.Delivery) bool { return true }
