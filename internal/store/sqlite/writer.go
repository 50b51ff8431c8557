package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

// maxWaiting bounds the writes of each queue.
const maxWaiting = 4096

var errClosed = errors.New("the database is closed")

// writer owns the one connection that writes. Writes that arrive while a commit
// is under way are gathered and committed together by the next one: an idle
// server commits a lone write at once, a busy one many with one sync of the
// disk. There is no timer. After a fatal error it refuses everything.
type writer struct {
	db *sql.DB
	queues
	done     chan struct{}
	breakage *breakage
	// book has the deliveries that are promised and no rows.
	book *unwritten.Book

	closing sync.RWMutex
	closed  bool
}

// write is one caller's transaction. Run may be called twice: when another write
// of its group fails, the group is rolled back and each write runs alone.
type write struct {
	ctx    context.Context //nolint:containedctx // travels to the writer with its request
	run    func(tx *tx) error
	done   chan error
	result error // once it has run
	// rows is about how many rows are written.
	rows int
	// mayBeRefused is said of taking events, for which a publisher waits: it goes
	// ahead of all other writes, and is refused when too many wait.
	mayBeRefused bool
}

func startWriter(ctx context.Context, db *sql.DB, b *breakage) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the writing connection: %w", err)
	}
	w := &writer{db: db, queues: newQueues(maxWaiting), done: make(chan struct{}), breakage: b}
	var t *tx
	err = conn.Raw(func(own any) error {
		t = newTx(context.WithoutCancel(ctx), own.(connection)) //nolint:forcetypeassert // every driver's connection prepares statements
		return t.makeUp()
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("writing what an earlier process has promised: %w", err), conn.Close())
	}
	w.book = t.unwritten
	go func() {
		defer close(w.done)
		_ = conn.Raw(func(any) error { // it returns nothing but nil
			w.serve(t)
			return nil
		})
		if b.err() == nil {
			_ = conn.Close() // the pool is closed next and reports
		}
	}()
	return w, nil
}

// serve commits what is waiting, until nothing more can come.
func (w *writer) serve(t *tx) {
	published := 0
	var group []*write // its memory serves all, and is bounded as they are
	for first := w.next(); first != nil; first = w.next() {
		if published >= manyPublications {
			letOthersWrite()
		}
		group = w.gather(append(group[:0], first))
		published = publicationsIn(group)
		w.commit(t, group)
		clear(group)
	}
	if w.breakage.err() == nil {
		t.close()
	}
}

// manyPublications in one commit are those of a server that has all it can do.
const manyPublications = 8

func publicationsIn(group []*write) int {
	count := 0
	for _, one := range group {
		if one.mayBeRefused {
			count++
		}
	}
	return count
}

// letOthersWrite gives the processor to those who could run, some of whom are about to
// publish and come into the same commit: groups are larger by a quarter, which takes
// an eighth less of the processor at saturation.
func letOthersWrite() {
	const rounds = 2
	for range rounds {
		runtime.Gosched()
	}
}

// write runs a transaction of few rows in the next group and waits until it is
// durable. An error means that it has no effect.
func (s *Store) write(ctx context.Context, run func(tx *tx) error) error {
	return s.writeRows(ctx, 1, run)
}

// writeRows is write for work of about so many rows.
func (s *Store) writeRows(ctx context.Context, rows int, run func(tx *tx) error) error {
	return s.writer.enqueue(ctx, &write{run: run, rows: rows})
}

// writeOrRefuse is writeRows for taking events: it goes ahead of other writes, and
// returns posthorn.ErrBusy at once when too many wait.
func (s *Store) writeOrRefuse(ctx context.Context, rows int, run func(tx *tx) error) error {
	return s.writer.enqueue(ctx, &write{run: run, rows: rows, mayBeRefused: true})
}

func (w *writer) enqueue(ctx context.Context, next *write) error {
	next.ctx, next.done = ctx, make(chan error, 1)
	if err := w.submit(ctx, next); err != nil {
		return err
	}
	// Whoever gave up waiting would not know whether the write happened, so
	// nobody does: the writer answers everyone.
	return <-next.done
}

// enqueueUntil is enqueue for writes of which nobody needs to know whether they happened: it
// waits no longer than ctx.
func (w *writer) enqueueUntil(ctx context.Context, next *write) error {
	next.ctx, next.done = ctx, make(chan error, 1)
	if err := w.submit(ctx, next); err != nil {
		return err
	}
	select {
	case err := <-next.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting to write: %w", ctx.Err())
	}
}

func (w *writer) submit(ctx context.Context, next *write) error {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return errClosed
	}
	if err := w.breakage.err(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting to write: %w", err)
	}
	return w.put(ctx, next)
}

func (w *writer) close() error {
	w.closing.Lock()
	wasClosed := w.closed
	if !wasClosed {
		w.closed = true
		close(w.ended)
	}
	w.closing.Unlock()
	<-w.done
	if wasClosed || w.breakage.err() != nil {
		// The last connection to close moves the log into the database. After a
		// failed sync it must not: it could take a second sync's word for it and
		// remove the log, which holds everything.
		return nil
	}
	if err := w.db.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// commit commits a group and moves the log into the database when it is long.
// After a fatal error nothing is tried again, not even singly.
func (w *writer) commit(t *tx, group []*write) {
	if err := w.breakage.err(); err != nil {
		answer(group, err)
		return
	}
	w.commitGroup(t, group)
	if w.breakage.err() != nil {
		return
	}
	// An error that isn't fatal is no loss: the log stays and the next commit
	// tries again.
	if err := t.checkpointIfLong(); isFatal(err) {
		w.breakage.happen(err)
	}
}

func answer(group []*write, err error) {
	for _, w := range group {
		w.done <- err
	}
}

// commitGroup commits a group's writes together. If one of them fails after it
// has changed something, or the commit fails, everything is rolled back and each
// write gets a transaction of its own, so that one caller's failure is not
// another's. A failure that is everybody's, or fatal, is told to all.
func (w *writer) commitGroup(t *tx, group []*write) {
	err := t.transact(func() error {
		for _, next := range group {
			next.result = t.attempt(next)
			if failpoint.Is(failpoint.AckBeforeCommit) {
				next.done <- next.result
			}
			if t.isSpoilt() {
				return t.failure
			}
		}
		return nil
	})
	switch {
	case err == nil:
		unsure := failpoint.Hit(failpoint.AfterCommitBeforeAck)
		for _, next := range group {
			next.done <- cmp.Or(next.result, unsure)
		}
	case isFatal(err):
		w.breakage.happen(err)
		answer(group, w.breakage.err())
	case len(group) == 1, isEverybodys(err):
		answer(group, explain(err))
	default:
		for i := range group {
			w.commit(t, group[i:i+1])
		}
	}
}
