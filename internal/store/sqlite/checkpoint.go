package sqlite

import (
	"context"
	"database/sql"
)

// longLog is after how many pages the log is moved into the database. How long it is gets
// asked when some more may have been written: asking takes as long as writing a row.
const (
	longLog  = 4000
	someMore = 256
	pageSize = 4096
)

// pagesOf is about how many pages long values fill.
func pagesOf(args []any) int {
	pages := 0
	for _, arg := range args {
		if bytes, ok := arg.([]byte); ok {
			pages += len(bytes) / pageSize
		}
	}
	return pages
}

// checkpointIfLong moves the log into the database when it has grown long. SQLite
// would do that by itself after a commit, but keep the error for itself: a sync
// of the database that failed would be tried again, succeed without having
// written everything, and let the log be overwritten.
func (t *tx) checkpointIfLong() error {
	if t.written < someMore {
		return nil
	}
	t.written = 0
	var busy, inLog, moved int
	if err := t.get("PRAGMA wal_checkpoint(NOOP)", nil, &busy, &inLog, &moved); err != nil {
		return err
	}
	if inLog < longLog || moved >= inLog {
		return nil
	}
	return t.get("PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &inLog, &moved)
}

// settleLog moves what an earlier process has left in the log into the database
// and begins a new log. It comes before anything is written: parts of that log
// may be in the system's memory alone if it was a failed sync that ended the
// process, and nothing that will be acknowledged may come to lie behind them. While
// another program reads (a backup) the log can't be begun anew; that is no error.
func settleLog(ctx context.Context, db *sql.DB) error {
	var busy, inLog, moved int
	return db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inLog, &moved)
}
