// Package storetest says in tests what the store's interfaces say in words. Run
// has a case for each sentence of the contract; Compare does random things to an
// engine and to memstore and wants the same results. Every engine passes both.
package storetest

import (
	"testing"

	"github.com/posthorn/posthorn/internal/store"
)

// Option tells of an engine what the contract leaves open.
type Option func(*settings)

type settings struct {
	shared bool
	reopen func(store.Store) store.Store
	checks int
}

// Shared says that several nodes can use the database at once, so that joining
// gives back nobody else's leases.
func Shared() Option { return func(s *settings) { s.shared = true } }

// Reopen gives Compare a way to close the engine and open its database again,
// which it then does now and then.
func Reopen(reopen func(store.Store) store.Store) Option {
	return func(s *settings) { s.reopen = reopen }
}

// Checks sets how many random histories Compare tries; without it, 50.
func Checks(n int) Option { return func(s *settings) { s.checks = n } }

func settingsOf(options []Option) settings {
	s := settings{checks: 50}
	for _, option := range options {
		option(&s)
	}
	return s
}

// testCase guards one sentence of the contract.
type testCase struct {
	name string
	// alone cases need a database that nobody else has written to; the others
	// share one, each with a tenant of its own.
	alone bool
	run   func(*world)
}

// Run tests the engine that open opens against the contract of store.Store, in
// parallel subtests. Open is called many times and gives an empty database each
// time; Run closes what it opened.
func Run(t *testing.T, open func(t *testing.T) store.Store, options ...Option) {
	t.Helper()
	s := settingsOf(options)
	areas := []struct {
		name  string
		cases []testCase
	}{
		{"Claim", claimCases()},
		{"Record", recordCases()},
		{"Leases", leaseCases(s)},
		{"Suspects", suspectCases(s)},
		{"Rewind", rewindCases()},
		{"Moves", moveCases()},
		{"Replays", replayCases()},
		{"Accept", acceptCases()},
		{"Idempotency", idempotencyCases()},
		{"Ledger", ledgerCases()},
		{"Tenants", tenantCases()},
		{"Catalogue", catalogueCases()},
		{"Formats", formatCases()},
		{"Keys", keyCases()},
		{"SigningKeys", signingKeyCases()},
		{"Limits", limitCases()},
		{"Every", everyCases()},
	}
	for _, area := range areas {
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			common := opened(t, open)
			for _, c := range area.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					engine := common
					if c.alone {
						engine = opened(t, open)
					}
					c.run(newWorld(t, engine))
				})
			}
		})
	}
}

func opened(t *testing.T, open func(t *testing.T) store.Store) store.Store {
	t.Helper()
	engine := open(t)
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return engine
}
