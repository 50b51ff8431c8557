package memstore

import (
	"context"
	"maps"

	"github.com/posthorn/posthorn"
)

// CreateEventTypes implements store.Directory.
func (s *Store) CreateEventTypes(ctx context.Context, environment posthorn.EnvironmentID, types []posthorn.EventType, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	if _, err := find(s.environments, environment); err != nil {
		return 0, err
	}
	fresh := map[string]posthorn.EventType{}
	for _, eventType := range types {
		_, isKnown := s.eventTypes[environment][eventType.Name]
		if _, isRepeated := fresh[eventType.Name]; !isKnown && !isRepeated {
			eventType.EnvironmentID = environment
			fresh[eventType.Name] = copyEventType(eventType)
		}
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	if limit > 0 && len(s.eventTypes[environment])+len(fresh) > limit {
		return 0, posthorn.ErrLimit
	}
	if s.eventTypes[environment] == nil {
		s.eventTypes[environment] = map[string]posthorn.EventType{}
	}
	maps.Copy(s.eventTypes[environment], fresh)
	s.versions[environment]++
	return len(fresh), nil
}

// EventType implements store.Directory.
func (s *Store) EventType(ctx context.Context, environment posthorn.EnvironmentID, name string) (posthorn.EventType, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.EventType{}, err
	}
	defer s.mu.Unlock()
	eventType, err := find(s.eventTypes[environment], name)
	return copyEventType(eventType), err
}

// EventTypes implements store.Directory.
func (s *Store) EventTypes(ctx context.Context, environment posthorn.EnvironmentID, after string, limit int) ([]posthorn.EventType, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []posthorn.EventType
	for _, eventType := range s.eventTypesByName(environment) {
		if eventType.Name > after && len(list) < limit {
			list = append(list, eventType)
		}
	}
	return list, nil
}

// SchemaBytes implements store.Directory.
func (s *Store) SchemaBytes(ctx context.Context, environment posthorn.EnvironmentID) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	total := 0
	for _, eventType := range s.eventTypes[environment] {
		total += len(eventType.Schema)
	}
	return total, nil
}

// UpdateEventType implements store.Directory.
func (s *Store) UpdateEventType(ctx context.Context, environment posthorn.EnvironmentID, name string, change func(posthorn.EventType) (posthorn.EventType, error)) (posthorn.EventType, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.EventType{}, err
	}
	defer s.mu.Unlock()
	before, err := find(s.eventTypes[environment], name)
	if err != nil {
		return posthorn.EventType{}, err
	}
	after, err := change(copyEventType(before))
	if err != nil {
		return posthorn.EventType{}, err
	}
	after.EnvironmentID, after.Name, after.CreatedAt = before.EnvironmentID, before.Name, before.CreatedAt
	s.eventTypes[environment][name] = copyEventType(after)
	s.versions[environment]++
	return copyEventType(after), nil
}

// DeleteEventType implements store.Directory.
func (s *Store) DeleteEventType(ctx context.Context, environment posthorn.EnvironmentID, name string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, err := find(s.eventTypes[environment], name); err != nil {
		return err
	}
	delete(s.eventTypes[environment], name)
	s.versions[environment]++
	return nil
}
