package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// promising is a store with a webhook, into which events with leased deliveries come.
type promising struct {
	*Store
	t       *testing.T
	path    string
	webhook posthorn.Webhook
	node    posthorn.NodeID
}

func newPromising(t *testing.T) *promising {
	t.Helper()
	path := filepath.Join(t.TempDir(), "posthorn.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	p := &promising{s, t, path, posthorn.Webhook{ID: posthorn.WebhookID{2}, EnvironmentID: posthorn.EnvironmentID{1}, Status: posthorn.WebhookActive}, posthorn.NodeID{7}}
	p.must(s.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, posthorn.Environment{ID: p.webhook.EnvironmentID}))
	p.must(s.CreateWebhook(t.Context(), p.webhook, 0))
	_, err = s.Join(t.Context(), p.node, time.Now(), rand.Uint64)
	p.must(err)
	return p
}

func (p *promising) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// submission is of one event with so many leased and pending deliveries.
func (p *promising) submission(leased, pending int) store.Submission {
	now := time.Now()
	event := posthorn.Event{
		ID: posthorn.NewID[posthorn.EventID](now, rand.Uint64), EnvironmentID: p.webhook.EnvironmentID, Type: "a.b", Data: []byte("1"), Timestamp: now, AcceptedAt: now, Deliveries: leased + pending,
	}
	entry := store.Entry{Event: event}
	for i := range leased + pending {
		status := posthorn.DeliveryLeased
		if i >= leased {
			status = posthorn.DeliveryPending
		}
		entry.Deliveries = append(entry.Deliveries, posthorn.Delivery{
			ID: posthorn.NewID[posthorn.DeliveryID](now, rand.Uint64), EventID: event.ID, WebhookID: p.webhook.ID, EnvironmentID: event.EnvironmentID,
			Status: status, DueAt: now, CreatedAt: now, UpdatedAt: now,
		})
	}
	directory, err := p.Snapshot(p.t.Context(), event.EnvironmentID)
	p.must(err)
	return store.Submission{EnvironmentID: event.EnvironmentID, Version: directory.Version, NodeID: p.node, Entries: []store.Entry{entry}}
}

func (p *promising) accept(leased, pending int) []posthorn.DeliveryID {
	p.t.Helper()
	s := p.submission(leased, pending)
	_, err := p.Accept(p.t.Context(), s)
	p.must(err)
	var ids []posthorn.DeliveryID
	for _, d := range s.Entries[0].Deliveries[:leased] {
		ids = append(ids, d.ID)
	}
	return ids
}

// Record keeps one recording, and returns what became of it.
func (p *promising) Record(ctx context.Context, r store.Recording) error {
	results, err := p.Store.Record(ctx, []store.Recording{r})
	return errors.Join(append(results, err)...)
}

func (p *promising) recording(id posthorn.DeliveryID, next posthorn.Next) store.Recording {
	now := time.Now()
	return store.Recording{
		Lease: store.Lease{DeliveryID: id, NodeID: p.node, Epoch: store.FirstEpoch}, WebhookID: p.webhook.ID,
		Attempt: posthorn.Attempt{ID: posthorn.NewID[posthorn.AttemptID](now, rand.Uint64), DeliveryID: id, Number: 1, StartedAt: now, Outcome: posthorn.Outcome{Reason: posthorn.ReasonSuccess}},
		Next:    next, Now: now,
	}
}

func (p *promising) record(id posthorn.DeliveryID, next posthorn.Next) {
	p.t.Helper()
	p.must(p.Record(p.t.Context(), p.recording(id, next)))
}

// rows is how many deliveries are rows, without having any written.
func (p *promising) rows() int {
	p.t.Helper()
	var count int
	p.must(p.one(p.t.Context(), `SELECT count(*) FROM deliveries`, nil, &count))
	return count
}

