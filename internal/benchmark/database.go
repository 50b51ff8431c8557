package benchmark

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// The kinds of database. Another one needs a name here, its URL, and to be opened.
const databaseSQLite = "sqlite"

// Databases returns the kinds of database that can be measured.
func Databases() []string { return []string{databaseSQLite} }

// databaseURL is what the server is told of a database that belongs to a directory.
func databaseURL(kind, directory string) string {
	return kind + ":" + filepath.Join(directory, "posthorn.db")
}

// openDatabase opens the database that belongs to a directory, while no server does.
func openDatabase(ctx context.Context, kind, directory string) (store.Store, error) {
	if kind != databaseSQLite {
		return nil, fmt.Errorf("%q is not a database that can be measured; use one of %s", kind, strings.Join(Databases(), ", "))
	}
	return sqlite.Open(ctx, filepath.Join(directory, "posthorn.db"))
}
