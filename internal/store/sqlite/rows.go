package sqlite

import (
	"math/bits"
	"strings"
)

// rowsAtOnce is how many rows one statement inserts at most. Each statement opens the table and all its
// indexes and looks for their ends: with several rows for that, accepting and recording an event takes 28 µs of the
// processor instead of 32.
const rowsAtOnce = 16

// insertion gathers rows for statements that insert many. What waits is inserted
// before any other statement runs, COMMIT too, so that none can tell.
type insertion struct {
	// texts are the statements that insert 1, 2, 4, … rows.
	texts   []string
	columns int
	waiting []any
}

// newInsertion takes the beginning of a statement, the values of one row, and the statement's end.
func newInsertion(into, row, end string) insertion {
	i := insertion{columns: strings.Count(row, "?")}
	for rows := 1; rows <= rowsAtOnce; rows *= 2 {
		i.texts = append(i.texts, into+" VALUES "+row+strings.Repeat(", "+row, rows-1)+end)
	}
	return i
}

// insert has a row inserted, soon, or at once if it is long. The arguments must stay as they are
// until the commit.
func (t *tx) insert(i *insertion, row ...any) error {
	t.changes++
	i.waiting = append(i.waiting, row...)
	if len(i.waiting) < rowsAtOnce*i.columns && pagesOf(row) == 0 {
		return nil
	}
	return t.insertWaiting(i)
}

func (t *tx) insertions() [4]*insertion {
	return [...]*insertion{&t.events, &t.outcomes, &t.deliveries, &t.counts}
}

func (t *tx) insertWaiting(i *insertion) error {
	waiting, changes := i.waiting, t.changes
	defer clear(waiting)
	i.waiting = waiting[:0]
	for rest := waiting; len(rest) > 0; {
		power := bits.Len(uint(len(rest)/i.columns)) - 1
		values := i.columns << power
		if _, err := t.exec(i.texts[power], rest[:values]...); err != nil {
			return err
		}
		rest = rest[values:]
	}
	t.changes = changes // they were counted for those who inserted them
	return nil
}

// forgetWaiting is for what is rolled back.
func (t *tx) forgetWaiting() {
	for _, i := range t.insertions() {
		clear(i.waiting)
		i.waiting = i.waiting[:0]
	}
}
