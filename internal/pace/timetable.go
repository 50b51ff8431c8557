package pace

import (
	"container/heap"
	"time"
)

// Timetable orders members by a time that each has. The zero Timetable is ready
// for use.
type Timetable[M comparable] struct{ entries entries[M] }

// Set puts a member at a time, or moves it there.
func (t *Timetable[M]) Set(member M, at time.Time) {
	if t.entries.places == nil {
		t.entries.places = map[M]int{}
	}
	place, known := t.entries.places[member]
	if !known {
		heap.Push(&t.entries, entry[M]{member, at})
		return
	}
	t.entries.list[place].at = at
	heap.Fix(&t.entries, place)
}

// Remove takes a member out, if it is there.
func (t *Timetable[M]) Remove(member M) {
	if place, known := t.entries.places[member]; known {
		heap.Remove(&t.entries, place)
	}
}

// First returns the member with the earliest time, and that time; the answer is
// false when nobody is there.
func (t *Timetable[M]) First() (M, time.Time, bool) {
	if len(t.entries.list) == 0 {
		var nobody M
		return nobody, time.Time{}, false
	}
	return t.entries.list[0].member, t.entries.list[0].at, true
}

type entry[M comparable] struct {
	member M
	at     time.Time
}

// entries implements heap.Interface.
type entries[M comparable] struct {
	list   []entry[M]
	places map[M]int
}

func (e *entries[M]) Len() int           { return len(e.list) }
func (e *entries[M]) Less(i, j int) bool { return e.list[i].at.Before(e.list[j].at) }
func (e *entries[M]) Swap(i, j int) {
	e.list[i], e.list[j] = e.list[j], e.list[i]
	e.places[e.list[i].member], e.places[e.list[j].member] = i, j
}

func (e *entries[M]) Push(x any) {
	added := x.(entry[M]) //nolint:forcetypeassert // only Set calls it
	e.places[added.member] = len(e.list)
	e.list = append(e.list, added)
}

func (e *entries[M]) Pop() any {
	last := len(e.list) - 1
	removed := e.list[last]
	e.list[last] = entry[M]{}
	e.list = e.list[:last]
	delete(e.places, removed.member)
	return removed
}
