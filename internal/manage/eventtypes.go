package manage

import (
	"context"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
)

// EventTypeChange is what may be said of an event type. Example and Schema are
// JSON values.
type EventTypeChange struct {
	Description Setting[string]
	Since       Setting[string]
	Retries     Setting[int]
	Status      Setting[posthorn.EventTypeStatus]
	Example     Setting[[]byte]
	Schema      Setting[[]byte]
	Validation  Setting[posthorn.Validation]
}

// NewEventType is an event type to be made.
type NewEventType struct {
	Name string
	EventTypeChange
}

func (c EventTypeChange) apply(t posthorn.EventType) (posthorn.EventType, error) {
	t.Description = c.Description.take(t.Description, "")
	t.Since = c.Since.take(t.Since, "")
	t.Status = c.Status.take(t.Status, posthorn.EventTypeGA)
	t.Example = c.Example.take(t.Example, nil)
	t.Schema = c.Schema.take(t.Schema, nil)
	t.Validation = c.Validation.take(t.Validation, "")
	if c.Retries.Given {
		t.Retries = nil
	}
	if c.Retries.present() {
		retries := c.Retries.Value
		t.Retries = &retries
	}
	return t, t.Validate()
}

func (n NewEventType) build(environment posthorn.EnvironmentID, m *Manager) (posthorn.EventType, error) {
	now := m.now()
	return n.apply(posthorn.EventType{
		EnvironmentID: environment, Name: n.Name, Status: posthorn.EventTypeGA, CreatedAt: now, UpdatedAt: now,
	})
}

// CreateEventType adds an event type to the catalogue of an environment in
// reach. It returns a conflict if the name is there.
func (m *Manager) CreateEventType(ctx context.Context, p Principal, named posthorn.EnvironmentID, n NewEventType) (posthorn.EventType, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return posthorn.EventType{}, err
	}
	entry, err := n.build(environment, m)
	if err != nil {
		return posthorn.EventType{}, err
	}
	if err := m.checkSchema(ctx, entry); err != nil {
		return posthorn.EventType{}, err
	}
	if err := m.checkRoom(ctx, environment, len(entry.Schema)); err != nil {
		return posthorn.EventType{}, err
	}
	created, err := m.store.CreateEventTypes(ctx, environment, []posthorn.EventType{entry}, m.limits.EventTypes)
	if err != nil {
		return posthorn.EventType{}, passOn("creating the event type", m.catalogueLimited(err))
	}
	if created == 0 {
		return posthorn.EventType{}, &posthorn.Error{Code: posthorn.CodeConflict, Pointer: "/name", Message: fmt.Sprintf("There is an event type %q already.", entry.Name), Hint: "Change that one, or choose another name."}
	}
	m.notifier.DirectoryChanged(environment)
	return entry, nil
}

// below moves an error's places under a pointer.
func below(pointer string, err error) error {
	var known *posthorn.Error
	if !errors.As(err, &known) {
		return err
	}
	moved := *known
	moved.Pointer = pointer + known.Pointer
	moved.Others = make([]*posthorn.Error, len(known.Others))
	for i, other := range known.Others {
		copied := *other
		copied.Pointer = pointer + other.Pointer
		moved.Others[i] = &copied
	}
	return &moved
}

// EventType returns an entry of the catalogue of an environment in reach.
func (m *Manager) EventType(ctx context.Context, p Principal, named posthorn.EnvironmentID, name string) (posthorn.EventType, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return posthorn.EventType{}, err
	}
	entry, err := m.store.EventType(ctx, environment, name)
	if err != nil {
		return posthorn.EventType{}, passOn("reading the event type", err)
	}
	return entry, nil
}

// EventTypes lists the catalogue of an environment in reach by name, up to limit
// entries after the given name.
func (m *Manager) EventTypes(ctx context.Context, p Principal, named posthorn.EnvironmentID, after string, limit int) ([]posthorn.EventType, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return nil, err
	}
	entries, err := m.store.EventTypes(ctx, environment, after, limit)
	if err != nil {
		return nil, passOn("listing event types", err)
	}
	return entries, nil
}

// UpdateEventType changes an entry of the catalogue of an environment in reach.
func (m *Manager) UpdateEventType(ctx context.Context, p Principal, named posthorn.EnvironmentID, name string, change EventTypeChange) (posthorn.EventType, error) {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return posthorn.EventType{}, err
	}
	entry, err := m.changeEventType(ctx, environment, name, change)
	if err != nil {
		return posthorn.EventType{}, err
	}
	m.notifier.DirectoryChanged(environment)
	return entry, nil
}

// DeleteEventType takes an entry out of the catalogue of an environment in
// reach. Events of that type are still accepted.
func (m *Manager) DeleteEventType(ctx context.Context, p Principal, named posthorn.EnvironmentID, name string) error {
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return err
	}
	if err := m.store.DeleteEventType(ctx, environment, name); err != nil {
		return passOn("deleting the event type", err)
	}
	m.notifier.DirectoryChanged(environment)
	return nil
}
