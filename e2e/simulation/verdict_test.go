package simulation

import (
	"context"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
	"github.com/posthorn/posthorn/internal/store/memstore"
)

const everything = 1 << 30

// look compares the database with the books at one moment.
func (w *world) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.books
	leased := 0
	for _, r := range b.webhooks {
		stats, err := w.store.WebhookStats(context.Background(), []posthorn.WebhookID{r.ID})
		w.must(err)
		s := stats[r.ID]
		if sum := s.Pending + s.Succeeded + s.Exhausted + s.Cancelled + s.Expired + s.Quarantined; sum != r.accepted {
			b.violated("conservation", "webhook %d: %d accepted, %+v", r.number, r.accepted, s)
		}
		found, err := w.store.Deliveries(context.Background(), store.DeliveryQuery{WebhookID: r.ID, Status: posthorn.DeliveryLeased, Page: posthorn.Page{Limit: everything}})
		w.must(err)
		leased += len(found)
	}
	// Claims side by side may exceed the bound by what each may have, and so may
	// webhooks that hold nothing.
	limits := w.profile.limits
	if most := (2 + len(b.webhooks)) * limits.MaxHeldJobs; leased > most && !w.profile.storeFails && !w.profile.strangers {
		b.violated("bounded memory", "%d deliveries held, at most %d allowed", leased, most)
	}
}

func (b *books) checkNothingLeased(s *memstore.Store, id posthorn.NodeID) {
	found, err := s.Deliveries(context.Background(), store.DeliveryQuery{Status: posthorn.DeliveryLeased, Page: posthorn.Page{Limit: everything}})
	if err != nil || len(found) > 0 {
		b.violated("nothing leased after a stop", "%d deliveries, the first %s (node %s): %v", len(found), b.name(found[0].ID), id, err)
	}
}

// run plays the script, lets everything drain, and gives the verdict.
func (w *world) run() {
	w.start()
	for _, act := range w.script() {
		pass(time.Until(act.at))
		act.do()
	}
	pass(time.Until(w.calm))
	pass(time.Second)
	w.publish.Wait()
	for _, r := range w.books.webhooks {
		if chance(w.dice.fixed("end", r.number), 0.7) {
			w.resume(r)
		}
	}
	for range 24 * 20 {
		if len(w.open())+len(w.replaying()) == 0 {
			break
		}
		pass(time.Hour)
		w.checkPrompt()
	}
	for _, d := range w.open() {
		w.books.violated("nothing lost", "%s is %s, due %v, at webhook %d", w.books.name(d.ID), d.Status, d.DueAt.Sub(w.begin), w.books.number(d.WebhookID))
	}
	for _, r := range w.replaying() {
		w.books.violated("nothing lost", "a replay goes on for ever at webhook %d: %+v", r.receiver.number, r.Replay)
	}
	w.look()
	pass(time.Minute)
	before := time.Now()
	w.stop()
	if took := time.Since(before); took > longestWait {
		w.books.violated("bounded memory", "an idle engine took %v to stop: it still held something", took)
	}
	for _, n := range w.nodes {
		<-n.done
	}
	w.judge()
}

// latest is how late a request may be when nothing fails: a sweep finds what was
// overlooked, and a receiver that failed is tried again.
const latest = 3 * time.Hour

// checkPrompt checks that nothing that is due is overlooked.
func (w *world) checkPrompt() {
	open := w.open()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range open {
		webhook, err := w.store.Webhook(context.Background(), d.WebhookID)
		if err == nil && time.Since(d.DueAt) > latest && time.Since(webhook.HoldUntil) > latest && time.Since(w.calm) > latest {
			w.books.violated("nothing overlooked", "%s is %s and due since %v", w.books.name(d.ID), d.Status, time.Since(d.DueAt))
		}
	}
}

// open lists the deliveries that should go on and haven't ended.
func (w *world) open() []posthorn.Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []posthorn.Delivery
	for _, status := range []posthorn.DeliveryStatus{posthorn.DeliveryPending, posthorn.DeliveryLeased} {
		found, err := w.store.Deliveries(context.Background(), store.DeliveryQuery{Status: status, Page: posthorn.Page{Limit: everything}})
		w.must(err)
		for _, d := range found {
			r := w.books.webhooks[w.books.number(d.WebhookID)]
			waits := r.Status == posthorn.WebhookPaused || r.Status == posthorn.WebhookDisabled
			if !waits || status == posthorn.DeliveryLeased {
				open = append(open, d)
			}
		}
	}
	return open
}

// judge compares how each delivery ended with what really happened to it.
func (w *world) judge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.books
	for _, r := range b.webhooks {
		for _, d := range r.deliveries {
			kept, err := w.store.Delivery(context.Background(), d.id)
			if err != nil {
				b.violated("nothing lost", "%v: %v", d, err)
				continue
			}
			isTrue := true
			switch kept.Status {
			case posthorn.DeliverySucceeded:
				isTrue = d.tookIt
			case posthorn.DeliveryExhausted:
				isTrue = d.mayExhaust
			case posthorn.DeliveryCancelled:
				isTrue = d.mayCancel
			case posthorn.DeliveryExpired, posthorn.DeliveryLeased, posthorn.DeliveryQuarantined:
				isTrue = false
			case posthorn.DeliveryPending:
				isTrue = r.Status == posthorn.WebhookPaused || r.Status == posthorn.WebhookDisabled
			}
			if !isTrue {
				b.violated("a true ending", "%v is %s at a webhook that is %s", d, kept.Status, r.Status)
			}
		}
	}
}
