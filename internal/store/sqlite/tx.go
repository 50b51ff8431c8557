package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

// tx is the writing connection with a transaction open. Only the writer's
// goroutine uses it.
type tx struct {
	ctx        context.Context //nolint:containedctx // the writer's life; a caller's context must not interrupt a group
	conn       connection
	statements map[string]*statement
	// changes counts the rows that the current write changed; failure is the
	// database's error in it.
	changes int
	failure error
	// written is about how many pages were written since somebody asked how long the log is.
	written int
	// versions caches the versions of the environments' directories. It is true
	// because nobody else writes, and emptied when a transaction is rolled back.
	versions map[posthorn.EnvironmentID]store.Version
	// stats gathers what the group changes of each webhook's stats.
	stats map[posthorn.WebhookID]*statsChange
	// These rows wait; packed has the attempts of outcomes, which are deliveries with their first attempt.
	events, outcomes, deliveries, counts insertion
	packed                               []byte
	promises
}

func newTx(ctx context.Context, conn connection) *tx {
	return &tx{
		ctx: ctx, conn: conn, promises: promises{unwritten: unwritten.NewBook(0)},
		events: newInsertion(insertEvents, eventRow, ""), outcomes: newInsertion(insertOutcomes, outcomeRow, ""),
		deliveries: newInsertion(insertDeliveries, deliveryRow, ""), counts: newInsertion(insertCounts, countsRow, addCounts),
		statements: map[string]*statement{},
		versions:   map[posthorn.EnvironmentID]store.Version{},
		stats:      map[posthorn.WebhookID]*statsChange{},
	}
}

// transact runs body between BEGIN and COMMIT; its error rolls back.
func (t *tx) transact(body func() error) error {
	t.changes, t.failure = 0, nil
	if failpoint.Is(failpoint.SynchronousOff) {
		_, _ = t.exec("PRAGMA synchronous = off")
	}
	if failpoint.Is(failpoint.SynchronousNormal) {
		_, _ = t.exec("PRAGMA synchronous = normal")
	}
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := body()
	if err == nil {
		err = t.flushStats()
	}
	if err == nil { // else SQLite may have ended the transaction, and what follows would stay
		err = t.keepPromises()
	}
	if err == nil {
		err = failpoint.Hit(failpoint.BeforeCommit)
	}
	if err == nil {
		_, err = t.exec("COMMIT")
	}
	if err == nil {
		t.noteCommit()
		return nil
	}
	clear(t.versions)
	clear(t.stats)
	t.unwritten.RollBack()
	t.forgetWaiting()
	_, rollbackErr := t.exec("ROLLBACK")
	if rollbackErr != nil && (primaryCode(rollbackErr) == 0 || isFatal(rollbackErr)) {
		return errors.Join(rollbackErr, err) // the first one decides what is done
	}
	return err // SQLite has rolled back by itself after some errors; then ROLLBACK fails
}

// attempt runs one write of a group.
func (t *tx) attempt(w *write) error {
	t.changes, t.failure = 0, nil
	if err := w.ctx.Err(); err != nil {
		return fmt.Errorf("waiting to write: %w", err)
	}
	err := t.runSafely(w.run)
	if err != nil && t.changes > 0 && t.failure == nil {
		t.failure = err
	}
	return err
}

// runSafely makes a panic of one write its caller's error, not everybody's end.
func (t *tx) runSafely(run func(tx *tx) error) error {
	var result error
	func() {
		defer func() {
			if cause := recover(); cause != nil {
				t.failure = fmt.Errorf("a write panicked: %T\n%s", cause, debug.Stack())
				result = t.failure
			}
		}()
		result = run(t)
	}()
	return result
}

// isSpoilt reports whether the last write failed in a way that only a rollback
// mends: after changing something, or with an error of the database.
func (t *tx) isSpoilt() bool { return t.failure != nil }

// prepared returns a statement that is run at once: what waits comes before it.
func (t *tx) prepared(query string) (*statement, error) {
	for _, i := range t.insertions() {
		if err := t.insertWaiting(i); err != nil {
			return nil, err
		}
	}
	if statement, ok := t.statements[query]; ok {
		return statement, nil
	}
	statement, err := prepareStatement(t.ctx, t.conn, query)
	if err != nil {
		return nil, err
	}
	t.statements[query] = statement
	return statement, nil
}

// exec runs a statement, which must be one of a fixed set of texts, and returns
// how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	statement, err := t.prepared(query)
	if err != nil {
		t.failure = err
		return 0, err
	}
	changed, err := statement.exec(t.ctx, args)
	if err != nil {
		t.failure = err
		return 0, err
	}
	t.changes += int(changed)
	t.written += int(changed) + pagesOf(args)
	return changed, nil
}

// get reads one row; it returns posthorn.ErrNotFound when there is none.
func (t *tx) get(query string, args []any, targets ...any) error {
	isFound := false
	err := t.each(query, args, func(scan func(...any) error) (bool, error) {
		isFound = true
		return false, scan(targets...)
	})
	if err == nil && !isFound {
		return posthorn.ErrNotFound
	}
	return err
}

// each calls visit for every row until it returns false or an error.
func (t *tx) each(query string, args []any, visit func(scan func(targets ...any) error) (bool, error)) error {
	statement, err := t.prepared(query)
	if err == nil {
		err = statement.each(t.ctx, args, visit)
	}
	if err != nil {
		t.failure = err
	}
	return err
}

func (t *tx) close() {
	for _, statement := range t.statements {
		_ = statement.Close() // the connection goes with it
	}
}
