// Package sqlite keeps everything in one SQLite file, for one server.
//
// All writes go through one connection and are committed in groups (see
// writer.go); reads have a pool of their own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, without cgo

	"github.com/posthorn/posthorn/internal/datafile"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
)

// Store is an open database file. It is safe for concurrent use.
type Store struct {
	lock     *datafile.Lock
	writer   *writer
	reads    *sql.DB
	breakage *breakage
	tornTail int64
	// askedReplay is nextReplay, prepared: it is asked again and again, and takes longer to
	// understand than to answer.
	askedReplay *sql.Stmt

	longestRead time.Duration
}

var _ store.Store = (*Store)(nil)

// Open opens the database file at path, making it if need be, and brings its
// schema up to date. It fails, saying why, when another server has the file
// open, when a newer server has changed its schema, or it isn't what this one makes,
// when the SQLite library is too old to be safe, or when the file is on a network file
// system.
func Open(ctx context.Context, path string) (*Store, error) {
	return openOn(ctx, path, datafile.KindOf)
}

func openOn(ctx context.Context, path string, kind datafile.FileSystem) (*Store, error) {
	if err := datafile.MakeDirectory(filepath.Dir(path)); err != nil {
		return nil, advise(fmt.Errorf("making the data directory: %w", err))
	}
	if err := datafile.RefuseNetwork(path, kind); err != nil {
		return nil, err
	}
	lock, err := datafile.Acquire(path)
	if err != nil {
		return nil, advise(err)
	}
	s, err := open(ctx, path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the database %s can't be used: %w", path, advise(err)), lock.Release())
	}
	s.lock = lock
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	check := mustCheck(path)
	tornTail, err := datafile.TornTail(path + "-wal")
	if err != nil {
		return nil, err
	}
	if err := datafile.MakePrivate(path); err != nil {
		return nil, err
	}
	journal := "wal"
	if failpoint.Is(failpoint.JournalInMemory) {
		journal = "memory"
	}
	writes, err := openPool(path, 1, "journal_mode("+journal+")", "synchronous(full)", "wal_autocheckpoint(0)", "journal_size_limit(67108864)", "cache_size(-8192)")
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, writes, check); err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	const readers = 8
	reads, err := openPool(path, readers, "query_only(1)", "cache_size(-4096)")
	if err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	asked, err := reads.PrepareContext(ctx, nextReplay)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the search for replays: %w", err), reads.Close(), writes.Close())
	}
	b := newBreakage()
	w, err := startWriter(ctx, writes, b)
	if err != nil {
		return nil, errors.Join(err, reads.Close(), writes.Close())
	}
	return &Store{writer: w, reads: reads, breakage: b, tornTail: tornTail, askedReplay: asked, longestRead: defaultLongestRead}, nil
}

func openPool(path string, connections int, pragmas ...string) (*sql.DB, error) {
	return openMode(path, "rwc", connections, pragmas...)
}

// openMode opens a pool of connections that may read ("ro"), or also write and
// make the file ("rwc").
func openMode(path, mode string, connections int, pragmas ...string) (*sql.DB, error) {
	values := url.Values{"mode": {mode}, "_pragma": append([]string{"busy_timeout(5000)", "temp_store(memory)"}, pragmas...)}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the database: %w", err)
	}
	name := url.URL{Scheme: "file", Path: absolute, RawQuery: values.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// prepare checks that a commit is as durable as promised and, if need be, the
// pages; then it brings the schema up to date.
func prepare(ctx context.Context, db *sql.DB, check bool) error {
	var version, journal string
	var synchronous int
	for pragma, target := range map[string]any{"SELECT sqlite_version()": &version, "PRAGMA journal_mode": &journal, "PRAGMA synchronous": &synchronous} {
		if err := db.QueryRowContext(ctx, pragma).Scan(target); err != nil {
			return explain(err)
		}
	}
	if !isSafeVersion(version) {
		return fmt.Errorf("the SQLite library is %s; it must be at least 3.51.3, since older ones can lose committed writes", version)
	}
	const full = 2
	if journal != "wal" && !failpoint.Is(failpoint.JournalInMemory) || synchronous != full {
		return fmt.Errorf("the database runs with journal_mode %s and synchronous %d instead of wal and full: is it on a file system that can't share memory?", journal, synchronous)
	}
	if check {
		if err := checkAtStart(ctx, db, startCheck); err != nil {
			return err
		}
	}
	if err := settleLog(ctx, db); err != nil {
		return fmt.Errorf("moving the log into the database: %w", err)
	}
	return migrate(ctx, db)
}

// isSafeVersion reports whether a SQLite version has the repair of the write-ahead
// log's reset, which could lose committed writes (3.51.3).
func isSafeVersion(version string) bool {
	safe := [3]int{3, 51, 3}
	parts := strings.Split(version, ".")
	for i, least := range safe {
		if i >= len(parts) {
			return false
		}
		number, err := strconv.Atoi(parts[i])
		if err != nil || number < least {
			return false
		}
		if number > least {
			return true
		}
	}
	return true
}

// TornTail is how many bytes at the end of the log were not valid when the store was
// opened: they were left out.
func (s *Store) TornTail() int64 { return s.tornTail }

// Close finishes what is being written and lets go of the file.
func (s *Store) Close() error {
	return errors.Join(s.writer.close(), s.reads.Close(), s.lock.Release())
}

// Ping returns an error if the database can't be written to now. It changes a row:
// writing what is there already would write nothing, and a full disk would not show.
func (s *Store) Ping(ctx context.Context) error {
	return s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`UPDATE nodes SET pings = pings + 1 WHERE id = (SELECT max(id) FROM nodes)`)
		return err
	})
}
