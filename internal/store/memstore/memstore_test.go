package memstore_test

import (
	"testing"

	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
	"github.com/posthorn/posthorn/internal/store/storetest"
)

func open(*testing.T) store.Store { return memstore.New() }

// The specification in code agrees with the contract in words.
func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}

// Two stores with the same history are the same: the comparison itself has no
// randomness of its own.
func TestComparesEqualToItself(t *testing.T) {
	t.Parallel()
	storetest.Compare(t, open, storetest.Checks(100))
}