func all(t *testing.T, s *Store) []posthorn.Delivery {
	t.Helper()
	found, err := s.Deliveries(t.Context(), store.DeliveryQuery{Page: posthorn.Page{Limit: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// killed opens what a process that is killed now leaves behind.
func (p *promising) killed() *Store {
	p.t.Helper()
	copied := filepath.Join(p.t.TempDir(), "posthorn.db")
	for _, suffix := range []string{"", "-wal"} {
		bytes, err := os.ReadFile(p.path + suffix)
		p.must(err)
		p.must(os.WriteFile(copied+suffix, bytes, 0o600))
	}
	s, err := Open(p.t.Context(), copied)
	p.must(err)
	p.t.Cleanup(func() { _ = s.Close() })
	return s
}

// Invariant: a delivery that is leased at once is written once, with what came of it.
func TestDeliveryIsWrittenOnce(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	ids := p.accept(2, 0)
	if rows := p.rows(); rows != 0 {
		t.Fatalf("%d deliveries are rows before anything came of them", rows)
	}
	p.record(ids[0], posthorn.Next{Status: posthorn.DeliverySucceeded})
	if rows := p.rows(); rows != 1 {
		t.Fatalf("%d deliveries are rows, want 1", rows)
	}
	found := all(t, p.Store)
	if len(found) != 2 || p.rows() != 2 {
		t.Errorf("whoever asks finds %+v", found)
	}
}

// Invariant: who reads has no more written than what he asks for.
func TestReadersHaveTheirOwnWritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	ids := p.accept(2, 0)
	environment, webhook := p.webhook.EnvironmentID, p.webhook.ID
	for name, one := range map[string]store.DeliveryQuery{
		"another environment's": {EnvironmentID: posthorn.EnvironmentID{9}},
		"another webhook's":     {EnvironmentID: environment, WebhookID: posthorn.WebhookID{9}},
		"another event's":       {EnvironmentID: environment, EventID: posthorn.EventID{9}},
		"succeeded ones":        {EnvironmentID: environment, WebhookID: webhook, Status: posthorn.DeliverySucceeded},
	} {
		one.Page.Limit = 10
		found, err := p.Deliveries(t.Context(), one)
		p.must(err)
		if rows := p.rows(); rows != 0 || len(found) != 0 {
			t.Errorf("%s: %d are found and %d are rows", name, len(found), rows)
		}
	}
	if d, err := p.Delivery(t.Context(), ids[1]); err != nil || d.Status != posthorn.DeliveryLeased || p.rows() != 1 {
		t.Errorf("reading one: %+v, %v; %d are rows", d, err, p.rows())
	}
	found, err := p.Deliveries(t.Context(), store.DeliveryQuery{EnvironmentID: environment, WebhookID: webhook, Status: posthorn.DeliveryLeased, Page: posthorn.Page{Limit: 10}})
	p.must(err)
	if len(found) != 2 {
		t.Errorf("%d leased ones are found", len(found))
	}
}

// Invariant: after a kill at whatever moment there is every delivery that was promised, as it
// was, however much came before and after it; and no other.
func TestPromisesOutliveAKill(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	random := rand.New(rand.NewPCG(1, 2))
	var open []posthorn.DeliveryID
	for i := range 2*saveEvery + 100 {
		open = append(open, p.accept(random.IntN(3), random.IntN(2))...)
		if len(open) > 20 {
			place := random.IntN(len(open))
			next := posthorn.Next{Status: posthorn.DeliverySucceeded}
			if random.IntN(3) == 0 {
				next = posthorn.Next{Status: posthorn.DeliveryPending, DueAt: time.Now()}
			}
			p.record(open[place], next)
			open = append(open[:place], open[place+1:]...)
		}
		if i%700 == 699 {
			p.compareAfterKill()
		}
	}
	var until int64
	p.must(p.one(t.Context(), `SELECT until FROM written`, nil, &until))
	if until < saveEvery {
		t.Errorf("a start looks through all that comes after %d of %d events", until, 2*saveEvery+100)
	}
}

func (p *promising) compareAfterKill() {
	p.t.Helper()
	after := p.killed()
	var rows int
	p.must(after.one(p.t.Context(), `SELECT count(*) FROM deliveries`, nil, &rows))
	before := p.rows()
	got, want := all(p.t, after), all(p.t, p.Store)
	if before == len(want) || rows != len(want) {
		p.t.Errorf("before the kill %d of %d deliveries were rows, after it %d", before, len(want), rows)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("after the kill (-want +got):\n%s", diff)
	}
	_, err := after.Join(p.t.Context(), posthorn.NodeID{8}, time.Now(), rand.Uint64)
	p.must(err)
	books, err := after.Conservation(p.t.Context())
	p.must(err)
	if count := int64(len(want)); books.Accepted != count || books.Leased != 0 || books.Pending+books.Succeeded != count {
		p.t.Errorf("of %d deliveries the books say %+v", len(want), books)
	}
}

// Invariant: one delivery that takes long doesn't make a start look through all that came after it.
func TestOldPromisesAreWritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	p.accept(1, 0)
	const each = 1024
	for range maxListed / each {
		ids := p.accept(each, 0)[:each-1]
		p.must(p.write(t.Context(), func(tx *tx) error {
			for _, id := range ids {
				if err := tx.writeOne(id); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	const written = maxListed / each * (each - 1)
	if rows := p.rows(); rows != written+1 {
		t.Errorf("%d deliveries are rows, want the %d that were written and the first", rows, written)
	}
}

// Invariant: what a commit promised and wrote that is rolled back is promised and written by the next one.
func TestRollbackUndoesPromises(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	first := p.accept(1, 0)[0]
	submission, recording := p.submission(2, 1), p.recording(first, posthorn.Next{Status: posthorn.DeliverySucceeded})
	release := occupy(t, p.Store)
	var group sync.WaitGroup
	var accepted, recorded, failed error
	failure := errors.New("no")
	submitted(t, p.Store, &group, 1, &accepted, func() error { _, err := p.Accept(t.Context(), submission); return err })
	submitted(t, p.Store, &group, 2, &recorded, func() error { return p.Record(t.Context(), recording) })
	submitted(t, p.Store, &group, 3, &failed, func() error {
		return p.write(t.Context(), func(tx *tx) error { return errors.Join(keepAnswerNamed("a")(tx), failure) })
	})
	release()
	group.Wait()
	if accepted != nil || recorded != nil || !errors.Is(failed, failure) {
		t.Fatalf("accepted: %v; recorded: %v; the other: %v", accepted, recorded, failed)
	}
	if rows := p.rows(); rows != 2 {
		t.Errorf("%d deliveries are rows, want the recorded one and the pending one", rows)
	}
	p.compareAfterKill()
}

// Invariant: a start finds what is missing of the very first event that isn't written as a whole.
func TestFirstMissingIsFound(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	for range saveEvery - 1 {
		p.accept(0, 0)
	}
	p.accept(1, 0)
	p.accept(0, 0)
	if found := all(t, p.killed()); len(found) != 1 {
		t.Errorf("after the kill there are %d deliveries, want 1", len(found))
	}
}

// Invariant: of recordings that are kept together all are kept or none is.
func TestRecordingsAreKeptTogether(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	ids := p.accept(2, 0)
	good, bad := p.recording(ids[0], posthorn.Next{Status: posthorn.DeliverySucceeded}), p.recording(ids[1], posthorn.Next{Status: "nonsense"})
	if results, err := p.Store.Record(t.Context(), []store.Recording{good, bad}); err == nil || results != nil {
		t.Errorf("%v, %v", results, err)
	}
	for _, id := range ids {
		if d, err := p.Delivery(t.Context(), id); err != nil || d.Status != posthorn.DeliveryLeased {
			t.Errorf("then one is %+v, %v", d, err)
		}
	}
	p.must(p.Record(t.Context(), good))
}

// Invariant: only the holder of the lease records a delivery that is no row, under its epoch and for its webhook; a later
// attempt is kept under its number.
func TestUnwrittenIsRecordedByItsHolder(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(r *store.Recording){
		"another epoch":   func(r *store.Recording) { r.Lease.Epoch++ },
		"another node":    func(r *store.Recording) { r.Lease.NodeID = posthorn.NodeID{9} },
		"another webhook": func(r *store.Recording) { r.WebhookID = posthorn.WebhookID{9} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPromising(t)
			id := p.accept(1, 0)[0]
			r := p.recording(id, posthorn.Next{Status: posthorn.DeliverySucceeded})
			spoil(&r)
			if err := p.Record(t.Context(), r); !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("recording: %v", err)
			}
			if d, err := p.Delivery(t.Context(), id); err != nil || d.Status != posthorn.DeliveryLeased {
				t.Errorf("then it is %+v, %v", d, err)
			}
		})
	}
	p := newPromising(t)
	id := p.accept(1, 0)[0]
	r := p.recording(id, posthorn.Next{Status: posthorn.DeliverySucceeded})
	r.Attempt.Number = 2
	p.must(p.Record(t.Context(), r))
	if attempts, err := p.Attempts(t.Context(), id, 0, 10); err != nil || len(attempts) != 1 || attempts[0].Number != 2 {
		t.Errorf("the second attempt is kept as %+v, %v", attempts, err)
	}
}

// Invariant: a delivery that is leased at once and due later keeps when it is due.
func TestLaterDueIsKept(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	s := p.submission(1, 0)
	s.Entries[0].Deliveries[0].DueAt = time.Now().Add(time.Hour)
	_, err := p.Accept(t.Context(), s)
	p.must(err)
	if found := all(t, p.Store); len(found) != 1 || found[0].DueAt.Sub(found[0].CreatedAt) < time.Minute {
		t.Errorf("it is kept as %+v", found)
	}
}

// Invariant: a replay waits for the deliveries of its webhook that are being sent, also those that are no rows.
func TestReplayCountsUnwritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	const places = 8
	_, err := p.UpdateWebhook(t.Context(), p.webhook.ID, func(w posthorn.Webhook) (posthorn.Webhook, error) {
		w.Concurrency = places
		return w, nil
	})
	p.must(err)
	now := time.Now()
	p.must(p.CreateReplay(t.Context(), posthorn.Replay{
		ID: posthorn.NewID[posthorn.ReplayID](now, rand.Uint64), WebhookID: p.webhook.ID, EnvironmentID: p.webhook.EnvironmentID,
		Statuses: []posthorn.DeliveryStatus{posthorn.DeliveryExhausted}, Status: posthorn.ReplayRunning, CreatedAt: now, UpdatedAt: now,
	}))
	p.accept(places/2, 0)
	if turn, err := p.NextReplay(t.Context(), posthorn.WebhookID{}, now, 2*places); !errors.Is(err, posthorn.ErrNotFound) {
		t.Errorf("with half of the places taken it goes on: %+v, %v", turn, err)
	}
}

// Invariant: a copy has what is no row, and counts it.
func TestBackUpHasUnwritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	p.accept(3, 1)
	target := filepath.Join(t.TempDir(), "copy.db")
	made, err := BackUp(t.Context(), p.path, target)
	if err != nil || made.Pending != 4 {
		t.Fatalf("%+v, %v", made, err)
	}
	s, err := Open(t.Context(), target)
	p.must(err)
	t.Cleanup(func() { _ = s.Close() })
	if found := all(t, s); len(found) != 4 {
		t.Errorf("the copy has %d deliveries", len(found))
	}
}

// Invariant: the books agree at every moment, without anything being written for their sake.
func TestConservationCountsUnwritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	p.record(p.accept(5, 2)[0], posthorn.Next{Status: posthorn.DeliverySucceeded})
	before := p.rows()
	books, err := p.Conservation(t.Context())
	want := posthorn.Conservation{Accepted: 7, Pending: 6, Succeeded: 1, Leased: 4}
	if err != nil || books != want || p.rows() != before {
		t.Errorf("the books say %+v, %v, want %+v; rows: %d, then %d", books, err, want, before, p.rows())
	}
}

// Invariant: a delivery that is just becoming a row is found: whoever reads meanwhile waits for the commit.
func TestReaderSeesWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	id := p.accept(1, 0)[0]
	entered, leave := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_ = p.write(t.Context(), func(tx *tx) error {
			err := tx.writeOne(id)
			close(entered)
			<-leave
			return err
		})
	})
	<-entered
	found := make(chan error, 2)
	done.Go(func() { _, err := p.Delivery(t.Context(), id); found <- err })
	done.Go(func() {
		list, err := p.Deliveries(t.Context(), store.DeliveryQuery{EnvironmentID: p.webhook.EnvironmentID, Page: posthorn.Page{Limit: 10}})
		if err == nil && len(list) != 1 {
			err = posthorn.ErrNotFound
		}
		found <- err
	})
	for len(p.writer.others)+len(found) < 2 {
		runtime.Gosched()
	}
	close(leave)
	done.Wait()
	for range 2 {
		if err := <-found; err != nil {
			t.Errorf("reading: %v", err)
		}
	}
}

