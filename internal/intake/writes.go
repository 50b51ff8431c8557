package intake

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
)

// Bounds of what is on its way to be written, in events and deliveries ("rows").
const (
	// maxWritingRows is how many are with the store at once, and maxShareRows those of
	// one workspace, or one publication if that is larger: a hundred events share a
	// commit as well as a thousand, and whoever waits for that commit waits less. A
	// publication never takes more than half of all room.
	maxWritingRows = 1000
	maxShareRows   = 200
	// longestWait is how long a publication may be expected to wait for its turn: what
	// would wait longer is refused at once.
	longestWait = 2 * time.Second
	// longestAdvice is the longest wait that a refusal tells: what is learned of a slow
	// disk may be wrong by then.
	longestAdvice = 30 * time.Second
	// usualRowRate is how many rows a second are taken to be written until there is
	// something to learn it from.
	usualRowRate = 10_000
)

// writes has the publications of all workspaces take turns at the store, so that
// whoever publishes little doesn't wait behind whoever publishes much. It holds the
// workspaces that publish at this moment, and no others.
type writes struct {
	now func() time.Time

	mu    sync.Mutex
	lines map[posthorn.WorkspaceID]*line
	// waiting are the lines in which somebody waits.
	waiting map[*line]struct{}
	// writing is how many rows are with the store, as far as they take room.
	writing int
	// clock is how much the line that was served last had been served before: one that
	// comes later begins there.
	clock int64
	pace  rowRate
}

// line is what one workspace has on its way.
type line struct {
	workspace posthorn.WorkspaceID
	tickets   []*ticket
	// rows is how many wait, writing how much is with the store.
	rows, writing int
	// served is how many rows were let through; the line with the fewest is next.
	served int64
}

// ticket is a publication that waits for its turn, or has it.
type ticket struct {
	line *line
	rows int
	// granted is closed when a wait is over that began at since; nil without a wait.
	granted chan struct{}
	since   time.Time
}

// share is what the ticket takes of the room.
func (t *ticket) share() int { return min(t.rows, maxWritingRows/2) }

func newWrites(now func() time.Time) *writes {
	return &writes{now: now, lines: map[posthorn.WorkspaceID]*line{}, waiting: map[*line]struct{}{}, pace: rowRate{perSecond: usualRowRate}}
}

// take waits until a workspace may write so many rows. It returns posthorn.ErrBusy at
// once if the wait would be too long, and else the context's error; without an error end
// must follow.
func (w *writes) take(ctx context.Context, workspace posthorn.WorkspaceID, rows int) (*ticket, error) {
	t, err := w.join(workspace, rows)
	if err != nil || t.granted == nil {
		return t, err
	}
	select {
	case <-t.granted:
	case <-ctx.Done():
		if w.giveUp(t) {
			return nil, fmt.Errorf("waiting for the workspace's turn: %w", ctx.Err())
		}
	}
	return t, nil
}

func (w *writes) join(workspace posthorn.WorkspaceID, rows int) (*ticket, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine, known := w.lines[workspace]
	if !known {
		mine = &line{workspace: workspace}
	}
	if err := w.checkWait(mine); err != nil {
		return nil, err
	}
	t := &ticket{line: mine, rows: rows}
	if len(mine.tickets) == 0 {
		mine.served = max(mine.served, w.clock)
	}
	w.lines[workspace] = mine
	if len(w.waiting) == 0 && w.hasRoom(t) {
		w.begin(t)
		return t, nil
	}
	t.granted, t.since = make(chan struct{}), w.now()
	mine.tickets, mine.rows = append(mine.tickets, t), mine.rows+rows
	w.waiting[mine] = struct{}{}
	w.admit()
	return t, nil
}

// welcome returns posthorn.ErrBusy if a publication of a workspace would be refused now.
func (w *writes) welcome(workspace posthorn.WorkspaceID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mine, known := w.lines[workspace]; known {
		return w.checkWait(mine)
	}
	return nil
}

