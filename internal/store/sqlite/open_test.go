package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/store/sqlite"
)

// Invariant: a second opener of the same file is refused and told who has it.
func TestSecondOpenerIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	openAt(t, path)
	_, err := sqlite.Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("got %v", err)
	}
}

// Invariant: a database that a newer version has changed is refused and left alone.
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	if err := openAt(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %v", err)
	}
}

// Invariant: a database whose tables are not those that this program makes is refused,
// however small the difference is, says what to do, and is left alone.
func TestForeignSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]string{
		"a column has another name": "ALTER TABLE keys RENAME COLUMN start TO beginning",
		"a column is missing":       "ALTER TABLE nodes DROP COLUMN pings",
		"a column is new":           "ALTER TABLE webhooks ADD COLUMN colour TEXT",
		"an index is missing":       "DROP INDEX deliveries_due",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "posthorn.db")
			if err := openAt(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			alter(t, path, "CREATE TABLE notes (text TEXT)", "CREATE INDEX attempts_by_number ON attempts (number)")
			if err := openAt(t, path).Close(); err != nil {
				t.Fatalf("what somebody made besides is not let be: %v", err)
			}
			alter(t, path, change)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sqlite.Open(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), "move the database away") || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func alter(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Invariant: the files are their owner's alone.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data")
	openAt(t, filepath.Join(directory, "posthorn.db"))
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", entry.Name(), info.Mode())
		}
	}
	if len(entries) < 3 {
		t.Errorf("only %d files", len(entries))
	}
}

// Invariant: a file that is no database is refused and left as it is.
func TestForeignFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	text := []byte(strings.Repeat("not a database\n", 1000))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); err == nil {
		t.Fatal("opened")
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(text) {
		t.Errorf("changed: %v", err)
	}
}

// Invariant: a start that may not write to its directory says what to do.
func TestStartOnReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.Chmod(directory, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		directory = "/sys" // nobody can make files there
	}
	for _, path := range []string{filepath.Join(directory, "posthorn.db"), filepath.Join(directory, "data", "posthorn.db")} {
		_, err := sqlite.Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), "writable for this user") || !strings.Contains(err.Error(), path[:len(directory)]) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
