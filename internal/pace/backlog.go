package pace

import "time"

// Load is a number of deliveries, and the bytes of their data.
type Load struct{ Jobs, Bytes int }

// Backlog is what is known of one webhook's deliveries that are due and wait in the
// database, and of the claim of them that is under way. The zero Backlog is empty.
//
// Its one invariant: unless it is in doubt, what waits there are those that were missed
// since the last claim began. (What has fallen due by itself, and what a person asked
// for again, may come on top: a fresh delivery isn't behind that.) So a claim of
// more than was missed takes all of it.
type Backlog struct {
	missed    Load
	isInDoubt bool
	// longSince is since when claims leave some of it; zero when the last one left nothing.
	longSince time.Time
	// claim is what the claim under way may yield at most, and takesAll says that it is
	// going to leave nothing.
	claim    Load
	takesAll bool
}

// Miss notes that a delivery of so many bytes found no room in memory.
func (b *Backlog) Miss(bytes int) {
	b.missed.Jobs++
	b.missed.Bytes += bytes
}

// Doubt notes that more may wait than was missed, and more than a claim under way has seen.
func (b *Backlog) Doubt() { b.isInDoubt, b.takesAll = true, false }

// IsShort reports whether fewer than so many wait.
func (b *Backlog) IsShort(jobs int) bool { return !b.isInDoubt && b.missed.Jobs < jobs }

// IsLong reports whether the last claim left some.
func (b *Backlog) IsLong() bool { return !b.longSince.IsZero() }

// outgrows reports whether so many were missed since the last claim that they will be most
// of the next one, for which there is so much room.
func (b *Backlog) outgrows(room int) bool { return 2*b.missed.Jobs >= room }

// Begin begins a claim for which there is so much room in memory, and returns what it
// may yield at most, and at least one: so many jobs as usual and those that were missed.
// A claim that takes all leaves half of the room that it doesn't need to those that come
// meanwhile.
func (b *Backlog) Begin(room Load, usual int) Load {
	share := Load{Jobs: min(room.Jobs, usual+b.missed.Jobs), Bytes: room.Bytes}
	b.takesAll = b.IsShort(room.Jobs) && b.missed.Bytes <= room.Bytes
	if b.takesAll {
		share.Jobs = min(share.Jobs, b.missed.Jobs+(room.Jobs-b.missed.Jobs+1)/2)
		share.Bytes = b.missed.Bytes + (room.Bytes-b.missed.Bytes)/2
	}
	b.claim = Load{Jobs: max(1, share.Jobs), Bytes: max(1, share.Bytes)}
	b.missed, b.isInDoubt = Load{}, false
	return b.claim
}

// Claiming is what the claim under way may yield; it is nothing when there is none.
func (b *Backlog) Claiming() Load { return b.claim }

// IsBeingTaken reports whether a claim is under way that is going to leave nothing.
func (b *Backlog) IsBeingTaken() bool { return b.takesAll }

// Fail ends a claim that failed. Nobody knows what is left then, so a long backlog stays
// long.
func (b *Backlog) Fail() {
	b.claim = Load{}
	b.Doubt()
}

// End ends a claim that may have left some, which is a doubt too.
func (b *Backlog) End(leftSome bool, now time.Time) {
	b.claim, b.takesAll = Load{}, false
	switch {
	case !leftSome:
		b.longSince = time.Time{}
		return
	case !b.IsLong():
		b.longSince = now
	}
	b.Doubt()
}