// Invariant: a read doesn't wait for the writer for ever.
func TestReadKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	p.accept(1, 0)
	release := occupy(t, p.Store)
	defer release()
	const soon = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if _, err := p.Deliveries(ctx, store.DeliveryQuery{Page: posthorn.Page{Limit: 10}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a read beyond its time ended with %v", err)
	}
}

// Invariant: who asks for another try of what is being sent spoils nobody's commit.
func TestRetryOfUnwrittenIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	id := p.accept(1, 0)[0]
	if _, err := p.Retry(t.Context(), id, time.Now()); !errors.Is(err, posthorn.ErrConflict) || p.rows() != 0 {
		t.Errorf("retrying: %v; %d are rows", err, p.rows())
	}
}

// Invariant: while the disk is full deliveries can be read, but for those that are just being sent.
func TestFullDiskIsRead(t *testing.T) {
	t.Parallel()
	p := newPromising(t)
	first := p.accept(1, 0)[0]
	p.record(first, posthorn.Next{Status: posthorn.DeliverySucceeded})
	for range 40 { // more than fit into the pages that there are
		p.accept(8, 0)
	}
	p.must(p.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec("PRAGMA max_page_count = 1") // SQLite takes the present size
		return err
	}))
	if found := all(t, p.Store); len(found) != 1 || found[0].ID != first {
		t.Errorf("while nothing can be written there are %d deliveries", len(found))
	}
	p.must(p.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec("PRAGMA max_page_count = 1000000")
		return err
	}))
	if found := all(t, p.Store); len(found) != 321 {
		t.Errorf("with room again there are %d deliveries", len(found))
	}
}
