package manage

import (
	"context"
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
