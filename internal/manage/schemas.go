package manage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
	"github.com/posthorn/posthorn/internal/schema"
)

// maxChecking bounds the requests whose schemas are being checked at once.
const maxChecking = 2

// checking waits for a turn to check schemas, and returns what ends it.
func (m *Manager) checking(ctx context.Context) (func(), error) {
	select {
	case m.checks <- struct{}{}:
		return func() { <-m.checks }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to check a schema: %w", ctx.Err())
	}
}

// checkSchemas checks the schemas of event types, and their examples against them.
// The error is about the entry whose position is returned.
func (m *Manager) checkSchemas(ctx context.Context, entries ...posthorn.EventType) (int, error) {
	endTurn, err := m.checking(ctx)
	if err != nil {
		return 0, err
	}
	defer endTurn()
	for i, entry := range entries {
		if err := checkSchema(entry); err != nil {
			return i, err
		}
	}
	return 0, nil
}

func checkSchema(entry posthorn.EventType) error {
	if len(entry.Schema) == 0 {
		return nil
	}
	compiled, err := schema.Compile("/schema", entry.Schema)
	if err != nil {
		return err
	}
	if len(entry.Example) == 0 {
		return nil
	}
	var problems posthorn.Problems
	for _, mistake := range compiled.Check("/example", eventdata.Of(entry.Example)).Mistakes {
		mistake.Message = "The example doesn't match the schema: " + mistake.Message
		mistake.Hint = "Change the example or the schema."
		problems.Add(mistake)
	}
	return problems.Err()
}

// maxRaces bounds how often a change is made again because another one came first.
const maxRaces = 4

// errRaced means that another change came first.
var errRaced = errors.New("the event type was changed meanwhile")

// changeEventType changes an event type, whose schema and example are checked
// outside the transaction: that takes longer than others should wait.
func (m *Manager) changeEventType(ctx context.Context, environment posthorn.EnvironmentID, name string, change EventTypeChange) (posthorn.EventType, error) {
	for range maxRaces {
		before, err := m.store.EventType(ctx, environment, name)
		if err != nil {
			return posthorn.EventType{}, passOn("reading the event type", err)
		}
		checked, err := change.apply(before)
		if err != nil {
			return posthorn.EventType{}, err
		}
		if change.Schema.Given || change.Example.Given {
			if _, err := m.checkSchemas(ctx, checked); err != nil {
				return posthorn.EventType{}, err
			}
		}
		now := m.now()
		entry, err := m.store.UpdateEventType(ctx, environment, name, func(t posthorn.EventType) (posthorn.EventType, error) {
			changed, err := change.apply(t)
			if err == nil && (!bytes.Equal(changed.Schema, checked.Schema) || !bytes.Equal(changed.Example, checked.Example)) {
				err = errRaced
			}
			changed.UpdatedAt = now
			return changed, err
		})
		if errors.Is(err, errRaced) {
			continue
		}
		if err != nil {
			return posthorn.EventType{}, passOn("changing the event type", err)
		}
		return entry, nil
	}
	return posthorn.EventType{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The event type was changed by others meanwhile.", Hint: "Send the same request again."}
}
