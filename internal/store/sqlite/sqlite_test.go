package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/sqlite"
	"github.com/posthorn/posthorn/internal/store/storetest"
)

func open(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "posthorn.db"))
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

// Invariant: SQLite answers like the specification, whatever is asked.
func TestLikeTheSpecification(t *testing.T) {
	t.Parallel()
	storetest.Compare(t, open)
}
