package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: the log stays about as long as it may be, however much is written: it
// is moved into the database as the server goes on.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const page, piece = 4096, 1 << 20
	for n := range 3 * longLog * page / piece {
		if err := s.KeepAnswer(t.Context(), store.IdempotencyKey{Scope: "s", Key: fmt.Sprint(n)}, store.Answer{Body: make([]byte, piece)}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(longLog*page) * 3 / 2; log.Size() > most {
		t.Errorf("the log has %d bytes, want at most %d", log.Size(), most)
	}
}

// Invariant: a log that a read holds up grows, and is cut when the read has ended: its
// file tells whoever watches it.
func TestLogThatIsHeldUpShowsInItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	other, err := openPool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	const piece = 1 << 20
	keep := func(name string, count int) {
		t.Helper()
		for n := range count {
			if err := s.KeepAnswer(t.Context(), store.IdempotencyKey{Scope: name, Key: fmt.Sprint(n)}, store.Answer{Body: make([]byte, piece)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	reading, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var count int
	if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&count); err != nil {
		t.Fatal(err)
	}
	length := func() int64 {
		t.Helper()
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	const limit = 64 << 20 // of what is left of a log that was longer
	keep("held up", limit/piece+20)
	if held := length(); held < limit {
		t.Errorf("a log that is held up has %d bytes", held)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	keep("free", 3)
	if free := length(); free > limit {
		t.Errorf("when nobody reads any more it has %d bytes", free)
	}
}

// Invariant: a copy whose books don't agree with its deliveries is no backup.
func TestBackUpComparesTheBooks(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	err = s.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO webhook_stats VALUES (x'01', 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "copy.db")
	if _, err := BackUp(t.Context(), path, target); err == nil || !strings.Contains(err.Error(), "7 deliveries are pending, and there are 0") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("there is a copy")
	}
}
