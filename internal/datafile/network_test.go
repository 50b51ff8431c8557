package datafile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/datafile"
)

// Invariant: a file on a network file system is refused with what to do, also when it
// is a link that leads there; a file that isn't there yet is judged by its directory.
func TestNetworkFileSystemIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join("data", "posthorn.db")
	for _, c := range []struct{ directory, file, want string }{
		{directory: "NFS", want: "data is on a network file system (NFS)"},
		{directory: "SMB", file: "SMB", want: "data is on a network file system (SMB)"},
		{file: "Ceph", want: "posthorn.db is on a network file system (Ceph)"},
		{},
	} {
		err := datafile.RefuseNetwork(path, func(place string) (string, error) {
			switch {
			case place == "data":
				return c.directory, nil
			case c.directory == "" && c.file == "":
				return "", fmt.Errorf("looking: %w", fs.ErrNotExist)
			default:
				return c.file, nil
			}
		})
		if c.want == "" {
			if err != nil {
				t.Errorf("a disk of this machine is refused: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--data") {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	broken := errors.New("no answer")
	if err := datafile.RefuseNetwork(path, func(string) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of asking", err)
	}
}

// Invariant: the disk that tests run on is no network file system, and a file that
// isn't there is told as such.
func TestDiskOfThisMachine(t *testing.T) {
	t.Parallel()
	if found, err := datafile.KindOf(t.TempDir()); found != "" || err != nil {
		t.Errorf("got %q, %v", found, err)
	}
	absent := filepath.Join(t.TempDir(), "absent")
	if _, err := datafile.KindOf(absent); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
