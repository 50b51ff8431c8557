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

// maxChecking bounds the requests whose schemas are being checked at once; each
// workspace has one of them at most.
const maxChecking = 2

// checking waits for a turn of the environment's workspace to check schemas, and
// returns what ends it.
func (m *Manager) checking(ctx context.Context, environment posthorn.EnvironmentID) (func(), error) {
	workspace, err := m.WorkspaceOf(ctx, environment)
	if err != nil {
		return nil, err
	}
	return m.checks.take(ctx, workspace)
}

// checkSchema checks the schema of an event type, and its example against it.
func (m *Manager) checkSchema(ctx context.Context, entry posthorn.EventType) error {
	if len(entry.Schema) == 0 {
		return nil
	}
	endTurn, err := m.checking(ctx, entry.EnvironmentID)
	if err != nil {
		return err
	}
	defer endTurn()
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

// checkRoom refuses schemas that would make those of the environment longer than they
// may be.
func (m *Manager) checkRoom(ctx context.Context, environment posthorn.EnvironmentID, more int) error {
	if more <= 0 {
		return nil
	}
	there, err := m.store.SchemaBytes(ctx, environment)
	if err != nil {
		return passOn("measuring schemas", err)
	}
	if there+more > posthorn.MaxSchemas {
		return &posthorn.Error{
			Code: posthorn.CodeLimitReached, Pointer: "/schema",
			Message: fmt.Sprintf("The schemas of this environment would be %d bytes long together; the limit is %d.", there+more, posthorn.MaxSchemas),
			Hint:    "Shorten schemas, or take them out of event types that don't need them.",
		}
	}
	return nil
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
			if err := m.checkSchema(ctx, checked); err != nil {
				return posthorn.EventType{}, err
			}
			if err := m.checkRoom(ctx, environment, len(checked.Schema)-len(before.Schema)); err != nil {
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

// Example is an example of the data of an event type.
type Example struct {
	Data []byte
	// Generated reports that the event type has none and this one was made of its
	// schema, and Matches whether it matches it.
	Generated bool
	Matches   bool
}

// EventTypeExample returns the example of an entry of the catalogue of an environment
// in reach, or makes one of its schema. It returns a conflict if the entry has neither.
func (m *Manager) EventTypeExample(ctx context.Context, p Principal, named posthorn.EnvironmentID, name string) (Example, error) {
	entry, err := m.EventType(ctx, p, named, name)
	if err != nil {
		return Example{}, err
	}
	if len(entry.Example) > 0 {
		return Example{Data: entry.Example, Matches: true}, nil
	}
	if len(entry.Schema) == 0 {
		return Example{}, &posthorn.Error{Code: posthorn.CodeConflict, Message: "The event type has no example, and no schema to make one of.", Hint: "Give it one of them, or data of your own."}
	}
	endTurn, err := m.checking(ctx, entry.EnvironmentID)
	if err != nil {
		return Example{}, err
	}
	defer endTurn()
	compiled, err := schema.Compile("/schema", entry.Schema)
	if err != nil {
		return Example{}, err
	}
	data, matches, err := compiled.Example()
	if err != nil {
		return Example{}, err
	}
	return Example{Data: data, Generated: true, Matches: matches}, nil
}
