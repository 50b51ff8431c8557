package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
	"github.com/posthorn/posthorn/internal/store/storetest"
)

func open(t *testing.T) store.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "posthorn.db"))
}

func openAt(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Invariant: SQLite keeps every sentence of the store's contract.
func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

// Invariant: SQLite answers like the specification, whatever is asked, also when
// it is closed and opened again in between.
func TestLikeTheSpecification(t *testing.T) {
	t.Parallel()
	var paths sync.Map
	opened := func(t *testing.T) store.Store {
		t.Helper()
		path := filepath.Join(t.TempDir(), "posthorn.db")
		s := openAt(t, path)
		paths.Store(s, path)
		return s
	}
	storetest.Compare(t, opened, storetest.Reopen(func(before store.Store) store.Store {
		path, _ := paths.LoadAndDelete(before)
		if err := before.Close(); err != nil {
			t.Error(err)
		}
		after := openAt(t, path.(string))
		paths.Store(store.Store(after), path)
		return after
	}))
}
