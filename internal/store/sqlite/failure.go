package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/posthorn/posthorn"
)

// explain turns a full disk into an error that says so; other errors stay.
func explain(err error) error {
	if primaryCode(err) != sqlite3.SQLITE_FULL {
		return err
	}
	full := &posthorn.Error{
		Code:    posthorn.CodeStorageFull,
		Message: "The server's disk is full; nothing was kept.",
		Hint:    "Free some space on the server and send the request again.",
	}
	return fmt.Errorf("%w (%w)", full, err)
}

// advise adds what to do about a database that can't be opened.
func advise(err error) error {
	switch primaryCode(err) {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w; it was left as it is: put a backup in its place, or choose another --data directory", err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w; make the file and its directory writable for this user", err)
	default:
		return err
	}
}

// primaryCode is SQLite's result code without its extension, 0 when err is not
// SQLite's.
func primaryCode(err error) int {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return 0
	}
	const primary = 0xff
	return failure.Code() & primary
}
