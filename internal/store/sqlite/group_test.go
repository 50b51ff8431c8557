package sqlite

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// submitted starts a write, and returns when so many wait for the writer, which
// is occupied: so the order of a group is known.
func submitted(t *testing.T, s *Store, group *sync.WaitGroup, place int, result *error, run func() error) {
	t.Helper()
	group.Go(func() { *result = run() })
	waitForQueue(s, place)
}

// Invariant: stats count what was kept, once: what a group counted before it was
// rolled back does not count.
func TestRollbackForgetsStats(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	environment := posthorn.Environment{ID: posthorn.EnvironmentID{1}}
	webhook := posthorn.Webhook{ID: posthorn.WebhookID{2}, EnvironmentID: environment.ID, Status: posthorn.WebhookActive}
	err := errors.Join(
		s.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, environment),
		s.CreateWebhook(t.Context(), webhook, 0),
	)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := s.Snapshot(t.Context(), environment.ID)
	if err != nil {
		t.Fatal(err)
	}
	submission := store.Submission{EnvironmentID: environment.ID, Version: directory.Version, Entries: []store.Entry{{
		Event:      posthorn.Event{ID: posthorn.EventID{3}, EnvironmentID: environment.ID, Data: []byte("1")},
		Deliveries: []posthorn.Delivery{{ID: posthorn.DeliveryID{4}, EventID: posthorn.EventID{3}, WebhookID: webhook.ID, EnvironmentID: environment.ID, Status: posthorn.DeliveryPending}},
	}}}
	release := occupy(t, s)
	var group sync.WaitGroup
	var accepted, failed error
	failure := errors.New("no")
	submitted(t, s, &group, 1, &accepted, func() error {
		_, err := s.Accept(t.Context(), submission)
		return err
	})
	submitted(t, s, &group, 2, &failed, func() error {
		return s.write(t.Context(), func(tx *tx) error { return errors.Join(keepAnswerNamed("a")(tx), failure) })
	})
	release()
	group.Wait()
	if accepted != nil || !errors.Is(failed, failure) {
		t.Fatalf("accepted: %v; the other: %v", accepted, failed)
	}
	stats, err := s.WebhookStats(t.Context(), []posthorn.WebhookID{webhook.ID})
	if err != nil || stats[webhook.ID].Accepted != 1 || stats[webhook.ID].Pending != 1 {
		t.Errorf("%+v, %v; want one delivery", stats[webhook.ID], err)
	}
}

