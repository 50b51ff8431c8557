// Package migration brings the schema of a database up to date, and refuses a database
// whose schema is not what its version says.
package migration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver, without cgo
)

// Run brings the schema of a SQLite database up to date by numbered files, one
// transaction for each step. It refuses a database whose schema is newer than the files,
// or isn't what the files make of an empty database; that is left as it is.
func Run(ctx context.Context, db *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > newest {
		return fmt.Errorf("the database has schema %d and this program knows %d: it was used by a newer version of posthorn; run that one", current, newest)
	}
	if err := compare(ctx, db, files, current); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return errors.Join(errors.New("bringing the schema up to date failed; the database is as it was before the step that failed"), err)
	}
	return nil
}

// compare returns an error if a database of some version lacks a statement of that
// version, or has another of that name: what would be read from it, and written, might be
// nonsense. What somebody made besides is theirs.
func compare(ctx context.Context, db *sql.DB, files fs.FS, version int64) error {
	if version == 0 {
		return nil
	}
	wanted, err := schemaOf(ctx, files, version)
	if err != nil {
		return fmt.Errorf("making schema %d to compare with: %w", version, err)
	}
	found, err := statements(ctx, db)
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if found[name] != wanted[name] {
			return fmt.Errorf("the database says that it has schema %d, but its %s is not the one that this program makes for it: "+
				"it was made by a state of posthorn that was never released, or changed by hand; "+
				"run the program that made it, or move the database away to begin with an empty one", version, name)
		}
	}
	return nil
}

// schemaOf makes an empty database in memory by the files, up to a version, and returns
// its statements.
func schemaOf(ctx context.Context, files fs.FS, version int64) (map[string]string, error) {
	memory, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	memory.SetMaxOpenConns(1) // each connection has a database of its own
	made, err := makeSchema(ctx, memory, files, version)
	return made, errors.Join(err, memory.Close())
}

func makeSchema(ctx context.Context, memory *sql.DB, files fs.FS, version int64) (map[string]string, error) {
	provider, err := goose.NewProvider(goose.DialectSQLite3, memory, files)
	if err != nil {
		return nil, err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return nil, err
	}
	return statements(ctx, memory)
}

// statements returns what the tables and indexes of a database were made by, under their
// kinds and names, without those of SQLite and goose.
func statements(ctx context.Context, db *sql.DB) (map[string]string, error) {
	const query = `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT IN ('sqlite_sequence', 'goose_db_version')`
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what reading it came to is known by then
	found := map[string]string{}
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		found[name] = statement
	}
	return found, rows.Err()
}
