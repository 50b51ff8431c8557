package manage

import (
	"context"
	"errors"
	"testing"

	"github.com/posthorn/posthorn"
)

// meddling changes the event type's example once, between reading and changing it.
type meddling struct {
	Store

	example []byte
	done    bool
}

func (m *meddling) UpdateEventType(ctx context.Context, environment posthorn.EnvironmentID, name string, change func(posthorn.EventType) (posthorn.EventType, error)) (posthorn.EventType, error) {
	if !m.done {
		m.done = true
		_, err := m.Store.UpdateEventType(ctx, environment, name, func(t posthorn.EventType) (posthorn.EventType, error) {
			t.Example = m.example
			return t, nil
		})
		if err != nil {
			return posthorn.EventType{}, err
		}
	}
	return m.Store.UpdateEventType(ctx, environment, name, change)
}

// Invariant: a schema is never kept beside an example that it wasn't checked with, even
// if somebody else changes the example meanwhile.
func TestSchemaAndExampleAreCheckedTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	everywhere := posthorn.EnvironmentID{}
	n := NewEventType{Name: "a"}
	n.Example = Set([]byte(`1`))
	_, err := b.CreateEventType(t.Context(), b.platform, everywhere, n)
	must(t, err)
	b.Manager.store = &meddling{Store: b.store, example: []byte(`"text"`)}
	_, err = b.UpdateEventType(t.Context(), b.platform, everywhere, "a", EventTypeChange{Schema: Set([]byte(`{"type":"integer"}`))})
	if err == nil {
		t.Error("a schema was kept beside an example that doesn't match")
	}
	kept, err := b.EventType(t.Context(), b.platform, everywhere, "a")
	must(t, err)
	if len(kept.Schema) > 0 || string(kept.Example) != `"text"` {
		t.Errorf("kept: %s, %s", kept.Schema, kept.Example)
	}
}

// Guards that a workspace whose schemas are being checked keeps no other workspace's
// waiting, and that its own next one waits.
func TestSchemasAreCheckedInTurn(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	n := NewEventType{Name: "a"}
	n.Schema = Set([]byte(`{"type":"integer"}`))
	for range maxChecking - 1 { // with the one below they would be all there are
		end, err := b.checks.take(t.Context(), posthorn.WorkspaceID{1})
		must(t, err)
		defer end()
	}
	own, cancel := context.WithCancel(t.Context())
	cancel()
	end, err := b.checking(t.Context(), b.home.ID)
	must(t, err)
	if _, err := b.CreateEventType(own, b.platform, b.home.ID, n); !errors.Is(err, context.Canceled) {
		t.Errorf("beside a check of its own: %v", err)
	}
	end()
	_, err = b.CreateEventType(t.Context(), b.platform, b.home.ID, n)
	must(t, err)
}
