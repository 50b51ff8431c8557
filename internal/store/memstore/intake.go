package memstore

import (
	"context"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// Accept implements store.Intake.
func (s *Store) Accept(ctx context.Context, submission store.Submission) (store.Receipt, error) {
	if err := s.enter(ctx); err != nil {
		return store.Receipt{}, err
	}
	defer s.mu.Unlock()
	if replayed := s.replay(submission.Idempotency); replayed != nil {
		return store.Receipt{Replayed: replayed}, nil
	}
	version, exists := s.versions[submission.EnvironmentID]
	if !exists || version != submission.Version {
		return store.Receipt{}, store.ErrStale
	}
	results := s.results(submission.Entries)
	// The answer is made before anything is kept: if making it fails, nothing is.
	if keep := submission.Idempotency; keep != nil {
		s.answers[keep.Key] = copyAnswer(keep.Answer(slices.Clone(results)))
	}
	for i, entry := range submission.Entries {
		if results[i].Kept {
			s.keepEntry(results[i].Event, entry.Deliveries, submission.NodeID)
		}
	}
	return store.Receipt{Results: results}, nil
}

func (s *Store) replay(idempotency *store.Idempotency) *store.Answer {
	if idempotency == nil {
		return nil
	}
	answer, exists := s.answers[idempotency.Key]
	if !exists || answer.CreatedAt.Before(kept(idempotency.ValidFrom)) {
		return nil
	}
	replayed := copyAnswer(answer)
	return &replayed
}

// results tells what will become of each entry.
func (s *Store) results(entries []store.Entry) []store.Result {
	results := make([]store.Result, 0, len(entries))
	earlier := map[givenID]posthorn.Event{}
	for _, entry := range entries {
		event := copyEvent(entry.Event)
		name := givenID{environment: event.EnvironmentID, id: event.GivenID}
		if event.GivenID != "" {
			if id, exists := s.givenIDs[name]; exists {
				earlier[name] = s.events[id]
			}
			if there, exists := earlier[name]; exists {
				results = append(results, store.Result{Event: there})
				continue
			}
			earlier[name] = event
		}
		results = append(results, store.Result{Event: event, Kept: true})
	}
	return results
}

func (s *Store) keepEntry(event posthorn.Event, deliveries []posthorn.Delivery, node posthorn.NodeID) {
	s.events[event.ID] = event
	if event.GivenID != "" {
		s.givenIDs[givenID{environment: event.EnvironmentID, id: event.GivenID}] = event.ID
	}
	for _, given := range deliveries {
		d := &delivery{Delivery: copyDelivery(given)}
		if d.Status == posthorn.DeliveryLeased {
			d.node, d.epoch = node, store.FirstEpoch
		}
		s.deliveries[d.ID] = d
		stats := s.stats[d.WebhookID]
		stats.Accepted++
		s.stats[d.WebhookID] = stats
		s.count(d, +1)
	}
}

// Snapshot implements store.Intake.
func (s *Store) Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error) {
	if err := s.enter(ctx); err != nil {
		return store.Snapshot{}, err
	}
	defer s.mu.Unlock()
	environment, exists := s.environments[id]
	if !exists {
		return store.Snapshot{}, posthorn.ErrNotFound
	}
	snapshot := store.Snapshot{Version: s.versions[id], Environment: environment}
	for _, webhookID := range idsOf(s.webhooks, func(_ posthorn.WebhookID, w posthorn.Webhook) bool {
		return w.EnvironmentID == id && w.Status != posthorn.WebhookDeleted
	}) {
		snapshot.Webhooks = append(snapshot.Webhooks, copyWebhook(s.webhooks[webhookID]))
	}
	snapshot.SigningKeys = s.signingKeysOf(id)
	snapshot.Retries = map[string]int{}
	for _, eventType := range s.eventTypes[id] {
		if eventType.Retries != nil {
			snapshot.Retries[eventType.Name] = *eventType.Retries
		}
	}
	snapshot.Schemas = s.schemasIn(environment)
	snapshot.Formats = s.formatsIn(environment, snapshot.Webhooks)
	return snapshot, nil
}

// schemasIn returns the schemas that an environment's events are checked against.
func (s *Store) schemasIn(environment posthorn.Environment) map[string]store.Schema {
	schemas := map[string]store.Schema{}
	for name, eventType := range s.eventTypes[environment.ID] {
		validation := eventType.Validation.Or(environment.DefaultValidation)
		if len(eventType.Schema) > 0 && validation != posthorn.ValidationOff {
			schemas[name] = store.Schema{Text: slices.Clone(eventType.Schema), Validation: validation}
		}
	}
	return schemas
}

func (s *Store) eventTypesByName(environment posthorn.EnvironmentID) []posthorn.EventType {
	var list []posthorn.EventType
	for _, eventType := range s.eventTypes[environment] {
		list = append(list, copyEventType(eventType))
	}
	slices.SortFunc(list, func(a, b posthorn.EventType) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Answer implements store.Intake.
func (s *Store) Answer(ctx context.Context, key store.IdempotencyKey) (store.Answer, error) {
	if err := s.enter(ctx); err != nil {
		return store.Answer{}, err
	}
	defer s.mu.Unlock()
	answer, exists := s.answers[key]
	if !exists {
		return store.Answer{}, posthorn.ErrNotFound
	}
	return copyAnswer(answer), nil
}

// KeepAnswer implements store.Intake.
func (s *Store) KeepAnswer(ctx context.Context, key store.IdempotencyKey, answer store.Answer) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.answers[key] = copyAnswer(answer)
	return nil
}
