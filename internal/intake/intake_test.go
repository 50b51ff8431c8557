package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

// dispatcher stands for the engine: it grants so many reservations and notes
// what becomes of them.
type dispatcher struct {
	mu         sync.Mutex
	room       int
	reserved   int
	dispatched []store.Job
	woken      int
}

func (d *dispatcher) NodeID() posthorn.NodeID { return posthorn.NodeID{9} }

func (d *dispatcher) Reserve(*posthorn.Webhook, int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reserved >= d.room {
		return false
	}
	d.reserved++
	return true
}

func (d *dispatcher) Unreserve(posthorn.WebhookID, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reserved--
}

func (d *dispatcher) Dispatch(job store.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dispatched = append(d.dispatched, job)
}

func (d *dispatcher) Wake(posthorn.EnvironmentID, posthorn.WebhookID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.woken++
}

type fixture struct {
	*testing.T
	store       *memstore.Store
	directories *snapshot.Cache
	dispatcher  *dispatcher
	intake      *intake.Intake
	environment posthorn.EnvironmentID
	random      posthorn.Randomness
}

func newFixture(t *testing.T, room int) *fixture {
	t.Helper()
	source := rand.New(rand.NewPCG(5, 6))
	var mu sync.Mutex
	f := &fixture{T: t, store: memstore.New(), dispatcher: &dispatcher{room: room}, environment: posthorn.EnvironmentID{1}, random: func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		return source.Uint64()
	}}
	err := f.store.CreateWorkspace(t.Context(), posthorn.Workspace{ID: posthorn.WorkspaceID{1}}, posthorn.Project{ID: posthorn.ProjectID{1}}, posthorn.Environment{ID: f.environment})
	if err != nil {
		t.Fatal(err)
	}
	f.directories = snapshot.NewCache(f.store)
	f.intake = f.with(f.store)
	return f
}

func (f *fixture) with(s intake.Store) *intake.Intake {
	return intake.New(intake.Options{Store: s, Directories: f.directories, Dispatcher: f.dispatcher, Now: time.Now, Random: f.random})
}

func (f *fixture) webhook(pattern string, status posthorn.WebhookStatus) posthorn.WebhookID {
	f.Helper()
	id := posthorn.NewID[posthorn.WebhookID](time.Now(), f.random)
	err := f.store.CreateWebhook(f.Context(), posthorn.Webhook{ID: id, EnvironmentID: f.environment, Events: []string{pattern}, Status: status, Concurrency: 1}, 0)
	if err != nil {
		f.Fatal(err)
	}
	return id
}

func (f *fixture) publish(items ...intake.Item) intake.Receipt {
	f.Helper()
	receipt, err := f.intake.Publish(f.Context(), intake.Publication{EnvironmentID: f.environment, Items: items})
	if err != nil {
		f.Fatal(err)
	}
	return receipt
}

func (f *fixture) deliveries(status posthorn.DeliveryStatus) []posthorn.Delivery {
	f.Helper()
	found, err := f.store.Deliveries(f.Context(), store.DeliveryQuery{Status: status, Page: posthorn.Page{Limit: 1000}})
	if err != nil {
		f.Fatal(err)
	}
	return found
}

func item(id string) intake.Item {
	return intake.Item{ID: id, Type: "user.created", Data: []byte("{}")}
}

// Invariant: an event goes to every webhook that wants it; what the engine has
// room for is leased and handed over, the rest is pending and announced, and a
// paused webhook's waits.
func TestFanOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	for range 3 {
		f.webhook("user.*", posthorn.WebhookActive)
	}
	f.webhook("*", posthorn.WebhookPaused)
	f.webhook("*", posthorn.WebhookDisabled)
	f.webhook("invoice.*", posthorn.WebhookActive)
	result := f.publish(item("")).Results[0]
	if result.Event.Deliveries != 4 || result.Duplicate || result.Err != nil {
		t.Errorf("result %+v", result)
	}
	if leased, pending := f.deliveries(posthorn.DeliveryLeased), f.deliveries(posthorn.DeliveryPending); len(leased) != 2 || len(pending) != 2 {
		t.Errorf("%d leased, %d pending", len(leased), len(pending))
	}
	if d := f.dispatcher; len(d.dispatched) != 2 || d.woken != 2 || d.reserved != 2 {
		t.Errorf("dispatched %d, woken %d, reserved %d", len(d.dispatched), d.woken, d.reserved)
	}
	for _, job := range f.dispatcher.dispatched {
		if moment := job.Event.ID[:8]; !bytes.Equal(job.Delivery.ID[:8], moment) {
			t.Errorf("the delivery's id has another moment than its event's: %x, %x", job.Delivery.ID, moment)
		}
		if job.Lease.NodeID != f.dispatcher.NodeID() || job.Lease.Epoch != store.FirstEpoch || string(job.Event.Data) != "{}" {
			t.Errorf("job %+v", job)
		}
	}
}

