package app

import (
	"context"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/config"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// CheckDatabase reads the whole database that the settings name, and returns what
// is wrong with it. A server may be using it.
func CheckDatabase(ctx context.Context, c config.Config) ([]string, error) {
	return sqlite.Check(ctx, c.SQLitePath())
}

// lastWritten is when the newest delivery was written, by the clock of then; zero when
// there is none.
func lastWritten(ctx context.Context, s store.Ledger) (time.Time, error) {
	newest, err := s.Deliveries(ctx, store.DeliveryQuery{Page: posthorn.Page{Limit: 1}})
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the newest delivery: %w", err)
	}
	if len(newest) == 0 {
		return time.Time{}, nil
	}
	if d := newest[0]; d.UpdatedAt.After(d.CreatedAt) {
		return d.UpdatedAt, nil
	}
	return newest[0].CreatedAt, nil
}

// Backup tells of a copy of the database.
type Backup struct {
	// Bytes is the length of the file.
	Bytes int64
	// Pending is how many deliveries it would send once it is restored.
	Pending int
}

// BackUpDatabase copies the database that the settings name to a new file, and
// checks the copy. A server may be using the database. It returns fs.ErrExist when
// there is such a file already.
func BackUpDatabase(ctx context.Context, c config.Config, target string) (Backup, error) {
	made, err := sqlite.BackUp(ctx, c.SQLitePath(), target)
	return Backup(made), err
}
