package migration_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/posthorn/posthorn/internal/store/migration"
)

func steps(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range texts {
		files["000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return files
}

// Invariant: a database is brought up to date when it is what the steps that it has had
// make, however they came to it; when one of those steps was changed since, it is refused
// before any further step, and says so again at the next start.
func TestChangedStepIsRefused(t *testing.T) {
	t.Parallel()
	const first, changed, second = "CREATE TABLE a (n INTEGER);", "CREATE TABLE a (n INTEGER, m INTEGER);", "ALTER TABLE a ADD COLUMN o INTEGER;\nCREATE INDEX a_by_n ON a (n);"
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "some.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	columns := func() int {
		var count int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pragma_table_info('a')").Scan(&count); err != nil {
			t.Fatal(err)
		}
		return count
	}
	for range 2 {
		if err := migration.Run(t.Context(), db, steps(first)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := migration.Run(t.Context(), db, steps(changed, second)); err == nil || !strings.Contains(err.Error(), "schema 1") || columns() != 1 {
			t.Errorf("%d columns, %v", columns(), err)
		}
	}
	for range 2 {
		if err := migration.Run(t.Context(), db, steps(first, second)); err != nil || columns() != 2 {
			t.Errorf("%d columns, %v", columns(), err)
		}
	}
	if err := migration.Run(t.Context(), db, steps(first, second+" -- and why")); err != nil {
		t.Errorf("a remark behind a statement is taken for another schema: %v", err)
	}
}
