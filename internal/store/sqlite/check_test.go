package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// filled makes a database with answers in it and returns its path; no server uses
// it.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if err := s.KeepAnswer(t.Context(), store.IdempotencyKey{Scope: "s", Key: fmt.Sprint(i)}, store.Answer{Body: make([]byte, 3000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Invariant: a database with a damaged page is refused at the start, with what to
// do, and nothing of it is changed.
func TestDamagedPageIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	path := filled(t)
	damagePage(t, path, int64(len(contents(t, path)))/4096-3)
	before := contents(t, path)
	_, err := Open(t.Context(), path)
	if err == nil {
		t.Fatal("it was opened")
	}
	for _, want := range []string{path, "database check", "put a backup in its place"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if !bytes.Equal(before, contents(t, path)) {
		t.Error("the file was changed")
	}
	findings, err := Check(t.Context(), path)
	if err != nil || len(findings) == 0 {
		t.Errorf("the full check found %q, %v", findings, err)
	}
}

// Invariant: the check at the start is for short files and for what a kill has
// left, and takes no longer than its limit; what it has no time for is no fault.
func TestCheckAtStartIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	for _, step := range []struct {
		file string
		size int64
		want bool
	}{{path, 0, true}, {path, smallFile, true}, {path, smallFile + 1, false}, {path + "-wal", 0, false}, {path + "-wal", 1, true}} {
		file, err := os.OpenFile(step.file, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.Truncate(step.size), file.Close()); err != nil {
			t.Fatal(err)
		}
		if mustCheck(path) != step.want {
			t.Errorf("with %s of %d bytes: %v", filepath.Base(step.file), step.size, !step.want)
		}
	}
	db, err := openExisting(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := checkAtStart(t.Context(), db, time.Nanosecond); err != nil {
		t.Errorf("no time: %v", err)
	}
	if err := checkAtStart(t.Context(), db, time.Minute); err != nil {
		t.Errorf("time enough: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := checkAtStart(over, db, time.Minute); err == nil {
		t.Error("a start that was given up goes on")
	}
}

// Invariant: the full check finds nothing in a sound database, also while a
// server uses it, and doesn't make one that isn't there.
func TestCheckOfASoundDatabase(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.write(t.Context(), keepAnswerNamed("later")); err != nil {
		t.Fatal(err)
	}
	if findings, err := Check(t.Context(), path); err != nil || len(findings) > 0 {
		t.Errorf("found %q, %v", findings, err)
	}
	absent := filepath.Join(t.TempDir(), "absent.db")
	if _, err := Check(t.Context(), absent); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent one: %v", err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("the check has made it")
	}
}

// A log is a header, and a frame with a header of its own for each page.
const (
	logHeader = 32
	frame     = 24 + 4096
)

// atKill makes a directory as a kill leaves it, with the log as given.
func atKill(t *testing.T, database, log []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	if err := errors.Join(os.WriteFile(path, database, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Invariant: wherever the end of the log is torn off or damaged, the start
// succeeds, everything that was acknowledged before is there, and the start tells how
// much was left out.
func TestTornLog(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const count = 8
	ends := make([]int, count) // of the log, when each was acknowledged
	for i := range count {
		if err := s.write(t.Context(), keepAnswerNamed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		ends[i] = len(contents(t, source+"-wal"))
	}
	database, log := contents(t, source), contents(t, source+"-wal")
	type tear struct{ at, kept int }
	var tears []tear
	for i, end := range ends[:count-1] {
		tears = append(tears, tear{end, i + 1}, tear{end + 1, i + 1}, tear{end + 24, i + 1}, tear{ends[i+1] - 1, i + 1})
	}
	tears = append(tears, tear{len(log), count})
	for _, cut := range tears {
		torn := bytes.Clone(log[:cut.at])
		end := ends[cut.kept-1] // of what was acknowledged
		wantAnswers(t, atKill(t, database, torn), cut.kept, count, int64(cut.at-end))
		// The rest may also be there and be something else.
		damaged := bytes.Clone(log)
		for i := cut.at; i < len(damaged); i++ {
			damaged[i] ^= 0x5a
		}
		wantAnswers(t, atKill(t, database, damaged), cut.kept, count, int64(len(log)-end))
	}
}

// unknownTail is said where it isn't known how much of the log is torn.
const unknownTail = -1

// wantAnswers wants that the first answers are there after a start, and no other,
// and that the start tells how much of the log was left out.
func wantAnswers(t *testing.T, path string, kept, count int, tornTail int64) {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Errorf("with %d kept: %v", kept, err)
		return
	}
	defer s.Close()
	if got := s.TornTail(); got != tornTail && tornTail != unknownTail {
		t.Errorf("with %d kept: %d bytes are said to be torn, want %d", kept, got, tornTail)
	}
	for i := range count {
		_, err := s.Answer(t.Context(), store.IdempotencyKey{Scope: "s", Key: fmt.Sprint(i)})
		if i < kept && err != nil || i >= kept && !errors.Is(err, posthorn.ErrNotFound) {
			t.Errorf("with %d kept, answer %d: %v", kept, i, err)
		}
	}
	if err := s.write(t.Context(), keepAnswerNamed("later")); err != nil {
		t.Errorf("with %d kept, a write: %v", kept, err)
	}
}

// Invariant: a kill at any moment of the first start, the migrations included,
// leaves a database that the next start finishes.
func TestKilledDuringMigration(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	database, log := contents(t, source), contents(t, source+"-wal")
	frames := (len(log) - logHeader) / frame
	if frames < 20 {
		t.Fatalf("only %d pages were written: the test shows nothing", frames)
	}
	for i := range frames {
		wantAnswers(t, atKill(t, database, log[:logHeader+i*frame]), 0, 1, unknownTail)
	}
}

// Invariant: a database on a network file system is not opened, and nothing is made
// of it.
func TestNetworkFileSystemIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	_, err := openOn(t.Context(), path, func(string) (string, error) { return "NFS", nil })
	if err == nil || !strings.Contains(err.Error(), "network file system (NFS)") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

// Invariant: what an earlier use of the log has left behind its end, and an orderly
// stop, are not told as torn.
func TestLogThatIsWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for i := range 50 {
		if err := s.write(t.Context(), keepAnswerNamed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	other, err := openPool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if _, err := other.ExecContext(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		t.Fatal(err)
	}
	long := len(contents(t, path+"-wal"))
	if err := s.write(t.Context(), keepAnswerNamed("after")); err != nil {
		t.Fatal(err)
	}
	database, log := contents(t, path), contents(t, path+"-wal")
	if len(log) != long {
		t.Fatalf("the log has %d bytes after %d: it was not used again", len(log), long)
	}
	wantAnswers(t, atKill(t, database, log), 50, 50, 0)
}
