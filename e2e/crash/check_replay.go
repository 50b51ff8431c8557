package main

import (
	"context"
	"database/sql"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
)

// storedReplay is what the log says of a replay.
type storedReplay struct {
	id   string
	hook string
	posthorn.Replay
	// born and over are the last moves before it was made and before it ended.
	born, over int64
	isOver     bool
	// wanted are the deliveries that it must send again, since they were over when it
	// was made; passed are those that it has sent again.
	wanted, passed map[string]bool
}

// loadReplays reads the log of replays, in the order in which they were made.
func loadReplays(ctx context.Context, db *sql.DB) ([]*storedReplay, error) {
	var replays []*storedReplay
	byID := map[string]*storedReplay{}
	err := each(ctx, db, `SELECT hex(r.replay), coalesce(w.url, ''), r.moves, r.made_from, r.made_until, r.created_at, r.status, r.examined, r.replayed
		FROM replays_seen r LEFT JOIN webhooks w ON w.id = r.webhook ORDER BY place`, func(scan func(...any) error) error {
		var now storedReplay
		var from, until, created int64
		if err := scan(&now.id, &now.hook, &now.born, &from, &until, &created, &now.Status, &now.Examined, &now.Replayed); err != nil {
			return err
		}
		r, known := byID[now.id]
		if !known {
			r = &now
			r.hook, r.CreatedAt = path.Base(now.hook), time.UnixMicro(created)
			r.Made = posthorn.Span{From: time.UnixMicro(from), Until: time.UnixMicro(until)}
			r.wanted, r.passed = map[string]bool{}, map[string]bool{}
			byID[r.id] = r
			replays = append(replays, r)
			return nil
		}
		r.Status, r.Examined, r.Replayed, r.over = now.Status, now.Examined, now.Replayed, now.born
		r.isOver = r.Status != posthorn.ReplayRunning
		return nil
	})
	return replays, err
}

// covered returns what tells whether a delivery is one that the replay looks at.
func (r *storedReplay) covered() func(*storedDelivery) bool {
	first, last := r.Within()
	after, before := inHex(first), inHex(last)
	return func(d *storedDelivery) bool { return d.hook == r.hook && after < d.id && d.id < before }
}

// isRunning reports whether the replay was running at a move.
func (r *storedReplay) isRunning(place int64) bool {
	return r.born < place && (!r.isOver || place <= r.over)
}

// noteBirth keeps which deliveries are over when a replay is made.
func (r *storedReplay) noteBirth(deliveries []*storedDelivery, at map[string]posthorn.DeliveryStatus) {
	covers := r.covered()
	for _, d := range deliveries {
		if status := at[d.id]; (status == posthorn.DeliverySucceeded || status == posthorn.DeliveryExhausted) && covers(d) {
			r.wanted[d.id] = true
		}
	}
}

// sentAgain finds the replay that made due a delivery that was over, and checks the one
// half of S13: a replay sends nothing again that it doesn't cover, and nothing twice.
func (c *checker) sentAgain(m move, was posthorn.DeliveryStatus) {
	d := c.byID[m.delivery]
	at := slices.IndexFunc(c.stored.replays, func(r *storedReplay) bool { return r.isRunning(m.place) && d != nil && r.hook == d.hook })
	if at < 0 || was != posthorn.DeliverySucceeded && was != posthorn.DeliveryExhausted {
		c.complain("S8", "delivery %s moved from %s to pending, which nobody asked for", m.delivery, was)
		return
	}
	r := c.stored.replays[at]
	if !r.covered()(d) {
		c.complain("S13", "%s to %s was sent again by the replay %s, which was not to", d.nonce, d.hook, r.id)
	}
	if r.passed[d.id] {
		c.complain("S13", "%s to %s was sent again twice by the replay %s", d.nonce, d.hook, r.id)
	}
	r.passed[d.id] = true
	d.again++
}

// checkReplays checks the other half of S13: a replay that was acknowledged is kept as
// it was asked for, and comes to its end; then all that it had to has been sent again.
func (c *checker) checkReplays() {
	byID := map[string]*storedReplay{}
	for _, r := range c.stored.replays {
		byID[r.id] = r
		if !slices.ContainsFunc(c.wishes, r.isOf) {
			c.complain("S2", "the replay %s of %s was invented", r.id, r.hook)
		}
		if r.Status != posthorn.ReplayDone {
			c.complain("L1", "the replay %s of %s is %s", r.id, r.hook, r.Status)
			continue
		}
		for id := range r.wanted {
			if !r.passed[id] {
				c.complain("S13", "%s to %s was not sent again by the replay %s", c.byID[id].nonce, r.hook, r.id)
			}
		}
		if int(r.Replayed) != len(r.passed) {
			c.complain("S10", "the replay %s counts %d deliveries and has made %d due", r.id, r.Replayed, len(r.passed))
		}
	}
	for _, wish := range c.wishes {
		if id, err := posthorn.ParseID[posthorn.ReplayID](wish.ID); wish.Outcome == acknowledged && (err != nil || byID[inHex(id)] == nil) {
			c.complain("S1", "the replay %s of %s was acknowledged and is gone", wish.ID, wish.Hook)
		}
	}
}

// isOf reports whether a wish may have made the replay.
func (r *storedReplay) isOf(wish *replayWish) bool {
	id, err := posthorn.ParseID[posthorn.ReplayID](wish.ID)
	isTheOne := wish.Outcome == unknown || wish.Outcome == "" || err == nil && inHex(id) == r.id
	return isTheOne && wish.Hook == r.hook && wish.After.Equal(r.Made.From) && r.Made.Until.IsZero()
}

// inHex returns an id as the database writes it in hexadecimal.
func inHex[T ~[16]byte](id T) string { return fmt.Sprintf("%X", [16]byte(id)) }
