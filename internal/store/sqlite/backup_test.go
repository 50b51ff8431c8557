package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/posthorn/posthorn/internal/store"
)

// Invariant: a copy that is taken while the server writes holds everything that
// was acknowledged before, is whole, its owner's alone, and can be started with.
func TestBackUpUnderLoad(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.write(t.Context(), keepAnswerNamed("last")); err != nil {
		t.Fatal(err)
	}
	over, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() {
		for i := 0; over.Err() == nil; i++ {
			if err := s.write(context.WithoutCancel(over), keepAnswerNamed(fmt.Sprint("load", i))); err != nil {
				t.Errorf("a write meanwhile: %v", err)
			}
		}
	})
	target := filepath.Join(t.TempDir(), "copy.db")
	made, err := BackUp(t.Context(), path, target)
	stop()
	load.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(target)
	if err != nil || info.Size() != made.Bytes || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; told %+v", info, err, made)
	}
	restored, err := Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	for _, name := range []string{"0", "49", "last"} {
		if _, err := restored.Answer(t.Context(), store.IdempotencyKey{Scope: "s", Key: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Invariant: a copy overwrites nothing, and one that can't be finished leaves
// nothing that could be taken for one.
func TestBackUpLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	path := filled(t)
	directory := t.TempDir()
	target := filepath.Join(directory, "copy.db")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := BackUp(t.Context(), path, target); !errors.Is(err, fs.ErrExist) || string(contents(t, target)) != "precious" {
		t.Errorf("over a file: %v", err)
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := BackUp(given, path, filepath.Join(directory, "b")); err == nil {
		t.Error("a copy that was given up is made")
	}
	damagePage(t, path, int64(len(contents(t, path)))/4096-3)
	if _, err := BackUp(t.Context(), path, filepath.Join(directory, "c")); err == nil {
		t.Error("a damaged database is copied")
	}
	if _, err := BackUp(t.Context(), filepath.Join(directory, "absent"), filepath.Join(directory, "d")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent database: %v", err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
