package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"path"
	"time"

	_ "modernc.org/sqlite" // reads the file that the server leaves behind
)

// stored is what the database file says in the end.
type stored struct {
	events     map[string]storedEvent // by the event's id
	deliveries []*storedDelivery
	moves      []move
	replays    []*storedReplay
}

type storedEvent struct {
	nonce      string
	givenID    string
	deliveries int
}

// The statuses as the file has them.
const (
	isPending = iota
	isLeased
	isSucceeded
	isExhausted
	isCancelled
	isExpired
	isQuarantined
)

type storedDelivery struct {
	id, event, hook string
	nonce           string
	status          int
	attempts        int
	tries           []storedAttempt
	again           int // how often replays made it due
}

type storedAttempt struct {
	number int
	begun  time.Time
	ended  time.Time
	reason string
	status int
}

func (a storedAttempt) succeeded() bool { return a.reason == "success" }

// isLost reports that the server died before it knew what came of it.
func (a storedAttempt) isLost() bool { return a.reason == "outcome_unknown" }

// isOurs reports a failure that uses up no retry.
func (a storedAttempt) isOurs() bool {
	return a.reason == "local_resource" || a.reason == "internal" || a.isLost()
}

func openDatabase(file string) (*sql.DB, error) {
	name := url.URL{Scheme: "file", Path: file, RawQuery: "_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return db, nil
}

// wantSound checks S12.
func (h *history) wantSound(ctx context.Context, file string) error {
	db, err := openDatabase(file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	for _, pragma := range []string{"PRAGMA integrity_check", "SELECT coalesce((SELECT 'a foreign key leads nowhere' FROM pragma_foreign_key_check), 'ok')"} {
		var verdict string
		if err := db.QueryRowContext(ctx, pragma).Scan(&verdict); err != nil {
			verdict = err.Error()
		}
		if verdict != "ok" {
			h.complain("S12", "%s", verdict)
		}
	}
	return nil
}

func load(ctx context.Context, file string) (stored, error) {
	db, err := openDatabase(file)
	if err != nil {
		return stored{}, err
	}
	defer func() { _ = db.Close() }() // it was only read
	found := stored{events: map[string]storedEvent{}}
	err = each(ctx, db, `SELECT hex(id), coalesce(given_id, ''), data, deliveries FROM events`, func(scan func(...any) error) error {
		var id string
		var data []byte
		var e storedEvent
		if err := scan(&id, &e.givenID, &data, &e.deliveries); err != nil {
			return err
		}
		if match := nonceOf.FindSubmatch(data); match != nil {
			e.nonce = string(match[1])
		}
		found.events[id] = e
		return nil
	})
	byID := map[string]*storedDelivery{}
	err = errors.Join(err, each(ctx, db, `SELECT hex(d.id), hex(event_id), coalesce(w.url, ?), d.status, attempts FROM deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id`,
		func(scan func(...any) error) error {
			d := &storedDelivery{}
			if err := scan(&d.id, &d.event, &d.hook, &d.status, &d.attempts); err != nil {
				return err
			}
			d.hook = path.Base(d.hook)
			d.nonce = found.events[d.event].nonce
			byID[d.id] = d
			found.deliveries = append(found.deliveries, d)
			return nil
		}, removedHook))
	err = errors.Join(err, each(ctx, db, `SELECT hex(id), 1, first_attempt FROM deliveries WHERE length(first_attempt) > 0
			UNION ALL SELECT hex(delivery_id), number, attempt FROM attempts ORDER BY 1, 2`,
		func(scan func(...any) error) error {
			var id string
			var number int
			var packed []byte
			if err := scan(&id, &number, &packed); err != nil {
				return err
			}
			a, err := unpack(packed)
			a.number = number
			if d, ok := byID[id]; ok {
				d.tries = append(d.tries, a)
			}
			return err
		}))
	var reading, other error
	found.moves, reading = loadMoves(ctx, db)
	found.replays, other = loadReplays(ctx, db)
	if err = errors.Join(err, reading, other); err != nil {
		return stored{}, fmt.Errorf("reading the database: %w", err)
	}
	return found, nil
}

// unpack reads what it needs of a packed attempt: the numbers behind its layout and id,
// and the first text.
func unpack(packed []byte) (storedAttempt, error) {
	const numbersAt, numbers = 17, 9
	if len(packed) < numbersAt || packed[0] != 1 {
		return storedAttempt{}, fmt.Errorf("%x is not an attempt", packed)
	}
	rest, parts := packed[numbersAt:], [numbers]int64{}
	for i := range parts {
		number, width := binary.Varint(rest)
		parts[i], rest = number, rest[max(width, 0):]
	}
	length, width := binary.Uvarint(rest)
	rest = rest[max(width, 0):]
	if length > uint64(len(rest)) {
		return storedAttempt{}, fmt.Errorf("%x is half an attempt", packed)
	}
	begun := time.UnixMicro(parts[0])
	return storedAttempt{begun: begun, ended: begun.Add(time.Duration(parts[1]) * time.Microsecond), reason: string(rest[:length]), status: int(parts[2])}, nil
}

func each(ctx context.Context, db *sql.DB, query string, take func(scan func(...any) error) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("querying: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has said it
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("querying: %w", err)
	}
	return nil
}