func (w *writes) checkWait(l *line) error {
	wait := w.expected(l)
	if wait <= longestWait {
		return nil
	}
	busy := *posthorn.ErrBusy
	busy.RetryAfter = min(wait, longestAdvice)
	return &busy
}

// expected is how long whoever comes to a line now is going to wait: as long as its
// first has waited already, or as long as it takes to write those before it, while each
// other line gets as much, or all that it has. Beyond longestAdvice it isn't counted.
func (w *writes) expected(l *line) time.Duration {
	if len(l.tickets) == 0 {
		return 0
	}
	ahead, most := 0, int(w.pace.perSecond*longestAdvice.Seconds())
	for other := range w.waiting {
		if ahead += min(other.rows, l.rows); ahead > most {
			break
		}
	}
	return max(w.now().Sub(l.tickets[0].since), time.Duration(float64(ahead)/w.pace.perSecond*float64(time.Second)))
}

// admit lets through who is next, while there is room.
func (w *writes) admit() {
	for {
		next := w.next()
		if next == nil || !w.hasRoom(next.tickets[0]) {
			break
		}
		t := next.leave()
		w.begin(t)
		if len(next.tickets) == 0 {
			delete(w.waiting, next)
		}
		close(t.granted)
	}
	if len(w.waiting) == 0 {
		w.pace.rest()
	}
}

// hasRoom reports whether there is room for a publication at all.
func (w *writes) hasRoom(t *ticket) bool {
	return t.isWithinShare() && w.writing+t.share() <= maxWritingRows
}

// isWithinShare reports whether there is room in its line's share.
func (t *ticket) isWithinShare() bool {
	return t.line.writing == 0 || t.line.writing+t.share() <= maxShareRows
}

// begin lets a publication through.
func (w *writes) begin(t *ticket) {
	w.clock = t.line.served
	t.line.served += int64(t.rows)
	t.line.writing += t.share()
	w.writing += t.share()
}

// next is the line that was served least, among those whose share has room.
func (w *writes) next() *line {
	var least *line
	for l := range w.waiting {
		if l.tickets[0].isWithinShare() && (least == nil || l.served < least.served) {
			least = l
		}
	}
	return least
}

// leave takes the first ticket out of the line.
func (l *line) leave() *ticket {
	t := l.tickets[0]
	l.tickets[0] = nil
	l.tickets, l.rows = l.tickets[1:], l.rows-t.rows
	return t
}

// giveUp takes a ticket out of its line. It reports whether the ticket still waited.
func (w *writes) giveUp(t *ticket) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := t.line
	for i, other := range l.tickets {
		if other != t {
			continue
		}
		l.tickets = append(l.tickets[:i:i], l.tickets[i+1:]...)
		l.rows -= t.rows
		w.forget(l)
		w.admit() // it may have been larger than those behind it
		return true
	}
	return false
}

// end gives a turn back.
func (w *writes) end(t *ticket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.line.writing -= t.share()
	w.writing -= t.share()
	if len(w.waiting) > 0 {
		w.pace.wrote(t.rows, w.now())
	}
	w.forget(t.line)
	w.admit()
}

// forget drops a line that has nothing on its way.
func (w *writes) forget(l *line) {
	if len(l.tickets) > 0 {
		return
	}
	delete(w.waiting, l)
	if l.writing == 0 {
		delete(w.lines, l.workspace)
	}
}

// rowRate learns how many rows a second are written while somebody waits for it. Its
// user's lock guards it.
type rowRate struct {
	perSecond float64
	since     time.Time
	rows      int
}

// wrote notes rows that were written.
func (r *rowRate) wrote(rows int, now time.Time) {
	const measured = 100 * time.Millisecond
	if r.since.IsZero() {
		r.since, r.rows = now, 0
		return
	}
	r.rows += rows
	if took := now.Sub(r.since); took >= measured {
		const weight = 0.3
		r.perSecond = max(1, (1-weight)*r.perSecond+weight*float64(r.rows)/took.Seconds())
		r.since, r.rows = now, 0
	}
}

// rest says that nobody waits: what is written now tells nothing of what could be.
func (r *rowRate) rest() { r.since = time.Time{} }
