// Package unwritten keeps in mind which deliveries an engine has promised and not
// yet written. An event is kept together with a list of the deliveries that it came to
// and that were leased at once; a delivery of that list becomes a row when it is known
// what came of it, which is soon, so that most are written once instead of twice. Should
// the process die before, the lists of the last events tell what is to be made up for.
package unwritten

import (
	"time"

	"github.com/posthorn/posthorn"
)

// Delivery is one that its event's list promises. It is leased to the node under
// store.FirstEpoch, and was made, and due, at the moment At.
type Delivery struct {
	ID            posthorn.DeliveryID
	EventID       posthorn.EventID
	WebhookID     posthorn.WebhookID
	EnvironmentID posthorn.EnvironmentID
	NodeID        posthorn.NodeID
	At            time.Time

	of *event
}

// event is one with a list, some of whose deliveries may have been written.
type event struct {
	sequence int64
	ids      []posthorn.DeliveryID
	left     int
}

// Book holds the deliveries that are promised and not written. What is done to it belongs to
// a transaction, which ends with Commit or RollBack. It is not safe for concurrent use.
type Book struct {
	byID map[posthorn.DeliveryID]Delivery
	// events are those with a list, in the order of their sequence, from the first one that
	// isn't written as a whole; listed is how many deliveries their lists have.
	events []*event
	listed int
	last   int64
	// What the transaction has done: the sequence before it, how many events it
	// has added, and what it has written.
	before  int64
	added   int
	written []Delivery
}

// NewBook makes an empty book for events that come after the given sequence.
func NewBook(last int64) *Book {
	return &Book{byID: map[posthorn.DeliveryID]Delivery{}, last: last, before: last}
}

// Next returns the sequence of the next event: one more than that of the one before.
func (b *Book) Next() int64 {
	b.last++
	return b.last
}

// Promise adds the deliveries of an event's list.
func (b *Book) Promise(sequence int64, deliveries []Delivery) {
	e := &event{sequence: sequence, ids: make([]posthorn.DeliveryID, len(deliveries)), left: len(deliveries)}
	for i, d := range deliveries {
		d.of = e
		b.byID[d.ID] = d
		e.ids[i] = d.ID
	}
	b.events = append(b.events, e)
	b.added++
	b.listed += len(deliveries)
}

// Get returns a delivery that is not written.
func (b *Book) Get(id posthorn.DeliveryID) (Delivery, bool) {
	d, ok := b.byID[id]
	return d, ok
}

// Written notes that a delivery has a row.
func (b *Book) Written(id posthorn.DeliveryID) {
	d, ok := b.byID[id]
	if !ok {
		return
	}
	delete(b.byID, id)
	d.of.left--
	b.written = append(b.written, d)
}

// Len is how many deliveries are not written.
func (b *Book) Len() int { return len(b.byID) }

// Oldest returns up to so many of the deliveries that are not written and wanted, those of older events first.
func (b *Book) Oldest(most int, isWanted func(d Delivery) bool) []Delivery {
	var found []Delivery
	for _, e := range b.events {
		if e.left == 0 {
			continue
		}
		for _, id := range e.ids {
			if len(found) >= most {
				return found
			}
			if d, ok := b.byID[id]; ok && isWanted(d) {
				found = append(found, d)
			}
		}
	}
	return found
}

// WrittenUntil is the sequence of the last event before which, and with which, all is written.
func (b *Book) WrittenUntil() int64 {
	for _, e := range b.events {
		if e.left > 0 {
			return e.sequence - 1
		}
	}
	return b.last
}

// Overdue returns the deliveries of the oldest events that are to be written, so that no more than
// so many deliveries stand in the lists of the events after WrittenUntil. One delivery that takes long
// would else hold up that for all that came after it.
func (b *Book) Overdue(most int) []Delivery {
	var overdue []Delivery
	listed := b.listed
	for _, e := range b.events {
		if listed <= most {
			break
		}
		for _, id := range e.ids {
			if d, ok := b.byID[id]; ok {
				overdue = append(overdue, d)
			}
		}
		listed -= len(e.ids)
	}
	return overdue
}

// Commit makes what was done since the last Commit or RollBack final.
func (b *Book) Commit() {
	done := 0
	for done < len(b.events) && b.events[done].left == 0 {
		b.listed -= len(b.events[done].ids)
		b.events[done] = nil // so that it can be collected while the rest is kept
		done++
	}
	b.events = b.events[done:]
	b.begin()
}

// RollBack undoes what was done since the last Commit or RollBack.
func (b *Book) RollBack() {
	for _, d := range b.written {
		b.byID[d.ID] = d
		d.of.left++
	}
	kept := len(b.events) - b.added
	for _, e := range b.events[kept:] {
		for _, id := range e.ids {
			delete(b.byID, id)
		}
		b.listed -= len(e.ids)
	}
	clear(b.events[kept:])
	b.events, b.last = b.events[:kept], b.before
	b.begin()
}

func (b *Book) begin() {
	clear(b.written)
	b.before, b.added, b.written = b.last, 0, b.written[:0]
}
