package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// explain turns what an operator can mend (a full disk, a file that another
// program holds or that can't be written) into an error that says so; other
// errors stay.
func explain(err error) error {
	forUser := explanation(err)
	if forUser == nil {
		return err
	}
	return fmt.Errorf("%w (%w)", forUser, err)
}

func explanation(err error) *posthorn.Error {
	switch code := resultCode(err); {
	case code&primary == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE:
		return &posthorn.Error{
			Code:    posthorn.CodeStorageFull,
			Message: "The server's disk is full; nothing was kept.",
			Hint:    "Free some space on the server and send the request again.",
		}
	case code&primary == sqlite3.SQLITE_BUSY, code&primary == sqlite3.SQLITE_LOCKED:
		return &posthorn.Error{
			Code:    posthorn.CodeUnavailable,
			Message: "Another program holds the server's database; nothing was kept.",
			Hint:    "Send the same request again in a moment.",
		}
	case code&primary == sqlite3.SQLITE_READONLY, code&primary == sqlite3.SQLITE_PERM, code&primary == sqlite3.SQLITE_CANTOPEN:
		return &posthorn.Error{
			Code:    posthorn.CodeUnavailable,
			Message: "The server can't write to its database; nothing was kept.",
			Hint:    "Whoever runs the server must make the database and its directory writable; then send the same request again.",
		}
	default:
		return nil
	}
}

// isEverybodys reports whether a group's failure would be the same for each of
// its writes alone, each after waiting just as long.
func isEverybodys(err error) bool {
	switch primaryCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return true
	default:
		return false
	}
}

// isFatal reports whether after this error of the writing connection nobody can
// say what is on the disk. A sync that failed is the worst: the system may have
// dropped what was to be written, and the next sync would succeed without it.
func isFatal(err error) bool {
	switch code := resultCode(err); code & primary {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	case sqlite3.SQLITE_IOERR:
		// These two are about memory, and about room for the index of the log, which
		// is made anew at every start.
		return code != sqlite3.SQLITE_IOERR_NOMEM && code != sqlite3.SQLITE_IOERR_SHMSIZE
	default:
		return false
	}
}

// broken is what everybody is told from the moment of a fatal error on.
func broken(cause error) error {
	forUser := &posthorn.Error{
		Code:    posthorn.CodeUnavailable,
		Message: "The server's storage has failed and the server is stopping; whether this was kept is not known.",
		Hint:    "Send the same request again in a moment, with the same id or Idempotency-Key.",
	}
	return fmt.Errorf("%w: %w (%w)", store.ErrBroken, forUser, cause)
}

// advise adds what to do about a database that can't be opened.
func advise(err error) error {
	code := primaryCode(err)
	switch {
	case code == sqlite3.SQLITE_NOTADB, code == sqlite3.SQLITE_CORRUPT, errors.Is(err, errDamaged):
		return fmt.Errorf("%w; it was left as it is: keep a copy of the data directory, see with posthorn database check how much is damaged, "+
			"and put a backup in its place (moving its -wal and -shm files away with it: those of another database damage it), or choose another --data directory", err)
	case code == sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w; the disk or its file system fails: look at the system's log, and copy the data directory to another disk before anything else", err)
	case code == sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w; another program (a backup tool, or a sqlite3 shell?) holds the database: end it and start again", err)
	case code == sqlite3.SQLITE_READONLY, code == sqlite3.SQLITE_CANTOPEN, code == sqlite3.SQLITE_PERM,
		errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; make the data directory and the files in it writable for this user, and see that the file system isn't mounted read-only", err)
	case code == sqlite3.SQLITE_FULL, errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w; the disk is full: free some space and start again", err)
	default:
		return err
	}
}

// primary is the part of a result code that is not its extension.
const primary = 0xff

// primaryCode is SQLite's result code without its extension, 0 when err is not
// SQLite's.
func primaryCode(err error) int { return resultCode(err) & primary }

// resultCode is SQLite's result code with its extension, 0 when err is not
// SQLite's.
func resultCode(err error) int {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return 0
	}
	return failure.Code()
}
