package pace_test

import (
	"testing"
	"time"

	"github.com/posthorn/posthorn/internal/pace"
)

// long is a backlog that is long from then on.
func long(since time.Time) *pace.Backlog {
	var b pace.Backlog
	b.Begin(pace.Load{Jobs: 1, Bytes: 1}, 1)
	b.End(true, since)
	return &b
}

const room = 200 // deliveries of a claim

// Invariant: while others publish, one claim of a long backlog is under way at a time, and
// the next one begins no earlier than five times as long after it as it took; a millisecond
// at least, and 25 at most: a slow database doesn't keep backlogs from going out.
func TestRestAfterAClaim(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]time.Duration{
		0:                      time.Millisecond,
		3 * time.Millisecond:   15 * time.Millisecond,
		20 * time.Millisecond:  25 * time.Millisecond,
		900 * time.Millisecond: 25 * time.Millisecond,
	} {
		var c pace.Courtesy
		b, now := long(begin()), begin().Add(time.Second)
		c.Fresh(now)
		if rests, _ := c.Rests(now); rests || !c.Spares(b, room, now) {
			t.Errorf("before the first claim it rests: %v", rests)
		}
		c.Begin(now)
		now = now.Add(took)
		if rests, left := c.Rests(now); !rests || left != 0 {
			t.Errorf("while a claim is under way it rests: %v, for %v", rests, left)
		}
		c.End(now)
		if rests, left := c.Rests(now); !rests || left != want {
			t.Errorf("after %v it rests: %v, for %v, want %v", took, rests, left, want)
		}
		if rests, _ := c.Rests(now.Add(want)); rests {
			t.Errorf("after %v the rest does not end", took)
		}
		back := now.Add(-time.Hour)
		c.Fresh(back)
		if rests, left := c.Rests(back); rests || left != 0 {
			t.Errorf("a clock that was put back makes a rest of %v", left)
		}
	}
}

// Invariant: nothing rests while nobody has published for a second, and a backlog that
// isn't long isn't spared.
func TestNoRestForNobody(t *testing.T) {
	t.Parallel()
	b, now := long(begin()), begin().Add(time.Hour)
	wantNone := func(why string, fresh time.Time) {
		t.Helper()
		var c pace.Courtesy
		c.Fresh(fresh)
		c.Begin(now)
		during, _ := c.Rests(now)
		c.End(now.Add(time.Millisecond))
		if after, left := c.Rests(now.Add(time.Millisecond)); during || after || left != 0 || c.Spares(b, room, now) {
			t.Errorf("%s: it rests during the claim: %v, after it: %v", why, during, after)
		}
	}
	wantNone("nobody ever published", time.Time{})
	wantNone("nobody published for a second", now.Add(-time.Second))
	wantNone("a clock that was put back", now.Add(time.Hour))
	var c pace.Courtesy
	if c.Fresh(now); c.Spares(new(pace.Backlog), room, now) {
		t.Error("a short backlog is spared")
	}
}

// Invariant: a backlog isn't spared for what its own webhook was sent before, nor when
// waiting would let it grow as fast as it is claimed.
func TestWhoIsNotSpared(t *testing.T) {
	t.Parallel()
	var c pace.Courtesy
	now := begin().Add(time.Second)
	c.Fresh(now)
	if c.Spares(long(now), room, now) {
		t.Error("what was published before it became long may have been its own")
	}
	b := long(begin())
	for range room/2 - 1 {
		b.Miss(1)
	}
	if !c.Spares(b, room, now) {
		t.Error("a claim would still take more than has joined")
	}
	if b.Miss(1); c.Spares(b, room, now) {
		t.Error("half of the next claim has joined meanwhile")
	}
}
