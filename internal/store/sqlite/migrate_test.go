package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posthorn/posthorn/internal/store/migration"
)

// Invariant: who asks a start to stop in the middle of a migration is obeyed at once;
// the steps before are done, the one under way is undone, and the next start does it.
func TestStoppedDuringMigration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	db, err := openPool(path, 1, "journal_mode(wal)", "cache_size(16)") // so little that the log grows soon
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	other, err := openPool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	isThere := func(table string) bool {
		var count int
		if err := other.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE name = ?", table).Scan(&count); err != nil {
			t.Fatal(err)
		}
		return count > 0
	}
	step := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)} }
	endless := `CREATE TABLE second (n INTEGER);
INSERT INTO second WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted) SELECT n FROM counted;`
	steps := fstest.MapFS{"0001_first.sql": step("CREATE TABLE first (n INTEGER);"), "0002_second.sql": step(endless)}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- migration.Run(ctx, db, steps) }()
	often := time.NewTicker(2 * time.Millisecond)
	defer often.Stop()
	const underWay = 1 << 20 // more than the steps before have written
	for written := int64(0); written < underWay; <-often.C {
		if info, err := os.Stat(path + "-wal"); err == nil {
			written = info.Size()
		}
	}
	stop()
	select {
	case err := <-ended:
		if err == nil {
			t.Fatal("a step that was stopped is taken for done")
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the migration goes on")
	}
	if !isThere("first") || isThere("second") {
		t.Error("a step that was done is undone, or the one under way is there")
	}
	if findings, err := check(t.Context(), other); err != nil || len(findings) > 0 {
		t.Errorf("found %q, %v", findings, err)
	}

	steps["0002_second.sql"] = step("CREATE TABLE second (n INTEGER);")
	if err := migration.Run(t.Context(), db, steps); err != nil || !isThere("second") {
		t.Errorf("the next start: %v", err)
	}
}