// Invariant: a write that panics is its caller's error alone: what it changed is
// taken back, its neighbours' writes are kept, and the writer goes on.
func TestPanicIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	release := occupy(t, s)
	var group sync.WaitGroup
	results := make([]error, 3)
	for i, name := range []string{"before", "panics", "after"} {
		submitted(t, s, &group, i+1, &results[i], func() error {
			return s.write(t.Context(), func(tx *tx) error {
				err := keepAnswerNamed(name)(tx)
				if name == "panics" {
					panic("boom")
				}
				return err
			})
		})
	}
	release()
	group.Wait()
	if results[0] != nil || results[1] == nil || results[2] != nil {
		t.Errorf("results: %v", results)
	}
	if err := s.write(t.Context(), keepAnswerNamed("later")); err != nil {
		t.Errorf("a later write: %v", err)
	}
	for name, want := range map[string]error{"before": nil, "panics": posthorn.ErrNotFound, "after": nil, "later": nil} {
		if _, err := s.Answer(t.Context(), store.IdempotencyKey{Scope: "s", Key: name}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// Invariant: a write that waits for a place in the full queue gives up when its
// context ends.
func TestPatienceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{queues: newQueues(1), breakage: newBreakage()}
		w.others <- &write{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result := make(chan error, 1)
		go func() { result <- w.submit(ctx, &write{ctx: ctx}) }()
		synctest.Wait()
		if len(result) != 0 {
			t.Fatalf("it didn't wait for a place: %v", <-result)
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		if len(result) == 0 {
			t.Error("it still waits when its context is over")
			<-w.others // lets it end
		}
		if err := <-result; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// Invariant: a write of very many rows doesn't hold up the commit of those that
// came before it, nor does anything get lost between two groups.
func TestHeavyWritesHaveAGroupOfTheirOwn(t *testing.T) {
	t.Parallel()
	q := newQueues(8)
	light, heavy, last := &write{rows: 1, mayBeRefused: true}, &write{rows: 2 * maxGroupRows, mayBeRefused: true}, &write{rows: heavyRows, mayBeRefused: true}
	for _, next := range []*write{light, light, heavy, light, last} {
		q.accepting <- next
	}
	q.others <- &write{rows: 1}
	if group := q.gather([]*write{heavy}); len(group) != 1 {
		t.Errorf("%d writes are in a group with a heavy one", len(group)-1)
	}
	<-q.others
	if sizes, want := groupsOf(&q), []int{2, 1, 1, 1}; !slices.Equal(sizes, want) {
		t.Errorf("the groups have %v writes, want %v", sizes, want)
	}
}

// groupsOf empties queues and returns how many writes each group has.
func groupsOf(q *queues) []int {
	close(q.ended)
	var sizes []int
	for first := q.next(); first != nil; first = q.next() {
		sizes = append(sizes, len(q.gather([]*write{first})))
	}
	return sizes
}

// Invariant: taking events doesn't wait behind many other writes: all of it is in
// the next group, and of the others as many rows as are quickly written.
func TestTakingEventsGoesFirst(t *testing.T) {
	t.Parallel()
	q := newQueues(400)
	for range maxOtherRows {
		q.others <- &write{rows: 2}
	}
	first := q.next()
	for range 5 {
		q.accepting <- &write{rows: 2, mayBeRefused: true}
	}
	const taking, others = 5, otherShare * 5 // of 2 rows each
	if group := q.gather([]*write{first}); len(group) != taking+others || !group[taking].mayBeRefused || group[taking+1].mayBeRefused {
		t.Errorf("the group has %d writes, want the first, %d that take events and %d others behind them", len(group), taking, others-1)
	}
	if sizes, want := groupsOf(&q), []int{maxOtherRows / 2, maxOtherRows/2 - others}; !slices.Equal(sizes, want) {
		t.Errorf("then the groups have %v writes, want %v", sizes, want)
	}
}

// Invariant: however many rows taking events has, more than twice as many of the others join it: what was
// published is also claimed and recorded, and a backlog gets shorter. There are no more than a group may have.
func TestTakingEventsDoesNotStarveTheOthers(t *testing.T) {
	t.Parallel()
	q := newQueues(2 * maxGroupRows)
	for range 2 * maxGroupRows {
		q.others <- &write{rows: 1}
	}
	q.accepting <- &write{rows: 400, mayBeRefused: true}
	if group, want := q.gather([]*write{{rows: 300, mayBeRefused: true}}), 2+3*700; len(group) != want {
		t.Errorf("the group has %d writes, want 2 that take events and %d others", len(group), want-2)
	}
	if group := q.gather([]*write{{rows: 2000, mayBeRefused: true}}); len(group) != 1+maxGroupRows {
		t.Errorf("the group has %d writes, want a heavy one and %d others", len(group), maxGroupRows)
	}
}

// Invariant: recording counts as the rows that it writes, so that publishers don't wait for
// more of them than a group may have.
func TestRecordingCountsItsRows(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	g := newRows(t, s)
	recordings := make([]store.Recording, 64)
	for i := range recordings {
		_, recordings[i] = g.next()
	}
	release := occupy(t, s)
	var group sync.WaitGroup
	var recorded error
	submitted(t, s, &group, 1, &recorded, func() error {
		_, err := s.Record(t.Context(), recordings)
		return err
	})
	waiting := <-s.writer.others
	s.writer.others <- waiting
	release()
	group.Wait()
	if recorded != nil || waiting.rows != len(recordings) {
		t.Errorf("%v; %d recordings wait as %d rows", recorded, len(recordings), waiting.rows)
	}
}

// Invariant: what a write has with it is held no longer than its group: one group of many large
// events would else be held until there is another as large.
func TestGroupsAreForgotten(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	release := occupy(t, s)
	var group sync.WaitGroup
	results := make([]error, 3)
	held := make([]weak.Pointer[[pageSize]byte], len(results))
	for i := range results {
		submitted(t, s, &group, i+1, &results[i], func() error {
			data := new([pageSize]byte)
			held[i] = weak.Make(data)
			return s.write(t.Context(), func(*tx) error {
				data[0]++
				return nil
			})
		})
	}
	release()
	group.Wait()
	release = occupy(t, s) // the writer is done with that group
	defer release()
	runtime.GC()
	for i, data := range held {
		if results[i] != nil || data.Value() != nil {
			t.Errorf("write %d: %v; its data is held: %v", i, results[i], data.Value() != nil)
		}
	}
}

// Invariant: every write of every group is answered, the last one before closing
// too.
func TestEveryGroupIsCommitted(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	release := occupy(t, s)
	var group sync.WaitGroup
	results := make([]error, 5)
	for i, rows := range []int{1, 2 * maxGroupRows, 1, maxGroupRows, 2 * maxGroupRows} {
		name := string(rune('a' + i))
		submitted(t, s, &group, i+1, &results[i], func() error { return s.writeOrRefuse(t.Context(), rows, keepAnswerNamed(name)) })
	}
	release()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	for i, err := range results {
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
}
