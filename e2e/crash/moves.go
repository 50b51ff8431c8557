package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posthorn/posthorn"
)

// watchMoves lays into the database a log of all moves of deliveries. The database
// itself keeps it, in the transactions of the moves, so that nothing that is kept
// can be missing in it and nothing is in it that isn't kept.
func (r *run) watchMoves(ctx context.Context) error {
	scratch, err := os.MkdirTemp(r.directory, "copy")
	if err != nil {
		return fmt.Errorf("laying the log of moves: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }() // it lies in the run's own directory
	if err := r.ground.save(scratch); err != nil {
		return err
	}
	if err := layLog(ctx, filepath.Join(scratch, "data", "posthorn.db")); err != nil {
		return fmt.Errorf("laying the log of moves: %w", err)
	}
	return r.ground.load(scratch)
}

func layLog(ctx context.Context, file string) error {
	db, err := openDatabase(file)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`CREATE TABLE moves_seen (place INTEGER PRIMARY KEY, delivery BLOB NOT NULL, was INTEGER, became INTEGER, epoch_was INTEGER, epoch INTEGER)`,
		`CREATE TRIGGER move_seen AFTER UPDATE ON deliveries WHEN old.status <> new.status OR old.epoch <> new.epoch BEGIN
			INSERT INTO moves_seen (delivery, was, became, epoch_was, epoch) VALUES (old.id, old.status, new.status, old.epoch, new.epoch); END`,
		`CREATE TRIGGER birth_seen AFTER INSERT ON deliveries BEGIN
			INSERT INTO moves_seen (delivery, became, epoch) VALUES (new.id, new.status, new.epoch); END`,
		`CREATE TRIGGER death_seen AFTER DELETE ON deliveries BEGIN
			INSERT INTO moves_seen (delivery, was, epoch_was) VALUES (old.id, old.status, old.epoch); END`,
		`CREATE TABLE replays_seen (place INTEGER PRIMARY KEY, moves INTEGER NOT NULL, replay BLOB NOT NULL, webhook BLOB NOT NULL,
			made_from INTEGER NOT NULL, made_until INTEGER NOT NULL, created_at INTEGER NOT NULL, status TEXT NOT NULL, examined INTEGER NOT NULL, replayed INTEGER NOT NULL)`,
		replaySeen("replay_made", "INSERT"), replaySeen("replay_seen", "UPDATE"),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("changing the schema: %w", err), db.Close())
		}
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// replaySeen is a trigger that logs what became of a replay, and after which move.
func replaySeen(name, change string) string {
	return `CREATE TRIGGER ` + name + ` AFTER ` + change + ` ON replays BEGIN
		INSERT INTO replays_seen (moves, replay, webhook, made_from, made_until, created_at, status, examined, replayed)
		VALUES ((SELECT coalesce(max(place), 0) FROM moves_seen), new.id, new.webhook_id, new.made_from, new.made_until, new.created_at, new.status, new.examined, new.replayed); END`
}

// move is a row of the log: what is not valid was not, or is no longer, there.
type move struct {
	place           int64
	delivery        string
	was, became     sql.NullInt64
	epochWas, epoch sql.NullInt64
}

func loadMoves(ctx context.Context, db *sql.DB) ([]move, error) {
	var moves []move
	err := each(ctx, db, `SELECT place, hex(delivery), was, became, epoch_was, epoch FROM moves_seen ORDER BY place`, func(scan func(...any) error) error {
		var m move
		if err := scan(&m.place, &m.delivery, &m.was, &m.became, &m.epochWas, &m.epoch); err != nil {
			return err
		}
		moves = append(moves, m)
		return nil
	})
	return moves, err
}

// checkLog checks S8, S11 and S13 on the log: each move is one that the vocabulary
// allows, nobody but a replay has asked for another try, and no lease is older than the
// one before it. The log agrees with where the deliveries are.
func (c *checker) checkLog() {
	at := map[string]posthorn.DeliveryStatus{}
	born := c.stored.replays
	for _, m := range c.stored.moves {
		for len(born) > 0 && born[0].born < m.place {
			born[0].noteBirth(c.stored.deliveries, at)
			born = born[1:]
		}
		before, known := at[m.delivery]
		was, became := statusOf(m.was), statusOf(m.became)
		at[m.delivery] = became
		switch {
		case !m.was.Valid && known:
			c.complain("S8", "delivery %s was made twice", m.delivery)
		case !m.was.Valid && !mayBegin(became, m.epoch.Int64):
			c.complain("S8", "delivery %s began as %s", m.delivery, became)
		case !m.was.Valid: // a good beginning
		case !m.became.Valid:
			c.complain("S10", "delivery %s was %s and is removed", m.delivery, was)
		case was != before:
			c.complain("S8", "delivery %s was %s and then moved from %s", m.delivery, before, was)
		case !was.MayMoveTo(became):
			c.complain("S8", "delivery %s moved from %s to %s", m.delivery, was, became)
		case was.IsTerminal():
			c.sentAgain(m, was)
		case m.epoch.Int64 < m.epochWas.Int64, became == posthorn.DeliveryLeased && m.epoch.Int64 == m.epochWas.Int64:
			c.complain("S11", "delivery %s moved from %s to %s, and its lease from epoch %d to %d", m.delivery, was, became, m.epochWas.Int64, m.epoch.Int64)
		}
	}
	for _, r := range born {
		r.noteBirth(c.stored.deliveries, at)
	}
	for _, d := range c.stored.deliveries {
		if now := statusOf(sql.NullInt64{Int64: int64(d.status), Valid: true}); at[d.id] != now {
			c.complain("S8", "delivery %s is %s; its last move was to %s", d.id, now, at[d.id])
		}
	}
}

// mayBegin reports whether a delivery's row may begin with a status, under an epoch: with pending, leased, or what came of
// the lease under which its event was accepted.
func mayBegin(status posthorn.DeliveryStatus, epoch int64) bool {
	const first = 1
	switch status {
	case posthorn.DeliveryPending, posthorn.DeliveryLeased:
		return true
	case posthorn.DeliverySucceeded, posthorn.DeliveryExhausted:
		return epoch == first
	default:
		return false
	}
}

// statusOf returns the status that a number in the file means.
func statusOf(number sql.NullInt64) posthorn.DeliveryStatus {
	statuses := posthorn.DeliveryStatuses()
	if !number.Valid || number.Int64 < 0 || number.Int64 >= int64(len(statuses)) {
		return ""
	}
	return statuses[number.Int64]
}
