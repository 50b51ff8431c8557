package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// inWriter runs something with the writing connection, outside any transaction
// that must succeed.
func inWriter(t *testing.T, s *Store, run func(tx *tx) error) {
	t.Helper()
	var failure error
	_ = s.write(t.Context(), func(tx *tx) error { // its commit may be what fails
		failure = run(tx)
		return nil
	})
	if failure != nil {
		t.Fatal(failure)
	}
}

// faulty is a database whose table "damaged" has a damaged page.
func faulty(t *testing.T) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "faulty.db")
	db, err := openPool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLE damaged (x)", "INSERT INTO damaged VALUES (zeroblob(100))"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damagePage(t, path, 2)
	if db, err = openPool(path, 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// damagePage overwrites a page, counted from 1, with what can be no page.
func damagePage(t *testing.T, path string, page int64) {
	t.Helper()
	const size = 4096
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	garbage := make([]byte, size)
	for i := range garbage {
		garbage[i] = 0xa5
	}
	_, err = file.WriteAt(garbage, (page-1)*size)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

const readDamaged = "SELECT count(x) FROM damaged WHERE x > 1"

// Invariant: after a commit that failed for the disk's sake nobody of the group
// is told that it was kept, nothing of it is tried again, the store refuses all
// that comes later, and says once why.
func TestFailedCommitEndsTheStore(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var failing *statement
	conn, err := faulty(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	err = conn.Raw(func(own any) error {
		failing, err = prepareStatement(t.Context(), own.(connection), readDamaged)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = failing.Close() })
	release := occupy(t, s)
	const count = 5
	var group sync.WaitGroup
	var runs [count]int
	errs := make([]error, count)
	for i := range count {
		group.Go(func() {
			errs[i] = s.write(t.Context(), func(tx *tx) error {
				runs[i]++
				tx.statements["COMMIT"] = failing
				return keepAnswerNamed(fmt.Sprint(i))(tx)
			})
		})
	}
	waitForQueue(s, count)
	release()
	group.Wait()
	for i, err := range errs {
		if !errors.Is(err, store.ErrBroken) || !errors.Is(err, &posthorn.Error{Code: posthorn.CodeUnavailable}) || runs[i] > 1 {
			t.Errorf("write %d: %v after %d runs", i, err, runs[i])
		}
	}
	select {
	case err := <-s.Broken():
		if !isFatal(err) {
			t.Errorf("the cause is lost: %v", err)
		}
	default:
		t.Error("nobody is told")
	}
	key := store.IdempotencyKey{Scope: "s", Key: "0"}
	_, readErr := s.Answer(t.Context(), key)
	_, snapshotErr := s.Snapshot(t.Context(), posthorn.EnvironmentID{1})
	for what, err := range map[string]error{
		"a write": s.write(t.Context(), keepAnswerNamed("later")), "a read": readErr, "a snapshot": snapshotErr,
		"a ping": s.Ping(t.Context()),
	} {
		if !errors.Is(err, store.ErrBroken) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// Invariant: a damaged page that a write meets is fatal as well.
func TestDamagedPageEndsTheStore(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	damaged := faulty(t)
	err := s.write(t.Context(), func(tx *tx) error {
		var count int
		err := damaged.QueryRowContext(t.Context(), readDamaged).Scan(&count)
		tx.failure = err
		return err
	})
	if !errors.Is(err, store.ErrBroken) || len(s.Broken()) != 1 {
		t.Errorf("got %v", err)
	}
}

// Invariant: another program that holds the file makes writes wait, and then be
// refused together, as something to try again; when it lets go they succeed.
func TestForeignLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	inWriter(t, s, func(tx *tx) error {
		_, err := tx.exec("PRAGMA busy_timeout = 300")
		return err
	})
	db, err := openPool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	const count = 200 // one after the other they would take a minute, however fast the machine
	var group sync.WaitGroup
	errs := make([]error, count)
	began := time.Now()
	for i := range count {
		group.Go(func() { errs[i] = s.write(t.Context(), keepAnswerNamed(fmt.Sprint(i))) })
	}
	group.Wait()
	if took := time.Since(began); took > count*300*time.Millisecond/2 {
		t.Errorf("%d writes were refused one after the other, in %v", count, took)
	}
	for i, err := range errs {
		if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeUnavailable}) || errors.Is(err, store.ErrBroken) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := s.write(t.Context(), keepAnswerNamed("later")); err != nil {
		t.Errorf("when it has let go: %v", err)
	}
}

// Invariant: a database that can't be written is told as such, not as a mistake
// of ours, the store isn't ready, and it is no end of the store.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if _, err := s.Join(t.Context(), posthorn.NodeID{1}, time.Unix(1, 0), rand.Uint64); err != nil {
		t.Fatal(err)
	}
	inWriter(t, s, func(tx *tx) error {
		_, err := tx.exec("PRAGMA query_only = 1")
		return err
	})
	for what, err := range map[string]error{"a write": s.write(t.Context(), keepAnswerNamed("a")), "a ping": s.Ping(t.Context())} {
		if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeUnavailable}) || errors.Is(err, store.ErrBroken) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Invariant: a read that doesn't end is ended.
func TestReadsHaveADeadline(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.longestRead = 50 * time.Millisecond
	const endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0"
	var x int
	if err := s.one(t.Context(), endless, nil, &x); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one: %v", err)
	}
	err := s.each(t.Context(), endless, nil, func(scan func(...any) error) error { return scan(&x) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("each: %v", err)
	}
}
