package unwritten_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store/unwritten"
)

// model is a book that is copied for each transaction.
type model struct {
	lists   map[int64][]posthorn.DeliveryID
	written map[posthorn.DeliveryID]bool
	last    int64
}

func (m model) clone() model {
	return model{lists: maps.Clone(m.lists), written: maps.Clone(m.written), last: m.last}
}

func (m model) missing() []posthorn.DeliveryID {
	var found []posthorn.DeliveryID
	for _, sequence := range slices.Sorted(maps.Keys(m.lists)) {
		for _, id := range m.lists[sequence] {
			if !m.written[id] {
				found = append(found, id)
			}
		}
	}
	return found
}

func (m model) writtenUntil() int64 {
	for _, sequence := range slices.Sorted(maps.Keys(m.lists)) {
		for _, id := range m.lists[sequence] {
			if !m.written[id] {
				return sequence - 1
			}
		}
	}
	return m.last
}

// Invariant: whatever is promised, written, committed and rolled back, the book knows exactly what
// is promised and not written, and until where nothing is missing; and what it calls overdue is
// enough, and no more than the events at its beginning.
func TestBookIsLikeItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(0, 1000).Draw(t, "first")
		b := unwritten.NewBook(first)
		committed := model{lists: map[int64][]posthorn.DeliveryID{}, written: map[posthorn.DeliveryID]bool{}, last: first}
		now := committed.clone()
		t.Repeat(map[string]func(*rapid.T){
			"event": func(t *rapid.T) {
				now.last++
				if got := b.Next(); got != now.last {
					t.Fatalf("the next event is %d, want %d", got, now.last)
				}
				deliveries := make([]unwritten.Delivery, rapid.IntRange(0, 4).Draw(t, "deliveries"))
				if len(deliveries) == 0 {
					return
				}
				for i := range deliveries {
					deliveries[i].EnvironmentID = posthorn.EnvironmentID{byte(rapid.IntRange(1, 2).Draw(t, "environment"))}
					deliveries[i].ID = posthorn.NewID[posthorn.DeliveryID](time.UnixMilli(now.last), rand.Uint64)
					now.lists[now.last] = append(now.lists[now.last], deliveries[i].ID)
				}
				b.Promise(now.last, deliveries)
			},
			"write": func(t *rapid.T) {
				missing := now.missing()
				if len(missing) == 0 {
					return
				}
				id := rapid.SampledFrom(missing).Draw(t, "written")
				b.Written(id)
				b.Written(id) // again says nothing new
				now.written[id] = true
			},
			"write what is overdue": func(t *rapid.T) {
				most := rapid.IntRange(0, 10).Draw(t, "most")
				for _, d := range b.Overdue(1<<40, most) {
					b.Written(d.ID)
					now.written[d.ID] = true
				}
				listed := 0
				for sequence, ids := range now.lists {
					if sequence > now.writtenUntil() {
						listed += len(ids)
					}
				}
				if listed > most {
					t.Errorf("%d are listed after the last that is written, want at most %d", listed, most)
				}
			},
			"commit":    func(*rapid.T) { b.Commit(); committed = now.clone() },
			"roll back": func(*rapid.T) { b.RollBack(); now = committed.clone() },
			"": func(t *rapid.T) {
				for _, id := range now.missing() {
					if d := b.Get(id); d == nil || d.ID != id {
						t.Errorf("the transaction doesn't know that %s is missing", id)
					}
				}
				readers := now.clone()
				readers.written = committed.written // as readers of the database know it
				seen := readers.missing()
				if got := b.WrittenUntil(); b.Len() != len(seen) || got != now.writtenUntil() {
					t.Errorf("%d are missing, want %d, and all is written until %d, want %d", b.Len(), len(seen), got, now.writtenUntil())
				}
				for id := range now.written {
					if b.Get(id) != nil {
						t.Errorf("the transaction doesn't know that it has written %s", id)
					}
				}
				wanted := func(unwritten.Delivery) bool { return true }
				var got []posthorn.DeliveryID
				parts := len(b.Find(posthorn.EnvironmentID{1}, wanted)) + len(b.Find(posthorn.EnvironmentID{2}, wanted))
				for _, d := range b.Find(posthorn.EnvironmentID{}, wanted) {
					got = append(got, d.ID)
					of := func(other unwritten.Delivery) bool { return other.ID == d.ID }
					if found := b.Find(d.EnvironmentID, of); len(found) != 1 {
						t.Errorf("its environment has %d of a delivery", len(found))
					}
				}
				if parts != len(got) {
					t.Errorf("the environments have %d of %d deliveries", parts, len(got))
				}
				order := func(a, b posthorn.DeliveryID) int { return slices.Compare(a[:], b[:]) }
				slices.SortFunc(got, order)
				slices.SortFunc(seen, order)
				if diff := cmp.Diff(seen, got); diff != "" {
					t.Errorf("missing are (-want +got):\n%s", diff)
				}
			},
		})
	})
}

