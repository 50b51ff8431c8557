package app

import (
	"context"
	"log/slog"
	"os"
	"time"
)

// logWatch tells the operator when the database's log grows, because somebody goes on
// reading: the disk would fill, and reading become slow.
type logWatch struct {
	length func() int64
	logger *slog.Logger
	isLong bool
}

const (
	// longDatabaseLog is far beyond what the log has when it is moved into the
	// database as it should be: some 16 MiB.
	longDatabaseLog = 256 << 20
	watchLogEvery   = 30 * time.Second
)

func (l *logWatch) run(ctx context.Context) { every(ctx, watchLogEvery, l.look) }

// lengthOf is how long a file is, in bytes; 0 when it can't be told.
func lengthOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// look tells once that the log is long, and once that it no longer is.
func (l *logWatch) look() {
	length := l.length()
	switch {
	case !l.isLong && length >= longDatabaseLog:
		l.isLong = true
		l.logger.Warn("the database's log grows, because somebody has read the database for long: a backup, or another program that has the file open", "bytes", length)
	case l.isLong && length < longDatabaseLog/2:
		l.isLong = false
		l.logger.Info("the database's log is short again", "bytes", length)
	}
}
