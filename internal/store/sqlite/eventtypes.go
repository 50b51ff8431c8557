package sqlite

import (
	"context"
	"fmt"

	"github.com/posthorn/posthorn"
)

// CreateEventTypes implements store.Directory.
func (s *Store) CreateEventTypes(ctx context.Context, environment posthorn.EnvironmentID, types []posthorn.EventType, limit int) (int, error) {
	created := 0
	err := s.write(ctx, func(tx *tx) error {
		created = 0
		var one int
		if err := tx.get(`SELECT 1 FROM environments WHERE id = ?`, []any{environment[:]}, &one); err != nil {
			return err
		}
		if err := tx.checkCatalogue(environment, types, limit); err != nil {
			return err
		}
		for _, eventType := range types {
			inserted, err := tx.exec(`INSERT OR IGNORE INTO event_types
				(environment_id, name, description, since, retries, status, example, schema, validation, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				environment[:], eventType.Name, eventType.Description, eventType.Since, eventType.Retries, string(eventType.Status),
				eventType.Example, eventType.Schema, string(eventType.Validation), micros(eventType.CreatedAt), micros(eventType.UpdatedAt))
			if err != nil {
				return err
			}
			created += int(inserted)
		}
		if created == 0 {
			return nil
		}
		return tx.directoryChanged(environment)
	})
	if err != nil {
		return 0, fmt.Errorf("creating event types: %w", err)
	}
	return created, nil
}

const selectEventType = `SELECT environment_id, name, description, since, retries, status, example, schema, validation, created_at, updated_at FROM event_types`

func scanEventType(scan func(targets ...any) error) (posthorn.EventType, error) {
	var e posthorn.EventType
	err := scan(intoID(&e.EnvironmentID), &e.Name, &e.Description, &e.Since, intoCount(&e.Retries), &e.Status, &e.Example, &e.Schema, &e.Validation, intoTime(&e.CreatedAt), intoTime(&e.UpdatedAt))
	if err != nil {
		return posthorn.EventType{}, fmt.Errorf("reading an event type: %w", err)
	}
	return e, nil
}

const whereEventType = ` WHERE environment_id = ? AND name = ?`

// EventType implements store.Directory.
func (s *Store) EventType(ctx context.Context, environment posthorn.EnvironmentID, name string) (posthorn.EventType, error) {
	return scanEventType(func(targets ...any) error {
		return s.one(ctx, selectEventType+whereEventType, []any{environment[:], name}, targets...)
	})
}

// EventTypes implements store.Directory.
func (s *Store) EventTypes(ctx context.Context, environment posthorn.EnvironmentID, after string, limit int) ([]posthorn.EventType, error) {
	return listed(ctx, s, selectEventType+` WHERE environment_id = ? AND name > ? ORDER BY name LIMIT ?`, []any{environment[:], after, limit}, scanEventType)
}

// SchemaBytes implements store.Directory.
func (s *Store) SchemaBytes(ctx context.Context, environment posthorn.EnvironmentID) (int, error) {
	var total int
	err := s.one(ctx, `SELECT COALESCE(SUM(length(schema)), 0) FROM event_types WHERE environment_id = ?`, []any{environment[:]}, &total)
	if err != nil {
		return 0, fmt.Errorf("measuring schemas: %w", err)
	}
	return total, nil
}

// UpdateEventType implements store.Directory.
func (s *Store) UpdateEventType(ctx context.Context, environment posthorn.EnvironmentID, name string, change func(posthorn.EventType) (posthorn.EventType, error)) (posthorn.EventType, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.EventType, error) {
		old, err := scanEventType(func(targets ...any) error {
			return tx.get(selectEventType+whereEventType, []any{environment[:], name}, targets...)
		})
		if err != nil {
			return old, err
		}
		next, err := change(old)
		if err != nil {
			return old, err
		}
		next.EnvironmentID, next.Name, next.CreatedAt, next.UpdatedAt = environment, name, old.CreatedAt, asKept(next.UpdatedAt)
		_, err = tx.exec(`UPDATE event_types SET description = ?, since = ?, retries = ?, status = ?, example = ?, schema = ?, validation = ?, updated_at = ? WHERE environment_id = ? AND name = ?`,
			next.Description, next.Since, next.Retries, string(next.Status), next.Example, next.Schema, string(next.Validation), micros(next.UpdatedAt), environment[:], name)
		if err != nil {
			return old, err
		}
		return next, tx.directoryChanged(environment)
	})
}

// DeleteEventType implements store.Directory.
func (s *Store) DeleteEventType(ctx context.Context, environment posthorn.EnvironmentID, name string) error {
	err := s.write(ctx, func(tx *tx) error {
		deleted, err := tx.exec(`DELETE FROM event_types WHERE environment_id = ? AND name = ?`, environment[:], name)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return posthorn.ErrNotFound
		}
		return tx.directoryChanged(environment)
	})
	if err != nil {
		return fmt.Errorf("deleting an event type: %w", err)
	}
	return nil
}