// Invariant: as long as the lists of all events since the last that is written as a whole are no longer than they may
// be, nothing is overdue; then the oldest are, and no others.
func TestOverdueAreTheOldest(t *testing.T) {
	t.Parallel()
	b := unwritten.NewBook(0)
	var ids []posthorn.DeliveryID
	for i := range 10 {
		id := posthorn.NewID[posthorn.DeliveryID](time.UnixMilli(int64(i)), rand.Uint64)
		ids = append(ids, id)
		b.Promise(b.Next(), []unwritten.Delivery{{ID: id}})
		if i > 0 {
			b.Written(id)
		}
		b.Commit()
	}
	if overdue := b.Overdue(1<<40, 10); len(overdue) > 0 {
		t.Errorf("overdue is %v", overdue)
	}
	overdue := b.Overdue(1<<40, 9)
	if len(overdue) != 1 || overdue[0].ID != ids[0] || b.WrittenUntil() != 0 {
		t.Fatalf("overdue is %v, and all is written until %d", overdue, b.WrittenUntil())
	}
	b.Written(ids[0])
	b.Commit()
	if b.WrittenUntil() != 10 || b.Len() != 0 || len(b.Overdue(1<<40, 0)) != 0 {
		t.Errorf("all is written until %d, %d are missing", b.WrittenUntil(), b.Len())
	}
}

// Invariant: of events without open deliveries there may be any number, but no more than so many after one that has some.
func TestOldEventsAreOverdue(t *testing.T) {
	t.Parallel()
	b := unwritten.NewBook(0)
	id := posthorn.NewID[posthorn.DeliveryID](time.UnixMilli(1), rand.Uint64)
	b.Promise(b.Next(), []unwritten.Delivery{{ID: id}})
	for range 9 {
		b.Next()
		b.Commit()
	}
	if overdue := b.Overdue(10, 100); len(overdue) > 0 {
		t.Errorf("with nine events after it overdue is %v", overdue)
	}
	b.Next()
	if overdue := b.Overdue(10, 100); len(overdue) != 1 || overdue[0].ID != id {
		t.Errorf("with ten events after it overdue is %v", overdue)
	}
}

// Invariant: lists that were rolled back count no more.
func TestRollBackForgetsLists(t *testing.T) {
	t.Parallel()
	b := unwritten.NewBook(0)
	promise := func() {
		b.Promise(b.Next(), []unwritten.Delivery{{ID: posthorn.NewID[posthorn.DeliveryID](time.UnixMilli(1), rand.Uint64)}})
	}
	promise()
	b.RollBack()
	promise()
	b.Commit()
	if overdue := b.Overdue(1<<40, 1); len(overdue) > 0 || b.Len() != 1 {
		t.Errorf("overdue is %v, and %d are missing", overdue, b.Len())
	}
}
