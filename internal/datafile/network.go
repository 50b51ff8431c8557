package datafile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// FileSystem tells which network file system a file or directory is on; "" stands for
// a disk of this machine, and for whatever is not known. It returns fs.ErrNotExist
// when there is no such file.
type FileSystem func(path string) (string, error)

// RefuseNetwork returns an error that says what to do if the file at path, or its
// directory, is on a network file system. The write-ahead log needs memory that is
// shared between processes, and locks and syncs that do what they say; there it has
// none of them, which shows only when something is lost.
func RefuseNetwork(path string, kind FileSystem) error {
	for _, place := range []string{filepath.Dir(path), path} {
		found, err := kind(place)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("finding the file system of %s: %w", place, err)
		case found != "":
			return fmt.Errorf("%s is on a network file system (%s), where a database can be damaged or lose what was acknowledged: "+
				"choose with --data a directory on a disk of this machine, or on a block device that is attached to it", place, found)
		}
	}
	return nil
}