// Invariant: an event that nobody wants is kept and says so.
func TestNobodyWantsIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	f.webhook("user.*", posthorn.WebhookDisabled)
	result := f.publish(item("")).Results[0]
	if result.Disabled != 1 {
		t.Errorf("%d disabled webhooks would want it", result.Disabled)
	}
	if kept, err := f.store.Event(t.Context(), store.Reach{}, result.Event.ID); err != nil || kept.Deliveries != 0 || kept.Timestamp.IsZero() {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// Invariant: in a batch, each bad item is refused by itself and the good ones
// are kept; results stand in the order of the items.
func TestBadItems(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.webhook("*", posthorn.WebhookActive)
	receipt := f.publish(item("a"), intake.Item{Type: "no good", Data: []byte("{}")}, item("b"), intake.Item{Type: "x"}, item("evt_forged"))
	for i, wantErr := range []bool{false, true, false, true, true} {
		result := receipt.Results[i]
		if (result.Err != nil) != wantErr {
			t.Errorf("item %d: %+v", i, result)
		}
	}
	if receipt.Results[0].Event.GivenID != "a" || receipt.Results[2].Event.GivenID != "b" {
		t.Errorf("results %+v", receipt.Results)
	}
	if len(f.deliveries("")) != 2 {
		t.Errorf("%d deliveries", len(f.deliveries("")))
	}
}

// Invariant: the same event under the same id is accepted once; another event
// under that id is a conflict; neither is delivered again nor holds room.
func TestGivenIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.webhook("*", posthorn.WebhookActive)
	first := f.publish(item("a")).Results[0]
	again := f.publish(item("a")).Results[0]
	if !again.Duplicate || again.Event.ID != first.Event.ID {
		t.Errorf("again %+v", again)
	}
	for _, other := range []intake.Item{{ID: "a", Type: "user.created", Data: []byte("{ }")}, {ID: "a", Type: "user.deleted", Data: []byte("{}")}} {
		if result := f.publish(other).Results[0]; !errors.Is(result.Err, posthorn.ErrConflict) {
			t.Errorf("other %+v", result)
		}
	}
	if len(f.deliveries("")) != 1 || len(f.dispatcher.dispatched) != 1 || f.dispatcher.reserved != 1 {
		t.Errorf("%d deliveries, %d dispatched, %d reserved", len(f.deliveries("")), len(f.dispatcher.dispatched), f.dispatcher.reserved)
	}
}

// Invariant: a webhook that was made after the directory was read gets the event
// all the same.
func TestStaleDirectory(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.publish(item("")) // the directory is in memory now
	f.webhook("*", posthorn.WebhookActive)
	if result := f.publish(item("")).Results[0]; result.Event.Deliveries != 1 {
		t.Errorf("result %+v", result)
	}
	if f.dispatcher.reserved != 1 {
		t.Errorf("%d reserved", f.dispatcher.reserved)
	}
}

// failing refuses every submission.
type failing struct{ err error }

func (s failing) Accept(context.Context, store.Submission) (store.Receipt, error) {
	return store.Receipt{}, s.err
}

// Invariant: what was not kept holds no room, whatever the reason.
func TestFailureGivesRoomBack(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{posthorn.ErrBusy, errors.New("disk"), store.ErrStale} {
		f := newFixture(t, 10)
		f.webhook("*", posthorn.WebhookActive)
		_, err := f.with(failing{failure}).Publish(t.Context(), intake.Publication{EnvironmentID: f.environment, Items: []intake.Item{item("")}})
		if err == nil || !errors.Is(failure, store.ErrStale) && !errors.Is(err, failure) {
			t.Errorf("%v: got %v", failure, err)
		}
		if errors.Is(failure, store.ErrStale) && !errors.Is(err, posthorn.ErrBusy) {
			t.Errorf("a directory that never stands still: %v", err)
		}
		if f.dispatcher.reserved != 0 || len(f.dispatcher.dispatched) != 0 || f.dispatcher.woken != 0 {
			t.Errorf("%v: %+v", failure, f.dispatcher)
		}
	}
}

