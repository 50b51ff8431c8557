package storetest

import (
	"flag"
	"testing"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// Compare does random things to the engine that open opens and to memstore, with
// the same inputs, and wants the same results and at the end the same contents.
// What it finds it shrinks to the shortest history that shows it. It leaves out
// what the contract leaves open, such as which deliveries a limited CancelPending
// takes first. Open is called for every history and gives an empty database.
//
// The flag -rapid.checks overrides the number of histories.
func Compare(t *testing.T, open func(t *testing.T) store.Store, options ...Option) {
	t.Helper()
	s := settingsOf(options)
	budget := newBudget(s.checks)
	rapid.Check(t, func(rt *rapid.T) {
		if !budget.allows() {
			return
		}
		engine := open(t)
		m := newMachine(rt, engine, memstore.New(), s)
		defer m.close()
		rt.Repeat(m.actions())
		m.compareContents()
		budget.passed()
	})
}

// budget ends a check early: opening databases is slow, so most engines should
// not pay for as many histories as rapid tries by itself. Once a history has
// failed, all are run, so that it can be shrunk.
type budget struct {
	limit    int
	begun    int
	finished int
}

func newBudget(limit int) *budget {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.checks" {
			limit = int(^uint(0) >> 1)
		}
	})
	return &budget{limit: limit}
}

func (b *budget) allows() bool {
	if failed := b.finished < b.begun; !failed && b.begun >= b.limit {
		return false
	}
	b.begun++
	return true
}

func (b *budget) passed() { b.finished++ }
