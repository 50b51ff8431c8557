package snapshot_test

import (
	"context"
	"errors"
	"testing"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/snapshot"
	"github.com/posthorn/posthorn/internal/store"
)

// source counts reads and can be made to change in the middle of one.
type source struct {
	reads   int
	version store.Version
	during  func()
}

func (s *source) Snapshot(_ context.Context, id posthorn.EnvironmentID) (store.Snapshot, error) {
	s.reads++
	if id.IsZero() {
		return store.Snapshot{}, posthorn.ErrNotFound
	}
	read := store.Snapshot{
		Version: s.version, Environment: posthorn.Environment{ID: id},
		Webhooks: []posthorn.Webhook{{ID: posthorn.WebhookID{1}, Events: []string{"a"}, Status: posthorn.WebhookActive}},
		Retries:  map[string]int{"a": 0},
	}
	if s.during != nil {
		s.during()
	}
	return read, nil
}

var environment = posthorn.EnvironmentID{1}

// Invariant: a directory is read once, until it is forgotten.
func TestReadOnce(t *testing.T) {
	t.Parallel()
	s := &source{version: 1}
	cache := snapshot.NewCache(s)
	for range 3 {
		e, err := cache.Environment(t.Context(), environment)
		if err != nil || e.Version != 1 {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	if s.reads != 1 {
		t.Errorf("%d reads", s.reads)
	}
	s.version = 2
	cache.Forget(environment)
	if e, err := cache.Environment(t.Context(), environment); err != nil || e.Version != 2 {
		t.Errorf("after Forget: %+v, %v", e, err)
	}
}

// Invariant: what was read while the directory changed is not kept.
func TestChangeDuringRead(t *testing.T) {
	t.Parallel()
	s := &source{version: 1}
	cache := snapshot.NewCache(s)
	s.during = func() {
		s.during = nil
		s.version = 2
		cache.Forget(environment)
	}
	if _, err := cache.Environment(t.Context(), environment); err != nil {
		t.Fatal(err)
	}
	if e, err := cache.Environment(t.Context(), environment); err != nil || e.Version != 2 {
		t.Errorf("the stale directory was kept: %+v, %v", e, err)
	}
}

// Invariant: an environment finds its webhooks and event types.
func TestLookUps(t *testing.T) {
	t.Parallel()
	e, err := snapshot.NewCache(&source{}).Environment(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	if w, ok := e.Webhook(posthorn.WebhookID{1}); !ok || w.Events[0] != "a" {
		t.Error("the webhook is not found")
	}
	if _, ok := e.Webhook(posthorn.WebhookID{2}); ok {
		t.Error("a webhook is found that doesn't exist")
	}
	if len(e.Match(&posthorn.Event{Type: "a"}, eventdata.Of(nil)).Webhooks) != 1 || len(e.Match(&posthorn.Event{Type: "b"}, eventdata.Of(nil)).Webhooks) != 0 {
		t.Error("matching is wrong")
	}
	if e.Retries("a") == nil || e.Retries("b") != nil {
		t.Error("retries are wrong")
	}
}

// Invariant: an error is passed on and not kept.
func TestErrorIsNotKept(t *testing.T) {
	t.Parallel()
	s := &source{}
	cache := snapshot.NewCache(s)
	for range 2 {
		if _, err := cache.Environment(t.Context(), posthorn.EnvironmentID{}); !errors.Is(err, posthorn.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
	if s.reads != 2 {
		t.Errorf("%d reads", s.reads)
	}
}

// Invariant: the number of environments in memory is bounded.
func TestBounded(t *testing.T) {
	t.Parallel()
	s := &source{}
	cache := snapshot.NewCache(s)
	const many = 5000
	for round := range 2 {
		for i := range many {
			if _, err := cache.Environment(t.Context(), posthorn.EnvironmentID{1, byte(i), byte(i >> 8)}); err != nil {
				t.Fatal(err)
			}
		}
		if round == 1 && s.reads == many {
			t.Error("everything was kept")
		}
	}
}
