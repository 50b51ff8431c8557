package datafile

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// Lock keeps a second server off a database.
type Lock struct{ file *flock.Flock }

// Acquire takes the lock beside the database file, so that no second server
// writes to it. The lock ends with the process, however it ends.
func Acquire(path string) (*Lock, error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the database: %w", err)
	}
	if !taken {
		return nil, fmt.Errorf("the database %s is in use by %s: stop that server first, or give this one another --data directory", path, holder(path))
	}
	if err := os.WriteFile(path+".lock", []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the database: %w", err), lock.Unlock())
	}
	return &Lock{lock}, nil
}

func holder(path string) string {
	text, err := os.ReadFile(path + ".lock")
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return "another process"
	}
	return "process " + strings.TrimSpace(string(text))
}

// Release gives the lock back.
func (l *Lock) Release() error {
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("unlocking the database: %w", err)
	}
	return nil
}
