// Package unwritten keeps in mind which deliveries an engine has promised and not
// yet written. An event is kept together with a list of the deliveries that it came to
// and that were leased at once; a delivery of that list becomes a row when it is known
// what came of it, which is soon, so that most are written once instead of twice. Should
// the process die before, the lists of the last events tell what is to be made up for.
package unwritten

import (
	"sync"
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

	// of is the event whose list has it, and isWritten whether it has a row.
	of        *event
	isWritten bool
}

// event is one with a list, some of whose deliveries may have been written.
type event struct {
	sequence   int64
	deliveries []Delivery
	left       int
}

// Book holds the deliveries that are promised and not written. What is done to it belongs to
// a transaction, which ends with Commit or RollBack: that is for one goroutine at a time. Has, Find and Len are
// for everybody. What the open transaction promises is there for them, and what it has written still is: until the
// commit no reader of the database finds its row.
type Book struct {
	// mu is for the maps, and for what is in them; who changes them may read them without it.
	mu            sync.RWMutex
	byID          map[posthorn.DeliveryID]*Delivery
	byEnvironment map[posthorn.EnvironmentID]map[posthorn.DeliveryID]*Delivery
	// events are those with a list, in the order of their sequence, from the first one that
	// isn't written as a whole; listed is how many deliveries their lists have.
	events []*event
	listed int
	last   int64
	// What the transaction has done: the sequence before it, how many events it
	// has added, and what it has written.
	before  int64
	added   int
	written []*Delivery
}

// NewBook makes an empty book for events that come after the given sequence.
func NewBook(last int64) *Book {
	return &Book{
		byID: map[posthorn.DeliveryID]*Delivery{}, byEnvironment: map[posthorn.EnvironmentID]map[posthorn.DeliveryID]*Delivery{},
		last: last, before: last,
	}
}

// Next returns the sequence of the next event: one more than that of the one before.
func (b *Book) Next() int64 {
	b.last++
	return b.last
}

// Promise adds the deliveries of an event's list, which are the book's from now on.
func (b *Book) Promise(sequence int64, deliveries []Delivery) {
	e := &event{sequence: sequence, deliveries: deliveries, left: len(deliveries)}
	b.mu.Lock()
	for i := range deliveries {
		deliveries[i].of = e
		b.add(&deliveries[i])
	}
	b.mu.Unlock()
	b.events = append(b.events, e)
	b.added++
	b.listed += len(deliveries)
}

// add and remove are for those who hold the lock.
func (b *Book) add(d *Delivery) {
	b.byID[d.ID] = d
	neighbours, ok := b.byEnvironment[d.EnvironmentID]
	if !ok {
		neighbours = map[posthorn.DeliveryID]*Delivery{}
		b.byEnvironment[d.EnvironmentID] = neighbours
	}
	neighbours[d.ID] = d
}

func (b *Book) remove(d *Delivery) {
	delete(b.byID, d.ID)
	if neighbours := b.byEnvironment[d.EnvironmentID]; len(neighbours) > 1 {
		delete(neighbours, d.ID)
	} else {
		delete(b.byEnvironment, d.EnvironmentID)
	}
}

// Get returns a delivery that is not written, as the open transaction knows it, or nil. Nobody may change it.
func (b *Book) Get(id posthorn.DeliveryID) *Delivery {
	if d, ok := b.byID[id]; ok && !d.isWritten {
		return d
	}
	return nil
}

// Has returns a delivery that is not written, or not committed yet.
func (b *Book) Has(id posthorn.DeliveryID) (Delivery, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if d, ok := b.byID[id]; ok {
		return *d, true
	}
	return Delivery{}, false
}

// Written notes that a delivery has a row.
func (b *Book) Written(id posthorn.DeliveryID) {
	d := b.Get(id)
	if d == nil {
		return
	}
	b.mu.Lock()
	d.isWritten = true
	b.mu.Unlock()
	d.of.left--
	b.written = append(b.written, d)
}

// Len is how many deliveries are not written, or not committed yet.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.byID)
}

// Find returns the deliveries of an environment, or of all with the zero one, that are not written, or not committed yet, and wanted. Its
// cost grows with those of the environment.
func (b *Book) Find(environment posthorn.EnvironmentID, isWanted func(d Delivery) bool) []Delivery {
	b.mu.RLock()
	defer b.mu.RUnlock()
	among := b.byID
	if !environment.IsZero() {
		among = b.byEnvironment[environment]
	}
	var found []Delivery
	for _, d := range among {
		if isWanted(*d) {
			found = append(found, *d)
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

// Overdue returns the deliveries of the oldest events that are to be written, so that after WrittenUntil there are no more than
// so many events, and no more than so many deliveries in their lists. One delivery that takes long
// would else hold up that for all that came after it.
func (b *Book) Overdue(events int64, deliveries int) []Delivery {
	var overdue []Delivery
	listed := b.listed
	for _, e := range b.events {
		if listed <= deliveries && b.last-e.sequence < events {
			break
		}
		for i := range e.deliveries {
			if d := e.deliveries[i]; !d.isWritten {
				overdue = append(overdue, d)
			}
		}
		listed -= len(e.deliveries)
	}
	return overdue
}

// Commit makes what was done since the last Commit or RollBack final.
func (b *Book) Commit() {
	b.mu.Lock()
	for _, d := range b.written {
		b.remove(d)
	}
	b.mu.Unlock()
	done := 0
	for done < len(b.events) && b.events[done].left == 0 {
		b.listed -= len(b.events[done].deliveries)
		b.events[done] = nil // so that it can be collected while the rest is kept
		done++
	}
	b.events = b.events[done:]
	b.begin()
}

// RollBack undoes what was done since the last Commit or RollBack.
func (b *Book) RollBack() {
	b.mu.Lock()
	for _, d := range b.written {
		d.isWritten = false
		d.of.left++
	}
	kept := len(b.events) - b.added
	for _, e := range b.events[kept:] {
		for i := range e.deliveries {
			b.remove(&e.deliveries[i])
		}
		b.listed -= len(e.deliveries)
	}
	b.mu.Unlock()
	clear(b.events[kept:])
	b.events, b.last = b.events[:kept], b.before
	b.begin()
}

func (b *Book) begin() {
	clear(b.written)
	b.written = b.written[:0]
	b.before, b.added = b.last, 0
}
