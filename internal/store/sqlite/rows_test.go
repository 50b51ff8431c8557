package sqlite

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
)

func newRows(t *testing.T, s *Store) groupBench {
	t.Helper()
	g := groupBench{
		environment: posthorn.NewID[posthorn.EnvironmentID](time.Now(), rand.Uint64), webhook: posthorn.NewID[posthorn.WebhookID](time.Now(), rand.Uint64), data: []byte(`1`),
	}
	err := s.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, posthorn.Environment{ID: g.environment})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Invariant: however many rows are inserted together, and whatever runs between them, each is kept with
// what is its own.
func TestRowsInsertedTogetherAreWhole(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	const most = 2*rowsAtOnce + 1
	for count := range most {
		details := map[posthorn.DeliveryID]string{}
		err := s.write(t.Context(), func(tx *tx) error {
			for i := range count {
				submission, recording := g.next()
				if i == most/2 {
					submission.Entries[0].Event.Data = []byte(strings.Repeat("x", 2*pageSize))
				}
				recording.Attempt.Outcome.Detail = strings.Repeat("x", i)
				if i%5 == 4 { // too long for its row
					recording.Attempt.Outcome.Detail = strings.Repeat("x", maxInRow+i)
				}
				details[recording.Lease.DeliveryID] = recording.Attempt.Outcome.Detail
				if _, err := tx.accept(&submission); err != nil {
					return err
				}
				if err := tx.record(&recording); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range details {
			attempts, err := s.Attempts(t.Context(), id, 0, 2)
			if err != nil || len(attempts) != 1 || attempts[0].Outcome.Detail != want {
				t.Fatalf("of %d: %v, %v; want one with a detail of %d bytes", count, attempts, err, len(want))
			}
		}
	}
}

// Invariant: a long row waits for no others: SQLite copies what one statement inserts, and of
// sixteen events that would be much.
func TestLongRowsGoAtOnce(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	var waiting []int
	err := s.write(t.Context(), func(tx *tx) error {
		for _, length := range []int{1, pageSize - 1, pageSize, 1} {
			submission, _ := g.next()
			submission.Entries[0].Event.Data = make([]byte, length)
			if _, err := tx.accept(&submission); err != nil {
				return err
			}
			waiting = append(waiting, len(tx.events.waiting)/tx.events.columns)
		}
		return nil
	})
	if want := []int{1, 2, 0, 1}; err != nil || !slices.Equal(waiting, want) {
		t.Errorf("%v; %v rows wait after short, short, long, short; want %v", err, waiting, want)
	}
}

// Invariant: rows that wait when everything is rolled back are never written: SQLite may have ended the
// transaction by itself, and outside of one they would stay.
func TestWhatIsRolledBackIsNotInserted(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	submission, recording := g.next()
	failure := errors.New("no")
	before := changedRows(t, s)
	err := s.write(t.Context(), func(tx *tx) error {
		if _, err := tx.accept(&submission); err != nil {
			return err
		}
		return errors.Join(tx.record(&recording), failure)
	})
	if after := changedRows(t, s); !errors.Is(err, failure) || after != before {
		t.Errorf("%v, and %d rows were written; want %v and none", err, after-before, failure)
	}
}

// changedRows is how many rows the writing connection has changed, rolled back or not.
func changedRows(t *testing.T, s *Store) int {
	t.Helper()
	var changed int
	if err := s.write(t.Context(), func(tx *tx) error { return tx.get(`SELECT total_changes()`, nil, &changed) }); err != nil {
		t.Fatal(err)
	}
	return changed
}

// Invariant: a write that fails before it has changed anything is nobody else's trouble, even if
// another's rows were inserted when it asked for something.
func TestWaitingRowsAreNotTheAskersChanges(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	submission, _ := g.next()
	release := occupy(t, s)
	var group sync.WaitGroup
	var accepted, failed error
	runs := 0
	submitted(t, s, &group, 1, &accepted, func() error {
		return s.write(t.Context(), func(tx *tx) error {
			runs++
			_, err := tx.accept(&submission)
			return err
		})
	})
	submitted(t, s, &group, 2, &failed, func() error {
		return s.write(t.Context(), func(tx *tx) error {
			var webhook int
			return tx.get(`SELECT 1 FROM webhooks WHERE id = ?`, []any{g.webhook[:]}, &webhook)
		})
	})
	release()
	group.Wait()
	if accepted != nil || !errors.Is(failed, posthorn.ErrNotFound) || runs != 1 {
		t.Errorf("accepted: %v after %d runs, the other: %v; want one run and %v", accepted, runs, failed, posthorn.ErrNotFound)
	}
}

// Invariant: once a statement has failed, nothing is written before the rollback.
func TestNothingFollowsStatsThatFail(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	err := s.write(t.Context(), func(tx *tx) error {
		if _, err := tx.exec(`DROP TABLE webhook_stats`); err != nil {
			return err
		}
		for i := range saveEvery + rowsAtOnce {
			g.webhook = posthorn.WebhookID{byte(i)}
			submission, _ := g.next()
			if i < saveEvery {
				submission.Entries[0].Deliveries = nil
			}
			if _, err := tx.accept(&submission); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		t.Fatal("stats were written without their table")
	}
	var until, saved int64
	err = s.write(t.Context(), func(tx *tx) error {
		until, saved = tx.until, tx.saved
		return nil
	})
	if err != nil || saved != until {
		t.Errorf("%v; all is said to be written until %d, and it is until %d", err, saved, until)
	}
}
