package memstore

import (
	"context"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Event implements store.Ledger.
func (s *Store) Event(ctx context.Context, within store.Reach, id posthorn.EventID) (posthorn.Event, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Event{}, err
	}
	defer s.mu.Unlock()
	event, exists := s.events[id]
	if !exists || !s.reaches(within, event.EnvironmentID) {
		return posthorn.Event{}, posthorn.ErrNotFound
	}
	return event, nil
}

func (s *Store) reaches(within store.Reach, environment posthorn.EnvironmentID) bool {
	if !within.EnvironmentID.IsZero() {
		return within.EnvironmentID == environment
	}
	return matches(within.WorkspaceID, s.environments[environment].WorkspaceID)
}

// EventByGivenID implements store.Ledger.
func (s *Store) EventByGivenID(ctx context.Context, environment posthorn.EnvironmentID, id string) (posthorn.Event, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Event{}, err
	}
	defer s.mu.Unlock()
	eventID, exists := s.givenIDs[givenID{environment: environment, id: id}]
	if !exists {
		return posthorn.Event{}, posthorn.ErrNotFound
	}
	return s.events[eventID], nil
}

// Events implements store.Ledger.
func (s *Store) Events(ctx context.Context, q store.EventQuery) ([]posthorn.Event, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	accepted := keptSpan(q.Accepted)
	list := pageOf(s.events, func(e posthorn.Event) bool {
		return matches(q.EnvironmentID, e.EnvironmentID) && matches(q.Type, e.Type) && accepted.Contains(e.AcceptedAt)
	}, q.Page)
	for i := range list {
		list[i].Data = nil
	}
	return list, nil
}

// Delivery implements store.Ledger.
func (s *Store) Delivery(ctx context.Context, id posthorn.DeliveryID) (posthorn.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Delivery{}, err
	}
	defer s.mu.Unlock()
	d := s.deliveries[id]
	if d == nil {
		return posthorn.Delivery{}, posthorn.ErrNotFound
	}
	return d.Delivery, nil
}

// Deliveries implements store.Ledger.
func (s *Store) Deliveries(ctx context.Context, q store.DeliveryQuery) ([]posthorn.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	created := keptSpan(q.Created)
	picked := pageOf(s.deliveries, func(d *delivery) bool {
		return matches(q.EnvironmentID, d.EnvironmentID) && matches(q.WebhookID, d.WebhookID) &&
			matches(q.EventID, d.EventID) && matches(q.Status, d.Status) && created.Contains(d.CreatedAt)
	}, q.Page)
	list := make([]posthorn.Delivery, 0, len(picked))
	for _, d := range picked {
		list = append(list, d.Delivery)
	}
	return list, nil
}

// Attempts implements store.Ledger.
func (s *Store) Attempts(ctx context.Context, id posthorn.DeliveryID, after, limit int) ([]posthorn.Attempt, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []posthorn.Attempt
	for _, attempt := range s.attempts[id] {
		if attempt.Number > after && len(list) < limit {
			list = append(list, copyAttempt(attempt))
		}
	}
	return list, nil
}

// WebhookStats implements store.Ledger.
func (s *Store) WebhookStats(ctx context.Context, ids []posthorn.WebhookID) (map[posthorn.WebhookID]posthorn.WebhookStats, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := map[posthorn.WebhookID]posthorn.WebhookStats{}
	for _, id := range ids {
		if stats, exists := s.stats[id]; exists {
			found[id] = stats
		}
	}
	return found, nil
}

// Conservation implements store.Ledger.
func (s *Store) Conservation(ctx context.Context) (posthorn.Conservation, error) {
	if err := s.enter(ctx); err != nil {
		return posthorn.Conservation{}, err
	}
	defer s.mu.Unlock()
	var c posthorn.Conservation
	for _, stats := range s.stats {
		c.Accepted += stats.Accepted
		c.Pending += stats.Pending
		c.Succeeded += stats.Succeeded
		c.Exhausted += stats.Exhausted
		c.Cancelled += stats.Cancelled
		c.Expired += stats.Expired
		c.Quarantined += stats.Quarantined
	}
	for _, d := range s.deliveries {
		if d.Status == posthorn.DeliveryLeased {
			c.Leased++
		}
	}
	return c, nil
}

// matches reports whether a query's field picks the value; an empty one picks
// everything.
func matches[T comparable](wanted, value T) bool {
	var empty T
	return wanted == empty || wanted == value
}

func keptSpan(s posthorn.Span) posthorn.Span {
	return posthorn.Span{From: kept(s.From), Until: kept(s.Until)}
}
