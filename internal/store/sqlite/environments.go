package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/failpoint"
	"github.com/posthorn/posthorn/internal/store"
)

// CreateEnvironment implements store.Directory.
func (s *Store) CreateEnvironment(ctx context.Context, e posthorn.Environment, limit int) error {
	err := s.write(ctx, func(tx *tx) error {
		var one int
		if err := tx.get(`SELECT 1 FROM projects WHERE id = ?`, []any{e.ProjectID[:]}, &one); err != nil {
			return err
		}
		if err := tx.checkRoom(countEnvironments, e.WorkspaceID[:], limit); err != nil {
			return err
		}
		return tx.insertEnvironment(e)
	})
	if err != nil {
		return fmt.Errorf("creating an environment: %w", err)
	}
	return nil
}

func (t *tx) insertEnvironment(e posthorn.Environment) error {
	_, err := t.exec(`INSERT INTO environments (id, workspace_id, project_id, name, kind, default_format, default_retries, default_validation, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID[:], e.WorkspaceID[:], e.ProjectID[:], e.Name, string(e.Kind), e.DefaultFormat, e.DefaultRetries, string(e.DefaultValidation), micros(e.CreatedAt), micros(e.UpdatedAt))
	return err
}

const selectEnvironment = `SELECT id, workspace_id, project_id, name, kind, default_format, default_retries, default_validation, created_at, updated_at FROM environments`

func environmentTargets(e *posthorn.Environment) []any {
	return []any{
		intoID(&e.ID), intoID(&e.WorkspaceID), intoID(&e.ProjectID), &e.Name, &e.Kind, &e.DefaultFormat, &e.DefaultRetries, &e.DefaultValidation,
		intoTime(&e.CreatedAt), intoTime(&e.UpdatedAt),
	}
}

func scanEnvironment(scan func(targets ...any) error) (posthorn.Environment, error) {
	var e posthorn.Environment
	if err := scan(environmentTargets(&e)...); err != nil {
		return posthorn.Environment{}, fmt.Errorf("reading an environment: %w", err)
	}
	return e, nil
}

// Environment implements store.Directory.
func (s *Store) Environment(ctx context.Context, id posthorn.EnvironmentID) (posthorn.Environment, error) {
	return scanEnvironment(func(targets ...any) error {
		return s.one(ctx, selectEnvironment+` WHERE id = ?`, []any{id[:]}, targets...)
	})
}

// OldestEnvironment implements store.Directory.
func (s *Store) OldestEnvironment(ctx context.Context, workspace posthorn.WorkspaceID) (posthorn.Environment, error) {
	return scanEnvironment(func(targets ...any) error {
		if workspace.IsZero() {
			return s.one(ctx, selectEnvironment+` WHERE workspace_id = (SELECT id FROM workspaces ORDER BY id LIMIT 1) ORDER BY id LIMIT 1`, nil, targets...)
		}
		return s.one(ctx, selectEnvironment+` WHERE workspace_id = ? ORDER BY id LIMIT 1`, []any{workspace[:]}, targets...)
	})
}

// Environments implements store.Directory.
func (s *Store) Environments(ctx context.Context, q store.EnvironmentQuery) ([]posthorn.Environment, error) {
	var c conditions
	c.add(!q.WorkspaceID.IsZero(), "workspace_id = ?", q.WorkspaceID[:])
	c.add(!q.ProjectID.IsZero(), "project_id = ?", q.ProjectID[:])
	c.addIDs("id", q.Page)
	return listed(ctx, s, selectEnvironment+c.where("id DESC", q.Page.Limit), c.args, scanEnvironment)
}

// UpdateEnvironment implements store.Directory.
func (s *Store) UpdateEnvironment(ctx context.Context, id posthorn.EnvironmentID, change func(posthorn.Environment) (posthorn.Environment, error)) (posthorn.Environment, error) {
	return changed(ctx, s, func(tx *tx) (posthorn.Environment, error) {
		old, err := scanEnvironment(func(targets ...any) error { return tx.get(selectEnvironment+` WHERE id = ?`, []any{id[:]}, targets...) })
		if err != nil {
			return old, err
		}
		next, err := change(old)
		if err != nil {
			return old, err
		}
		next.ID, next.WorkspaceID, next.ProjectID = old.ID, old.WorkspaceID, old.ProjectID
		next.CreatedAt, next.UpdatedAt = old.CreatedAt, asKept(next.UpdatedAt)
		_, err = tx.exec(`UPDATE environments SET name = ?, kind = ?, default_format = ?, default_retries = ?, default_validation = ?, updated_at = ? WHERE id = ?`,
			next.Name, string(next.Kind), next.DefaultFormat, next.DefaultRetries, string(next.DefaultValidation), micros(next.UpdatedAt), id[:])
		if err != nil {
			return old, err
		}
		return next, tx.directoryChanged(id)
	})
}

// Snapshot implements store.Intake.
func (s *Store) Snapshot(ctx context.Context, id posthorn.EnvironmentID) (store.Snapshot, error) {
	ctx, cancel, err := s.reading(ctx)
	if err != nil {
		return store.Snapshot{}, fmt.Errorf("reading a directory: %w", err)
	}
	defer cancel()
	read, err := s.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Snapshot{}, fmt.Errorf("reading a directory: %w", err)
	}
	snapshot, err := readSnapshot(ctx, read, id)
	if err := errors.Join(err, read.Rollback()); err != nil {
		return store.Snapshot{}, fmt.Errorf("reading a directory: %w", explain(err))
	}
	return snapshot, nil
}

func readSnapshot(ctx context.Context, read *sql.Tx, id posthorn.EnvironmentID) (store.Snapshot, error) {
	var snapshot store.Snapshot
	row := read.QueryRowContext(ctx, `SELECT version, id, workspace_id, project_id, name, kind, default_format, default_retries, default_validation, created_at, updated_at FROM environments WHERE id = ?`, id[:])
	err := row.Scan(append([]any{&snapshot.Version}, environmentTargets(&snapshot.Environment)...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Snapshot{}, posthorn.ErrNotFound
	}
	if err != nil {
		return store.Snapshot{}, err
	}
	err = eachRow(ctx, read, selectWebhook+` WHERE environment_id = ? AND status <> 'deleted' ORDER BY id`, []any{id[:]}, func(scan func(...any) error) error {
		webhook, err := scanWebhook(scan)
		if failpoint.Is(failpoint.PatternsIgnored) {
			webhook.Events = []string{"*"}
		}
		snapshot.Webhooks = append(snapshot.Webhooks, webhook)
		return err
	})
	if err != nil {
		return store.Snapshot{}, err
	}
	err = eachRow(ctx, read, selectSigningKey+whereSigningKeys, []any{id[:]}, func(scan func(...any) error) error {
		key, err := scanSigningKey(scan)
		snapshot.SigningKeys = append(snapshot.SigningKeys, key)
		return err
	})
	if err != nil {
		return store.Snapshot{}, err
	}
	snapshot.Retries = map[string]int{}
	err = eachRow(ctx, read, `SELECT name, retries FROM event_types WHERE environment_id = ? AND retries IS NOT NULL`, []any{id[:]}, func(scan func(...any) error) error {
		var name string
		var retries int
		err := scan(&name, &retries)
		snapshot.Retries[name] = retries
		return err
	})
	if err != nil {
		return store.Snapshot{}, err
	}
	if snapshot.Schemas, err = readSchemas(ctx, read, snapshot.Environment); err != nil {
		return store.Snapshot{}, err
	}
	snapshot.Formats, err = readFormats(ctx, read, snapshot.Environment)
	return snapshot, err
}

// readSchemas reads the schemas that events are checked against.
func readSchemas(ctx context.Context, read *sql.Tx, environment posthorn.Environment) (map[string]store.Schema, error) {
	const query = `SELECT name, schema, COALESCE(NULLIF(validation, ''), ?) AS effective FROM event_types
		WHERE environment_id = ? AND length(schema) > 0 AND effective <> 'off'`
	schemas := map[string]store.Schema{}
	err := eachRow(ctx, read, query, []any{string(environment.DefaultValidation), environment.ID[:]}, func(scan func(...any) error) error {
		var name string
		var schema store.Schema
		err := scan(&name, &schema.Text, &schema.Validation)
		schemas[name] = schema
		return err
	})
	return schemas, err
}

// readFormats reads what a snapshot tells of declared formats.
func readFormats(ctx context.Context, read *sql.Tx, environment posthorn.Environment) (map[string]posthorn.DeclaredFormat, error) {
	const query = `SELECT workspace_id, name, version, since, NULL, created_by, created_at, updated_at FROM formats f
		WHERE workspace_id = ? AND name IN (SELECT format FROM webhooks WHERE environment_id = ? AND status <> 'deleted')` + isNewestFormat
	formats := map[string]posthorn.DeclaredFormat{}
	err := eachRow(ctx, read, query, []any{environment.WorkspaceID[:], environment.ID[:]}, func(scan func(...any) error) error {
		format, err := scanFormat(scan)
		formats[format.Name] = format
		return err
	})
	return formats, err
}
