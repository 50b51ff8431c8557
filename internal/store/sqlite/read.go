package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// one reads one row from the read pool; it returns posthorn.ErrNotFound when
// there is none.
func (s *Store) one(ctx context.Context, query string, args []any, targets ...any) error {
	return s.oneRow(ctx, func(ctx context.Context) *sql.Row { return s.reads.QueryRowContext(ctx, query, args...) }, targets)
}

func (s *Store) oneRow(ctx context.Context, query func(ctx context.Context) *sql.Row, targets []any) error {
	ctx, cancel, err := s.reading(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = query(ctx).Scan(targets...)
	if errors.Is(err, sql.ErrNoRows) {
		return posthorn.ErrNotFound
	}
	return explain(err)
}

// defaultLongestRead bounds each read. A read that goes on for ever would keep the log
// from being reused, so that it grows until the disk is full.
const defaultLongestRead = 10 * time.Second

// reading returns the context of one read, or an error when the store is broken.
func (s *Store) reading(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := s.breakage.err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.longestRead)
	return ctx, cancel, nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls visit for every row, with the function that scans it.
func (s *Store) each(ctx context.Context, query string, args []any, visit func(scan func(targets ...any) error) error) error {
	ctx, cancel, err := s.reading(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return explain(eachRow(ctx, s.reads, query, args, visit))
}

func eachRow(ctx context.Context, from querier, query string, args []any, visit func(scan func(targets ...any) error) error) error {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// conditions gathers the WHERE of a list.
type conditions struct {
	texts []string
	args  []any
	// ids is what the ids are narrowed to; the zero value is all.
	ids ids
}

func (c *conditions) add(isWanted bool, text string, arg any) {
	if isWanted {
		c.texts = append(c.texts, text)
		c.args = append(c.args, arg)
	}
}

// addSpan asks for a stretch of time, in a list whose ids begin with their moment:
// it narrows the ids too, so that the index of ids finds where to begin and to end.
func (c *conditions) addSpan(column string, span posthorn.Span) {
	if !span.From.IsZero() {
		c.add(true, column+" >= ?", micros(span.From))
		c.ids = c.ids.meet(ids{from: idsOf(asKept(span.From)).from})
	}
	if !span.Until.IsZero() {
		c.add(true, column+" < ?", micros(span.Until))
		c.ids = c.ids.meet(ids{until: idsOf(asKept(span.Until)).until})
	}
}

// addIDs asks for what the ids were narrowed to, and for what comes after
// page.After, newest first. SQLite takes one bound of a column on each side.
func (c *conditions) addIDs(column string, page posthorn.Page) {
	within := c.ids.meet(ids{until: page.After})
	c.add(within.from != [16]byte{}, column+" >= ?", within.from[:])
	c.add(within.until != [16]byte{}, column+" < ?", within.until[:])
}

// where returns the clause with the order and the limit behind it.
func (c *conditions) where(order string, limit int) string {
	clause := ""
	if len(c.texts) > 0 {
		clause = " WHERE " + strings.Join(c.texts, " AND ")
	}
	c.args = append(c.args, limit)
	return clause + " ORDER BY " + order + " LIMIT ?"
}
