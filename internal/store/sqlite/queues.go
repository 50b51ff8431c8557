package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
)

// maxGroup and maxGroupRows bound the writes of one commit that take events. The others come in groups of maxOtherRows; of those that take
// events they join, with otherShare times as many rows, or with fewOtherRows if that is more: a delivery that waits in the database is claimed and recorded, two rows for the one
// that was accepted, so with fewer a backlog would grow for as long as somebody publishes (which once halved what went to ten webhooks). So whoever publishes waits for short commits even when two hundred
// receivers time out at once or a long backlog is sent, and neither can starve the other. A write that takes events of heavyRows or more has a
// commit to itself, behind that of what came before it.
const (
	maxGroup     = 512
	maxGroupRows = 4000
	heavyRows    = 500
	maxOtherRows = 64
	fewOtherRows = 16
	otherShare   = 3
)

// queues hold the writes that wait for the writer.
type queues struct {
	accepting chan *write
	others    chan *write
	// ended is closed when nothing more will be put.
	ended chan struct{}
	// heavy is the write for which the last group had no room.
	heavy *write
}

func newQueues(size int) queues {
	return queues{accepting: make(chan *write, size), others: make(chan *write, size), ended: make(chan struct{})}
}

// put takes a write. One that may be refused gets posthorn.ErrBusy when too many wait; others wait for a place until their context ends.
func (q *queues) put(ctx context.Context, next *write) error {
	if next.mayBeRefused {
		select {
		case q.accepting <- next:
			return nil
		default:
			return posthorn.ErrBusy
		}
	}
	select {
	case q.others <- next:
		return nil
	default:
	}
	select {
	case q.others <- next:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to write: %w", ctx.Err())
	}
}

// next waits for a write; nil when all are done and nothing more will come.
func (q *queues) next() *write {
	if heavy := q.heavy; heavy != nil {
		q.heavy = nil
		return heavy
	}
	select {
	case next := <-q.accepting:
		return next
	case next := <-q.others:
		return next
	case <-q.ended:
	}
	if next := poll(q.accepting); next != nil {
		return next
	}
	return poll(q.others)
}

// gather adds what is waiting to a group's first write, without waiting for more.
func (q *queues) gather(group []*write) []*write {
	first := group[0]
	rows, others := first.rows, 0
	if !first.mayBeRefused {
		rows, others = 0, first.rows
	}
	for len(group) < maxGroup && rows < maxGroupRows && first.rows < heavyRows {
		next := poll(q.accepting)
		if next == nil {
			break
		}
		if rows+next.rows > maxGroupRows || rows > 0 && next.rows >= heavyRows {
			q.heavy = next // alone, so that it doesn't hold up those before it
			break
		}
		group, rows = append(group, next), rows+next.rows
	}
	if rows > maxGroupRows {
		return group
	}
	most := maxOtherRows
	if rows > 0 {
		most = max(fewOtherRows, min(otherShare*rows, maxGroupRows))
	}
	for others < most {
		next := poll(q.others)
		if next == nil {
			break
		}
		group, others = append(group, next), others+next.rows
	}
	return group
}

// poll takes a write without waiting; nil if there is none.
func poll(queue chan *write) *write {
	select {
	case next := <-queue:
		return next
	default:
		return nil
	}
}
