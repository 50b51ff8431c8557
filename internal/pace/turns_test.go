package pace_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn/internal/pace"
)

// Invariant: groups are served one after the other, however many members one of
// them has, and members of a group in the order in which they came.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	var turns pace.Turns[string, int]
	for n := range 1000 {
		turns.Add("many", n)
	}
	turns.Add("lone", -1)
	turns.Add("pair", -2)
	turns.Add("pair", -3)
	for place, want := range []int{0, -1, -2, 1, -3, 2, 3} {
		if got, ok := turns.Next(); !ok || got != want {
			t.Errorf("at place %d: %d, want %d", place, got, want)
		}
	}
}

// Invariant: everybody who lines up is served once, and within a group nobody
// overtakes.
func TestTurnsLoseNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var turns pace.Turns[int, int]
		added, waiting := 0, 0
		last := map[int]int{}
		next := func() {
			member, ok := turns.Next()
			if ok != (waiting > 0) {
				t.Fatalf("somebody is there: %v; %d wait", ok, waiting)
			}
			if !ok {
				return
			}
			waiting--
			if group := member % 5; member < last[group] {
				t.Fatalf("%d is served after %d", member, last[group])
			} else {
				last[group] = member
			}
		}
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			if group := rapid.IntRange(0, 4).Draw(t, "remove from"); turns.Remove(group, 5*added+group) {
				waiting--
			} else if turns.Remove(group, -1) {
				t.Fatal("who was never there was removed")
			}
			if rapid.Bool().Draw(t, "add") {
				group := rapid.IntRange(0, 4).Draw(t, "group")
				added++
				turns.Add(group, 5*added+group)
				waiting++
				continue
			}
			next()
		}
		for waiting > 0 {
			next()
		}
		next()
	})
}

// Invariant: the timetable tells the earliest, whatever was set, moved and removed.
func TestTimetable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table pace.Timetable[int]
		wanted := map[int]time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			member := rapid.IntRange(0, 7).Draw(t, "member")
			if rapid.Bool().Draw(t, "set") {
				at := begin().Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "at")) * time.Second)
				table.Set(member, at)
				wanted[member] = at
			} else {
				table.Remove(member)
				delete(wanted, member)
			}
			first, at, ok := table.First()
			if ok != (len(wanted) > 0) {
				t.Fatalf("somebody is there: %v; want %d", ok, len(wanted))
			}
			if ok && !wanted[first].Equal(at) {
				t.Fatalf("%d is told at %v, want %v", first, at, wanted[first])
			}
			for other, when := range wanted {
				if when.Before(at) {
					t.Fatalf("%d at %v is told before %d at %v", first, at, other, when)
				}
			}
		}
	})
}
