package pace_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/posthorn/posthorn/internal/pace"
)

// Invariant: whatever comes in which order, a backlog that is said to be taken as a
// whole is: the claim's share holds all that waits. No share is larger than the room, and
// one that takes all leaves room for others.
func TestBacklogIsTakenAsAWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const usual = 64
		var b pace.Backlog
		var waits, claimed pace.Load
		isClaiming, leftSome := false, false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"miss", "miss", "give back", "begin", "end"}).Draw(t, "step") {
			case "miss":
				bytes := rapid.IntRange(0, 100).Draw(t, "bytes")
				b.Miss(bytes)
				waits.Jobs, waits.Bytes = waits.Jobs+1, waits.Bytes+bytes
			case "give back":
				b.Doubt()
				given := rapid.IntRange(1, 100).Draw(t, "given back")
				waits.Jobs, waits.Bytes = waits.Jobs+given, waits.Bytes+100*given
				if b.IsBeingTaken() {
					t.Fatal("a claim is said to take what was given back while it was made")
				}
			case "begin":
				if isClaiming {
					continue
				}
				room := pace.Load{Jobs: rapid.IntRange(-1, 40).Draw(t, "room"), Bytes: rapid.IntRange(-1, 2000).Draw(t, "room in bytes")}
				share := b.Begin(room, usual)
				if share.Jobs < 1 || share.Bytes < 1 || share.Jobs > max(1, room.Jobs) || share.Bytes > max(1, room.Bytes) || share != b.Claiming() {
					t.Fatalf("a share of %+v in a room of %+v", share, room)
				}
				isClaiming, claimed = true, pace.Load{Jobs: min(share.Jobs, waits.Jobs), Bytes: min(share.Bytes, waits.Bytes)}
				leftSome = claimed != waits
				if left := room.Jobs - share.Jobs; b.IsBeingTaken() && (leftSome || left < (room.Jobs-waits.Jobs)/2) {
					t.Fatalf("%+v of %+v are claimed in a room of %+v, said to be all", claimed, waits, room)
				}
			case "end":
				if !isClaiming {
					continue
				}
				waits.Jobs, waits.Bytes = waits.Jobs-claimed.Jobs, waits.Bytes-claimed.Bytes
				b.End(leftSome, begin())
				if isClaiming = false; b.IsLong() != leftSome {
					t.Fatalf("it is long: %v, %+v wait", b.IsLong(), waits)
				}
			}
			if !isClaiming && (b.IsBeingTaken() || b.Claiming() != (pace.Load{})) {
				t.Fatalf("a claim is under way: %+v", b)
			}
			if b.IsShort(usual) && !isClaiming && waits.Jobs >= usual {
				t.Fatalf("%d wait, and it is said to be short", waits.Jobs)
			}
		}
	})
}

// Invariant: who publishes while a short backlog is claimed finds room; of a long one the
// claim takes all the room there is.
func TestShareOfAClaim(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		missed  int
		isDoubt bool
		room    pace.Load
		want    pace.Load
		isAll   bool
	}{
		"nothing is known to wait":   {room: pace.Load{Jobs: 32, Bytes: 4000}, want: pace.Load{Jobs: 16, Bytes: 2000}, isAll: true},
		"a short one":                {missed: 10, room: pace.Load{Jobs: 32, Bytes: 4000}, want: pace.Load{Jobs: 21, Bytes: 2500}, isAll: true},
		"no more than usual":         {missed: 10, room: pace.Load{Jobs: 500, Bytes: 4000}, want: pace.Load{Jobs: 74, Bytes: 2500}, isAll: true},
		"as many as fit":             {missed: 32, room: pace.Load{Jobs: 32, Bytes: 4000}, want: pace.Load{Jobs: 32, Bytes: 4000}},
		"more bytes than fit":        {missed: 10, room: pace.Load{Jobs: 32, Bytes: 999}, want: pace.Load{Jobs: 32, Bytes: 999}},
		"in doubt":                   {missed: 10, isDoubt: true, room: pace.Load{Jobs: 32, Bytes: 4000}, want: pace.Load{Jobs: 32, Bytes: 4000}},
		"in doubt, no more than 64+": {missed: 10, isDoubt: true, room: pace.Load{Jobs: 500, Bytes: 4000}, want: pace.Load{Jobs: 74, Bytes: 4000}},
		"no room":                    {room: pace.Load{}, want: pace.Load{Jobs: 1, Bytes: 1}},
	} {
		var b pace.Backlog
		for range c.missed {
			b.Miss(100)
		}
		if c.isDoubt {
			b.Doubt()
		}
		if got := b.Begin(c.room, 64); got != c.want || b.IsBeingTaken() != c.isAll {
			t.Errorf("%s: a share of %+v, all: %v", name, got, b.IsBeingTaken())
		}
	}
}

// Invariant: a claim that failed says nothing of what waits: a long backlog is still long,
// since when it was, and nobody knows how much it is.
func TestFailedClaimLeavesABacklogLong(t *testing.T) {
	t.Parallel()
	var c pace.Courtesy
	published := begin().Add(time.Second)
	c.Fresh(published)
	b := long(begin())
	b.Begin(pace.Load{Jobs: 32, Bytes: 4000}, 16)
	b.Fail()
	if !b.IsLong() || !c.Spares(b, room, published) {
		t.Error("after a claim that failed it is long no more")
	}
	if b.IsShort(64) || b.IsBeingTaken() || b.Claiming() != (pace.Load{}) {
		t.Errorf("a claim that failed is under way, or nothing is in doubt: %+v", b)
	}
	var short pace.Backlog
	short.Begin(pace.Load{Jobs: 32, Bytes: 4000}, 16)
	if short.Fail(); short.IsLong() || short.IsShort(64) || short.IsBeingTaken() {
		t.Errorf("one that wasn't long, after a claim that failed: %+v", short)
	}
}
