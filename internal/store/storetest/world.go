package storetest

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// world is a tenant of its own in a store, a clock, and words to act and to
// check with.
type world struct {
	store.Store
	t           *testing.T
	ctx         context.Context
	now         time.Time
	random      posthorn.Randomness
	node        posthorn.NodeID
	workspace   posthorn.Workspace
	project     posthorn.Project
	environment posthorn.Environment
	// body is what receivers answer.
	body []byte
}

func newWorld(t *testing.T, engine store.Store) *world {
	t.Helper()
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(t.Name()))
	w := &world{
		Store:  engine,
		t:      t,
		ctx:    t.Context(),
		now:    time.Date(2031, 5, 17, 12, 30, 45, 123456000, time.UTC),
		random: rand.New(rand.NewPCG(seed.Sum64(), 1)).Uint64,
		body:   []byte("\x00\xff<html>"),
	}
	w.node = posthorn.NewID[posthorn.NodeID](w.now, w.random)
	w.workspace, w.project, w.environment = w.newTenant("")
	w.do(w.CreateWorkspace(w.ctx, w.workspace, w.project, w.environment))
	return w
}

// Record keeps one recording, and returns what became of it.
func (w *world) Record(ctx context.Context, r store.Recording) error {
	results, err := w.Store.Record(ctx, []store.Recording{r})
	if err != nil {
		return err
	}
	return results[0]
}

// neighbour makes another tenant in the same store.
func (w *world) neighbour() *world {
	w.t.Helper()
	other := *w
	other.workspace, other.project, other.environment = w.newTenant("")
	w.do(w.CreateWorkspace(w.ctx, other.workspace, other.project, other.environment))
	return &other
}

// tick moves the clock by an odd number of microseconds and returns the time.
func (w *world) tick() time.Time {
	w.now = w.now.Add(1001 * time.Microsecond)
	return w.now
}

// do stops the test at an error.
func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("unexpected error: %v", err)
	}
}

// wantError checks that the error is the wanted one.
func (w *world) wantError(got, want error) {
	w.t.Helper()
	if !errors.Is(got, want) {
		w.t.Fatalf("error = %v, want %v", got, want)
	}
}

// want compares two values as the contract does: empty is nil, times are moments.
func (w *world) want(what string, got, want any) {
	w.t.Helper()
	if diff := difference(got, want); diff != "" {
		w.t.Fatalf("%s (- want, + got):\n%s", what, diff)
	}
}

func difference(got, want any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Transformer("settled", settled))
}

// settled drops the due time where it has no meaning.
func settled(d posthorn.Delivery) settledDelivery {
	if d.Status != posthorn.DeliveryPending {
		d.DueAt = time.Time{}
	}
	return settledDelivery(d)
}

type settledDelivery posthorn.Delivery

// must returns the value, or stops the test at the error.
func must[T any](w *world) func(T, error) T {
	return func(value T, err error) T {
		w.t.Helper()
		w.do(err)
		return value
	}
}

// together does something n times at once and wants no errors.
func (w *world) together(n int, do func(i int) error) {
	w.t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = do(i) })
	}
	group.Wait()
	w.do(errors.Join(errs...))
}