// Invariant: the same idempotency key gives the first answer, keeps nothing
// again and holds no room.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 10)
	f.webhook("*", posthorn.WebhookActive)
	publication := intake.Publication{EnvironmentID: f.environment, Items: []intake.Item{item("")}, Idempotency: &intake.Idempotency{
		Key: store.IdempotencyKey{Scope: "s", Key: "k"}, Fingerprint: [32]byte{1},
		Answer: func(results []intake.Result) (int, []byte) { return 202, []byte(results[0].Event.PublicID()) },
	}}
	first, err := f.intake.Publish(t.Context(), publication)
	if err != nil || first.Replayed != nil {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := f.intake.Publish(t.Context(), publication)
	if err != nil || second.Replayed == nil || string(second.Replayed.Body) != first.Results[0].Event.PublicID() || second.Replayed.Fingerprint != [32]byte{1} {
		t.Fatalf("%+v, %v", second, err)
	}
	if len(f.deliveries("")) != 1 || f.dispatcher.reserved != 1 {
		t.Errorf("%d deliveries, %d reserved", len(f.deliveries("")), f.dispatcher.reserved)
	}
}

// again is a store that makes an answer twice, as one does that begins anew.
type again struct {
	*memstore.Store
	answers []string
}

func (a *again) Accept(ctx context.Context, s store.Submission) (store.Receipt, error) {
	answer := s.Idempotency.Answer
	s.Idempotency.Answer = func(kept []store.Result) store.Answer {
		first, second := answer(kept), answer(kept)
		a.answers = []string{string(first.Body), string(second.Body)}
		return first
	}
	return a.Store.Accept(ctx, s)
}

// Invariant: however often the store makes the answer to be kept, each item has its own
// result in it, and in what is returned.
func TestAnswerMadeTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	f.publish(item("taken"))
	conflicting := item("taken")
	conflicting.Data = []byte("1")
	twice := &again{Store: f.store}
	answered := func(results []intake.Result) (int, []byte) {
		var said []byte
		for _, r := range results {
			said = fmt.Appendf(said, "%s %v;", r.Event.GivenID, r.Err != nil)
		}
		return 202, said
	}
	receipt, err := f.with(twice).Publish(t.Context(), intake.Publication{
		EnvironmentID: f.environment, Items: []intake.Item{conflicting, {}, item("new"), item("other")},
		Idempotency: &intake.Idempotency{Key: store.IdempotencyKey{Scope: "s", Key: "k"}, Answer: answered},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, returned := answered(receipt.Results)
	const want = " true; true;new false;other false;"
	if !slices.Equal(twice.answers, []string{want, want}) || string(returned) != want {
		t.Errorf("made %q, returned %q", twice.answers, returned)
	}
}

// Invariant: nobody's batch fans out without limit; a single event does, and a
// refused batch keeps nothing and holds no room.
func TestBatchIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1_000_000)
	const webhooks = 60
	for range webhooks {
		f.webhook("*", posthorn.WebhookActive)
	}
	items := make([]intake.Item, intake.MaxBatchDeliveries/webhooks+1)
	for i := range items {
		items[i] = item("")
	}
	_, err := f.intake.Publish(t.Context(), intake.Publication{EnvironmentID: f.environment, Items: items})
	if !errors.Is(err, &posthorn.Error{Code: posthorn.CodeTooLarge}) || f.dispatcher.reserved != 0 {
		t.Errorf("got %v, %d reserved", err, f.dispatcher.reserved)
	}
	receipt := f.publish(items[:len(items)-1]...)
	if receipt.Results[0].Event.Deliveries != webhooks {
		t.Errorf("%+v", receipt.Results[0])
	}
}

// Invariant: an environment that doesn't exist is not found.
func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	_, err := f.intake.Publish(t.Context(), intake.Publication{EnvironmentID: posthorn.EnvironmentID{77}, Items: []intake.Item{item("")}})
	if !errors.Is(err, posthorn.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
