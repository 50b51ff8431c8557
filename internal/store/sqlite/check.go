package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// A start reads all pages of a file up to smallFile. A longer one is read only
// after a stop that was not orderly, and for startCheck at most, so that a start
// is quick whatever waits in the database.
const (
	smallFile  = 64 << 20
	startCheck = time.Second
)

var errDamaged = errors.New("a page is damaged")

// mustCheck reports whether a start has to read the pages of a database. After an
// orderly stop nothing is left in the log.
func mustCheck(path string) bool {
	log, err := os.Stat(path + "-wal")
	if err == nil && log.Size() > 0 {
		return true
	}
	file, err := os.Stat(path)
	return err == nil && file.Size() <= smallFile
}

// checkAtStart looks for damaged pages within the limit of time. What it had no
// time for is left to Check.
func checkAtStart(ctx context.Context, db *sql.DB, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var found string
	err := db.QueryRowContext(limited, "PRAGMA quick_check(1)").Scan(&found)
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("reading the pages: %w", err)
	case found != intact:
		return fmt.Errorf("%w: %s", errDamaged, found)
	default:
		return nil
	}
}

// intact is what SQLite says of a database without damage.
const intact = "ok"

// maxFindings bounds what Check returns.
const maxFindings = 100

// Check reads the whole database file at path, every page and every entry of
// every index, changes nothing, and returns what is wrong with it, 100 findings at
// most. A server may be using the file meanwhile.
func Check(ctx context.Context, path string) ([]string, error) {
	db, err := openExisting(path)
	if err != nil {
		return nil, err
	}
	findings, err := check(ctx, db)
	err = errors.Join(err, db.Close())
	if code := primaryCode(err); code == sqlite3.SQLITE_NOTADB || code == sqlite3.SQLITE_CORRUPT {
		return append(findings, fmt.Sprintf("it can't be read to its end: %v", err)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", path, advise(err))
	}
	return findings, nil
}

func check(ctx context.Context, db *sql.DB) ([]string, error) {
	var findings []string
	err := eachRow(ctx, db, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFindings), nil, func(scan func(...any) error) error {
		var finding string
		err := scan(&finding)
		if finding != intact {
			findings = append(findings, finding)
		}
		return err
	})
	return findings, err
}

// openExisting opens a database for reading. A connection that may not write
// leaves the log as it is, also when it is the last one to close.
func openExisting(path string) (*sql.DB, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return openMode(path, "ro", 1)
}
