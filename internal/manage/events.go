package manage

import (
	"context"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Event returns an event by its public id: our own, which is looked for in the named
// environment or else in all within reach, or the one that its publisher gave, which is
// looked for in the named environment or else in the oldest.
func (m *Manager) Event(ctx context.Context, p Principal, named posthorn.EnvironmentID, publicID string) (posthorn.Event, error) {
	id, err := posthorn.ParseID[posthorn.EventID](publicID)
	if err != nil {
		return m.eventByGivenID(ctx, p, named, publicID)
	}
	if err := m.checkNamed(ctx, p, named); err != nil {
		return posthorn.Event{}, err
	}
	within := store.Reach{EnvironmentID: named}
	if named.IsZero() && !p.IsPlatform() {
		within.WorkspaceID = p.WorkspaceID
	}
	event, err := m.store.Event(ctx, within, id)
	if err != nil {
		return posthorn.Event{}, passOn("reading the event", err)
	}
	if err := m.checkReach(ctx, p, event.EnvironmentID); err != nil {
		return posthorn.Event{}, err
	}
	return event, nil
}

func (m *Manager) eventByGivenID(ctx context.Context, p Principal, named posthorn.EnvironmentID, givenID string) (posthorn.Event, error) {
	if posthorn.ValidateGivenID(givenID) != nil {
		return posthorn.Event{}, posthorn.ErrNotFound
	}
	environment, err := m.EnvironmentID(ctx, p, named)
	if err != nil {
		return posthorn.Event{}, err
	}
	event, err := m.store.EventByGivenID(ctx, environment, givenID)
	if err != nil {
		return posthorn.Event{}, passOn("reading the event", err)
	}
	return event, nil
}

// Events lists events of the environment that q names, or of the oldest in
// reach.
func (m *Manager) Events(ctx context.Context, p Principal, q store.EventQuery) ([]posthorn.Event, error) {
	environment, err := m.EnvironmentID(ctx, p, q.EnvironmentID)
	if err != nil {
		return nil, err
	}
	q.EnvironmentID = environment
	events, err := m.store.Events(ctx, q)
	if err != nil {
		return nil, passOn("listing events", err)
	}
	return events, nil
}
