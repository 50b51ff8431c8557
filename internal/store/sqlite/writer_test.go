package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func openStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "posthorn.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func keepAnswerNamed(name string) func(tx *tx) error {
	return func(tx *tx) error {
		return tx.keepAnswer(store.IdempotencyKey{Scope: "s", Key: name}, store.Answer{})
	}
}

// occupy makes the writer wait inside a write until release is called.
func occupy(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_ = s.write(t.Context(), func(*tx) error {
			close(entered)
			<-leave
			return nil
		})
	})
	<-entered
	return func() {
		close(leave)
		done.Wait()
	}
}

// waitForQueue returns when so many writes wait for the writer, which is
// occupied.
func waitForQueue(s *Store, count int) {
	for len(s.writer.accepting)+len(s.writer.others) < count {
		runtime.Gosched()
	}
}

// Invariant: writes that wait together are committed together, and one that
// fails after changing something takes back its own change alone.
func TestOneFailureIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	release := occupy(t, s)
	const count = 20
	failure := errors.New("no")
	errs := make([]error, count)
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() {
			errs[i] = s.write(t.Context(), func(tx *tx) error {
				if err := keepAnswerNamed(fmt.Sprint(i))(tx); err != nil {
					return err
				}
				if i == 7 {
					return failure
				}
				return nil
			})
		})
	}
	waitForQueue(s, count)
	release()
	group.Wait()
	for i, err := range errs {
		_, kept := s.Answer(t.Context(), store.IdempotencyKey{Scope: "s", Key: fmt.Sprint(i)})
		if i == 7 {
			if !errors.Is(err, failure) || !errors.Is(kept, posthorn.ErrNotFound) {
				t.Errorf("the failing write: %v, kept: %v", err, kept)
			}
			continue
		}
		if err != nil || kept != nil {
			t.Errorf("write %d: %v, kept: %v", i, err, kept)
		}
	}
}

// Invariant: the queue of writes is bounded: what may be refused is refused at
// once when it is full, and nothing that was taken is lost.
func TestFullQueueRefuses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	release := occupy(t, s)
	var group sync.WaitGroup
	results := make([]error, maxWaiting)
	for i := range maxWaiting {
		group.Go(func() { results[i] = s.writeOrRefuse(t.Context(), 1, func(*tx) error { return nil }) })
	}
	waitForQueue(s, maxWaiting)
	if err := s.writeOrRefuse(t.Context(), 1, func(*tx) error { return nil }); !errors.Is(err, posthorn.ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	release()
	group.Wait()
	if err := errors.Join(results...); err != nil {
		t.Error(err)
	}
}

// Invariant: a failed transaction leaves no cached version behind.
func TestRollbackForgetsVersions(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	environment := posthorn.Environment{ID: posthorn.EnvironmentID{1}}
	if err := s.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, environment); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no")
	err := s.write(t.Context(), func(tx *tx) error {
		if err := tx.directoryChanged(environment.ID); err != nil {
			return err
		}
		if _, err := tx.version(&environment.ID); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if _, err := s.Accept(t.Context(), store.Submission{EnvironmentID: environment.ID, Version: 1}); err != nil {
		t.Errorf("the version that was rolled back is believed: %v", err)
	}
}

// Invariant: closing finishes what was taken, refuses what comes later, and can
// be repeated.
func TestClose(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if err := s.write(t.Context(), keepAnswerNamed("a")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.write(t.Context(), keepAnswerNamed("b")); !errors.Is(err, errClosed) {
		t.Errorf("after closing: %v", err)
	}
}

// Invariant: a SQLite that can lose committed writes is not used.
func TestSafeVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"3.51.3": true, "3.54.1": true, "3.51": false, "4.0.0": true, "3.51.2": false, "3.7.0": false, "": false, "3.x.9": false} {
		if isSafeVersion(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}

// Invariant: a full disk is told as such, nothing of a refused write is kept, and
// everything goes on by itself when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if _, err := s.Join(t.Context(), posthorn.NodeID{1}, time.Unix(1, 0), rand.Uint64); err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		t.Helper()
		if err := s.write(t.Context(), func(tx *tx) error {
			_, err := tx.exec("PRAGMA max_page_count = " + pages)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // SQLite takes the present size
	big := func(tx *tx) error {
		return tx.keepAnswer(store.IdempotencyKey{Scope: "s", Key: "big"}, store.Answer{Body: make([]byte, 1<<20)})
	}
	err := s.write(t.Context(), big)
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeStorageFull}) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Answer(t.Context(), store.IdempotencyKey{Scope: "s", Key: "big"}); !errors.Is(err, posthorn.ErrNotFound) {
		t.Errorf("something of the refused write is kept: %v", err)
	}
	limit("1000000")
	if err := s.write(t.Context(), big); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}
