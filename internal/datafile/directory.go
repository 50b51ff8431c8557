package datafile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MakeDirectory makes the data directory with all that lead to it, and makes their
// names durable: a database is gone with the name of the directory that holds it.
func MakeDirectory(place string) error {
	place, err := filepath.Abs(place)
	if err != nil {
		return fmt.Errorf("finding the data directory: %w", err)
	}
	names := []string{place} // whose names may be new; the last start may have died before it synced that of the data directory
	for above := filepath.Dir(place); !exists(above); above = filepath.Dir(above) {
		names = append(names, above)
	}
	existed := exists(place)
	if err := os.MkdirAll(place, 0o700); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	for _, name := range names {
		err := SyncDirectory(filepath.Dir(name))
		if err != nil && (!existed || !errors.Is(err, fs.ErrPermission)) { // where we may not read we have made nothing
			return err
		}
	}
	return nil
}

func exists(place string) bool {
	_, err := os.Stat(place)
	return err == nil || place == filepath.Dir(place)
}

// SyncDirectory makes the names in a directory durable.
func SyncDirectory(place string) error {
	directory, err := os.Open(place)
	if err != nil {
		return fmt.Errorf("opening a directory: %w", err)
	}
	if err := errors.Join(directory.Sync(), directory.Close()); err != nil {
		return fmt.Errorf("syncing a directory: %w", err)
	}
	return nil
}

// MakePrivate creates the file for its owner alone, and makes its name durable.
func MakePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	return SyncDirectory(filepath.Dir(path))
}
