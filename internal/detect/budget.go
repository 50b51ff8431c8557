package detect

import (
	"context"
	"time"
)

// Budgets of a question, as the time that one core works for it by the costs below.
const (
	// SmallBudget is for servers, where others wait.
	SmallBudget = 250 * time.Millisecond
	// LargeBudget is for somebody who waits for it.
	LargeBudget = 20 * time.Second
)

// What tries cost, roughly, as measured on one core of a server. Public keys are
// dear: one signature takes as long as a hundred keyed hashes of a short text.
const (
	costOfByte         = 2 * time.Nanosecond // hashed by the slowest hash
	costOfHash         = time.Microsecond    // a keyed hash of nothing, its key made first
	costOfAnotherHash  = 500 * time.Nanosecond
	costOfEd25519      = 80 * time.Microsecond
	costOfECDSA        = 120 * time.Microsecond
	costOfPublicKey    = 15 * time.Microsecond // read from its text
	costOfHeader       = 200 * time.Nanosecond
	costOfPlace        = 5 * time.Microsecond // one place that may be a signature, decoded in every way
	costOfScannedByte  = 2 * time.Nanosecond
	costOfWrittenByte  = 40 * time.Nanosecond // of a body written in another style
	costOfReadByte     = 20 * time.Nanosecond // of a request, until it is taken apart
	costOfFormat       = 30 * time.Microsecond
	costOfDocument     = 100 * time.Microsecond
	costOfDocumentByte = 300 * time.Nanosecond
	costOfBeingRefused = time.Microsecond
)

// Budget bounds what a question may cost: whatever is tried for it is charged
// before it is tried. It estimates, so that the same question always gets the same
// answer, however busy the machine is. It is not safe for concurrent use.
type Budget struct {
	done    <-chan struct{}
	left    time.Duration
	isShort bool
}

// NewBudget makes a budget of so much work; ctx ends it early.
func NewBudget(ctx context.Context, work time.Duration) *Budget {
	return &Budget{done: ctx.Done(), left: work}
}

// Take charges what is to be tried next, and reports whether it may be. A refusal
// costs a little too, so that a search for cheaper tries ends.
func (b *Budget) Take(cost time.Duration) bool {
	if cost <= b.left {
		b.left -= cost
		return true
	}
	b.isShort = true
	b.left -= min(b.left, costOfBeingRefused)
	return false
}

// TakeDocument charges a declared format of so many bytes, which is to be read.
func (b *Budget) TakeDocument(length int) bool {
	return b.Take(costOfDocument + time.Duration(length)*costOfDocumentByte)
}

// TakeRequest charges the text of a request, which is to be read.
func (b *Budget) TakeRequest(length int) bool {
	return b.Take(time.Duration(length) * costOfReadByte)
}

// Left is how much work there is left.
func (b *Budget) Left() time.Duration { return b.left }

// isOver reports whether no more may be tried.
func (b *Budget) isOver() bool {
	select {
	case <-b.done:
		return true
	default:
	}
	if b.left <= 0 {
		b.isShort = true
	}
	return b.left <= 0
}

// sharing lets try use a part of what is left, for what needn't come to its end.
func (b *Budget) sharing(parts int, try func(*Budget)) {
	part := &Budget{done: b.done, left: b.left / time.Duration(parts)}
	before := part.left
	try(part)
	b.left -= before - part.left
}
