package pace_test

import (
	"testing"

	"github.com/posthorn/posthorn/internal/pace"
)

// fill takes as much as fits for a group, one by one.
func fill(room *pace.Room[string], group string, isFirst bool) int {
	count := 0
	for ; room.Fits(group, 1, isFirst); count++ {
		room.Take(group, 1)
	}
	return count
}

// Invariant: a group that is alone gets its share and no more; each further one
// finds room of its own although those before it take all they can; and all
// together stay within twice the share.
func TestRoomForNewcomers(t *testing.T) {
	t.Parallel()
	const share = 1000
	room := pace.NewRoom[string](share)
	if n := fill(&room, "one", false); n != share {
		t.Errorf("a group that is alone gets %d of %d", n, share)
	}
	if n := fill(&room, "one", true); n < share/4 {
		t.Errorf("members that hold nothing get only %d more", n)
	}
	for _, group := range []string{"two", "three", "four"} {
		if n := fill(&room, group, true); n < share/25 {
			t.Errorf("%s finds only room for %d", group, n)
		}
	}
	if !room.Fits("lone", 1, true) {
		t.Error("there is nothing left for another group's first")
	}
	if room.Taken() > 2*share {
		t.Errorf("%d are taken", room.Taken())
	}
}

// Invariant: what is left for a group can be taken whole, and what is given back is
// free again.
func TestRoomLeft(t *testing.T) {
	t.Parallel()
	room := pace.NewRoom[string](100)
	room.Take("one", 50)
	room.Take("two", 20)
	left := room.Left("two")
	if left == 0 || !room.Fits("two", left, false) || room.Fits("two", left+1, false) {
		t.Errorf("%d are said to be left", left)
	}
	room.Take("one", -50)
	room.Take("two", -20)
	if room.Taken() != 0 || room.Left("one") != 100 {
		t.Errorf("%d are still taken, %d left", room.Taken(), room.Left("one"))
	}
}
