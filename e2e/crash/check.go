package main

import (
	"context"
	"slices"
	"time"
)

// check holds what the harness saw against what the database says.
func check(ctx context.Context, h *history, file string) (report, error) {
	if err := h.wantSound(ctx, file); err != nil {
		return report{}, err
	}
	found, err := load(ctx, file)
	if err != nil {
		h.complain("S12", "%v", err) // then all that was acknowledged is gone
		found = stored{}
	}
	c := &checker{history: h, stored: found, receipts: map[string][]*matched{}, eventOf: map[string]string{}, byEvent: map[string][]*storedDelivery{}, byID: map[string]*storedDelivery{}}
	for i := range h.receipts {
		got := &h.receipts[i]
		c.receipts[got.Hook+" "+got.Nonce] = append(c.receipts[got.Hook+" "+got.Nonce], &matched{receipt: got})
	}
	for _, list := range c.receipts {
		slices.SortFunc(list, func(a, b *matched) int { return a.At.Compare(b.At) })
	}
	for _, d := range found.deliveries {
		c.byEvent[d.event] = append(c.byEvent[d.event], d)
		c.byID[d.id] = d
	}
	c.checkEvents()
	c.checkReceipts()
	c.checkFanOut()
	c.checkLog()
	c.checkReplays()
	for _, d := range found.deliveries {
		c.checkDelivery(d)
	}
	c.checkUnmatched()
	c.checkBooks()
	return c.report(), nil
}

type checker struct {
	*history
	stored     stored
	receipts   map[string][]*matched // by hook and nonce, in the order of arrival
	eventOf    map[string]string     // the one event of a nonce
	byEvent    map[string][]*storedDelivery
	byID       map[string]*storedDelivery
	losses     int
	duplicates int
	unrecorded int
}

// checkEvents checks S1, S2 and S5: an acknowledged event is kept, once; a
// refused one is not.
func (c *checker) checkEvents() {
	for id, e := range c.stored.events {
		meant, known := c.intents[e.nonce]
		if !known || meant.Outcome == rejected {
			c.complain("S2", "event %s (%s) was invented", id, e.nonce)
			continue
		}
		if other, twice := c.eventOf[e.nonce]; twice {
			c.complain("S5", "%s became two events: %s and %s", e.nonce, other, id)
		}
		c.eventOf[e.nonce] = id
	}
	for nonce, meant := range c.intents {
		switch {
		case meant.Outcome == unknown || meant.Outcome == "":
			c.complain("L1", "the fate of %s is still unknown after %d tries", nonce, meant.Tries)
		case meant.Outcome == acknowledged && c.eventOf[nonce] == "":
			c.losses++
			c.complain("S1", "%s was acknowledged and is gone", nonce)
		}
	}
}

// checkReceipts checks S2, S3 and S5 from the receivers' side.
func (c *checker) checkReceipts() {
	ids := map[string]string{}
	for _, got := range c.history.receipts {
		if got.Problem != "" {
			c.complain("S3", "%s at %s: %s", got.Nonce, got.Hook, got.Problem)
		}
		meant, known := c.intents[got.Nonce]
		h, _ := c.world.hook(got.Hook)
		if !known || meant.Outcome == rejected || !h.wants(meant.Type) {
			c.complain("S2", "%q arrived at %s, which nobody meant", got.Nonce, got.Hook)
			continue
		}
		if first, seen := ids[got.Nonce]; seen && first != got.ID {
			c.complain("S5", "%s arrived under two ids", got.Nonce)
		}
		ids[got.Nonce] = got.ID
		if meant.Outcome == acknowledged && meant.PublicID != got.ID {
			c.complain("S3", "%s was acknowledged as %s and arrived as %s", got.Nonce, meant.PublicID, got.ID)
		}
		const requestTime = attemptTimeout + time.Second
		if got.Hook == removedHook && !c.deletedBy.IsZero() && got.At.After(c.deletedBy.Add(requestTime)) {
			c.complain("S8", "%s was sent to a webhook that is deleted", got.Nonce)
		}
	}
}

// checkFanOut checks S4: an event has the deliveries of all webhooks that wanted
// it, or there is no such event.
func (c *checker) checkFanOut() {
	for id, e := range c.stored.events {
		meant, known := c.intents[e.nonce]
		if !known {
			continue // told before
		}
		if len(c.byEvent[id]) != e.deliveries {
			c.complain("S4", "%s was fanned out to %d webhooks and has %d deliveries", e.nonce, e.deliveries, len(c.byEvent[id]))
		}
		for _, h := range c.world.hooks {
			count := 0
			for _, d := range c.byEvent[id] {
				if d.hook == h.name {
					count++
				}
			}
			least, most := c.wanted(h, meant)
			if count < least || count > most {
				c.complain("S4", "%s has %d deliveries for %s", e.nonce, count, h.name)
			}
		}
	}
}

// wanted says how many deliveries an event must and may have for a hook.
func (c *checker) wanted(h hook, meant *intent) (int, int) {
	switch {
	case !h.wants(meant.Type):
		return 0, 0
	case h.name != removedHook || c.deletedAt.IsZero() || meant.Ended.Before(c.deletedAt):
		return 1, 1
	case !c.deletedBy.IsZero() && meant.Begun.After(c.deletedBy):
		return 0, 0
	default:
		return 0, 1
	}
}

// checkBooks checks S10 once more, on what the file says of every delivery.
func (c *checker) checkBooks() {
	if c.accepted != 0 && c.accepted != len(c.stored.deliveries) {
		c.complain("S10", "the books know %d deliveries, the file has %d", c.accepted, len(c.stored.deliveries))
	}
}
