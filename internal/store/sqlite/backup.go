package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/posthorn/posthorn/internal/datafile"
)

// Backup tells of a copy that was made.
type Backup struct {
	// Bytes is the length of the file.
	Bytes int64
	// Pending is how many deliveries it would send once it is restored.
	Pending int
}

// BackUp writes a copy of the database at path, as it is at one moment, to a new
// file, and reads the copy to see that it is whole. A server may be using the
// database meanwhile: it goes on, but its log grows until the copy is done.
//
// It returns fs.ErrExist when there is a file at target already. A target exists
// only once it is whole and on disk; until then its name ends in ".partial".
func BackUp(ctx context.Context, path, target string) (Backup, error) {
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return Backup{}, fmt.Errorf("writing the copy: %w: %s", cmp.Or(err, fs.ErrExist), target)
	}
	partial := target + ".partial"
	if err := reserve(partial); err != nil {
		return Backup{}, err
	}
	made, err := copyInto(ctx, path, partial)
	if err == nil {
		err = publish(partial, target)
	}
	if removed := os.Remove(partial); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("removing the partial copy: %w", removed))
	}
	if err != nil {
		return Backup{}, err
	}
	return made, nil
}

// reserve makes an empty file for its owner alone: the copy holds secrets.
func reserve(partial string) error {
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the copy: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing the copy: %w", err)
	}
	return nil
}

func copyInto(ctx context.Context, path, partial string) (Backup, error) {
	db, err := openExisting(path)
	if err != nil {
		return Backup{}, err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", partial)
	if err := errors.Join(err, db.Close()); err != nil {
		return Backup{}, fmt.Errorf("copying the database: %w", err)
	}
	made, err := verify(ctx, partial)
	if err != nil {
		return Backup{}, fmt.Errorf("reading the copy: %w", err)
	}
	return made, nil
}

// verify reads a copy and compares its books.
func verify(ctx context.Context, partial string) (Backup, error) {
	db, err := openExisting(partial)
	if err != nil {
		return Backup{}, err
	}
	made, err := inspect(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return Backup{}, err
	}
	info, err := os.Stat(partial)
	if err != nil {
		return Backup{}, err
	}
	made.Bytes = info.Size()
	return made, nil
}

func inspect(ctx context.Context, db *sql.DB) (Backup, error) {
	findings, err := check(ctx, db)
	if err != nil {
		return Backup{}, err
	}
	if len(findings) > 0 {
		return Backup{}, fmt.Errorf("%w: %s", errDamaged, strings.Join(findings, "; "))
	}
	var made Backup
	var counted int
	books := fmt.Sprintf(`SELECT (SELECT coalesce(sum(pending), 0) FROM webhook_stats), (SELECT count(*) FROM deliveries WHERE status IN (%d, %d)) + (SELECT count(*) FROM unwritten)`, pending, leased)
	if err := db.QueryRowContext(ctx, books).Scan(&made.Pending, &counted); err != nil {
		return Backup{}, err
	}
	if made.Pending != counted {
		return Backup{}, fmt.Errorf("its books say that %d deliveries are pending, and there are %d", made.Pending, counted)
	}
	return made, nil
}

// publish makes the copy durable and gives it its name, unless that is taken.
func publish(partial, target string) error {
	file, err := os.Open(partial)
	if err != nil {
		return fmt.Errorf("writing the copy: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing the copy: %w", err)
	}
	if err := os.Link(partial, target); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("writing the copy: %w", err)
		}
		// A file system without links: nobody else is expected to take the name.
		if err := os.Rename(partial, target); err != nil {
			return fmt.Errorf("writing the copy: %w", err)
		}
	}
	return datafile.SyncDirectory(filepath.Dir(target))
}
