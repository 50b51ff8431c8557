package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/intake"
	"github.com/posthorn/posthorn/internal/store"
)

// act is something that somebody does at a moment.
type act struct {
	at time.Time
	do func()
}

// script is everything that is done to the program in a run, in order.
func (w *world) script() []act {
	var acts []act
	often := func(what string, most int, do func(n int)) {
		r := w.dice.fixed("script", what)
		for n := range 1 + r.IntN(most) {
			acts = append(acts, act{w.begin.Add(between(r, 0, w.profile.span)), func() { do(n) }})
		}
	}
	serial := 0
	r := w.dice.fixed("script", "publications")
	for range w.profile.events {
		first, count := serial+1, 1+r.IntN(4)
		serial += count
		acts = append(acts, act{w.begin.Add(between(r, 0, w.profile.span)), func() { w.publish.Go(func() { w.publisher(first, count) }) }})
	}
	if chance(r, 0.3) { // many at once
		at := w.begin.Add(between(r, 0, w.profile.span/2))
		for range 40 + r.IntN(60) {
			first := serial + 1
			serial++
			at = at.Add(time.Nanosecond)
			acts = append(acts, act{at, func() { w.publish.Go(func() { w.publisher(first, 1) }) }})
		}
	}
	often("look", 20, func(int) { w.look() })
	if w.profile.people {
		often("person", 20, w.person)
	}
	if w.profile.replays {
		often("replay", 8, w.replay)
	}
	if w.profile.strangers {
		often("stranger", 3, func(int) { w.stranger() })
	}
	if w.profile.kills {
		often("kill", 4, func(n int) { w.kill(); pass(between(w.dice.fixed("dead", n), 0, 10*time.Second)); w.start() })
	}
	if w.profile.stops {
		often("stop", 4, func(n int) { w.stop(); pass(between(w.dice.fixed("stopped", n), 0, 10*time.Second)); w.start() })
	}
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	return acts
}

// publisher publishes until it is told that its events are accepted, under ids or
// a key that make it safe to ask again, and asks again now and then.
func (w *world) publisher(first, count int) {
	r := w.dice.fixed("publisher", first)
	how := pick(r, "ids", "key", "once")
	p := intake.Publication{EnvironmentID: w.environment.ID}
	for n := first; n < first+count; n++ {
		item := intake.Item{Type: pick(r, "user.created", "user.deleted", "order.paid"), Data: fmt.Appendf(nil, `{"n":%d,  "price":1.10,"text":"<\u00e9>"}`, n)}
		if how == "ids" {
			item.ID = fmt.Sprintf("given-%d", n)
		}
		p.Items = append(p.Items, item)
	}
	if how == "key" {
		p.Idempotency = &intake.Idempotency{
			Key:    store.IdempotencyKey{Scope: "s", Key: fmt.Sprint(first)},
			Answer: func(results []intake.Result) (int, []byte) { return 202, []byte(results[0].Event.PublicID()) },
		}
	}
	again := chance(r, 0.3)
	for range 50 {
		n := w.running()
		if n != nil {
			receipt, err := n.intake.Publish(context.Background(), p)
			w.mu.Lock()
			if err == nil && !n.isDead {
				w.books.acknowledged(p, receipt, first)
			}
			w.mu.Unlock()
			if how == "once" || err == nil && !again {
				return
			}
			again = again && err != nil
		}
		pass(between(r, time.Millisecond, 10*time.Second))
	}
}

// acknowledged checks what a publisher was told.
func (b *books) acknowledged(p intake.Publication, receipt intake.Receipt, first int) {
	if receipt.Replayed != nil {
		if e := b.bySerial[first]; e == nil || string(receipt.Replayed.Body) != e.publicID {
			b.violated("idempotency", "event %d: replayed %s", first, receipt.Replayed.Body)
		}
		return
	}
	for i, result := range receipt.Results {
		if e := b.bySerial[first+i]; result.Err != nil || e == nil || e.publicID != result.Event.PublicID() {
			b.violated("nothing lost", "event %d of %d was acknowledged and not kept: %v", first+i, len(p.Items), result.Err)
		}
	}
}

// person does one of the things that people do.
func (w *world) person(n int) {
	r := w.dice.fixed("person", n)
	target := w.books.webhooks[r.IntN(len(w.books.webhooks))]
	switch r.IntN(7) {
	case 0:
		w.change(target, func(x *posthorn.Webhook) { x.Status = posthorn.WebhookPaused }, posthorn.WebhookActive)
	case 1, 2:
		w.resume(target)
	case 3:
		if target.number > 0 && chance(r, 0.3) {
			w.remove(target)
		}
	case 4:
		w.change(target, func(x *posthorn.Webhook) {
			target.version++
			x.URL, x.HoldUntil, x.Breaker = address(target.number, target.version), time.Time{}, posthorn.Breaker{ChangedAt: time.Now()}
			target.holds = nil
		}, posthorn.WebhookActive, posthorn.WebhookPaused)
	case 5:
		w.retry(r)
	case 6:
		w.cancel(r)
	}
}

func (w *world) resume(target *receiver) {
	w.change(target, func(x *posthorn.Webhook) {
		x.Status, x.HoldUntil, x.Breaker = posthorn.WebhookActive, time.Time{}, posthorn.Breaker{ChangedAt: time.Now()}
		target.holds = nil
	}, posthorn.WebhookActive, posthorn.WebhookPaused, posthorn.WebhookDisabled)
}

func (w *world) remove(target *receiver) {
	w.change(target, func(x *posthorn.Webhook) { x.Status = posthorn.WebhookDeleted }, posthorn.WebhookActive, posthorn.WebhookPaused, posthorn.WebhookDisabled)
	w.mu.Lock()
	defer w.mu.Unlock()
	if target.Status == posthorn.WebhookDeleted {
		w.books.cancelledPending(target.ID)
		_, err := w.store.CancelPending(context.Background(), target.ID, 2, time.Now())
		w.must(err)
	}
}

// change alters a webhook in one of the statuses, and tells the process.
func (w *world) change(target *receiver, change func(*posthorn.Webhook), from ...posthorn.WebhookStatus) {
	w.mu.Lock()
	if !slices.Contains(from, target.Status) {
		w.mu.Unlock()
		return
	}
	after, err := w.store.UpdateWebhook(context.Background(), target.ID, func(x posthorn.Webhook) (posthorn.Webhook, error) {
		change(&x)
		return x, nil
	})
	w.must(err)
	// The process forgets a wait that the database doesn't know of yet.
	target.holds = slices.DeleteFunc(target.holds, func(h *hold) bool { return !h.isKept })
	target.Status, target.changedAt = after.Status, time.Now()
	w.books.note("webhook %d: %s at %s", target.number, after.Status, after.URL)
	n := w.node
	w.mu.Unlock()
	if n != nil {
		n.directories.Forget(w.environment.ID)
		n.engine.Reconsider(&after)
	}
}

// anyDelivery picks one of the oldest deliveries.
func (w *world) anyDelivery(r *rand.Rand) *delivery {
	if len(w.books.bySerial) == 0 {
		return nil
	}
	e := w.books.bySerial[1+r.IntN(len(w.books.bySerial))]
	if e == nil || len(e.wantedBy) == 0 {
		return nil
	}
	return w.books.webhooks[pick(r, e.wantedBy...)].deliveries[e.publicID]
}

func (w *world) retry(r *rand.Rand) {
	w.mu.Lock()
	d := w.anyDelivery(r)
	if d == nil || d.receiver.Status == posthorn.WebhookDeleted {
		w.mu.Unlock()
		return
	}
	if _, err := w.store.Retry(context.Background(), d.id, time.Now()); err == nil {
		w.books.note("%v: a person asks for another try", d)
		w.books.forgive(d.id, false, "a person asked for it")
		w.books.askedFor(d)
	}
	n := w.node
	w.mu.Unlock()
	if n != nil {
		// Reconsider would end the wait that the receiver asked for, without the
		// directory having been forgotten.
		n.engine.Wake(w.environment.ID, d.receiver.ID)
	}
}

func (w *world) cancel(r *rand.Rand) {
	w.mu.Lock()
	d := w.anyDelivery(r)
	if d == nil {
		w.mu.Unlock()
		return
	}
	before, err := w.store.Delivery(context.Background(), d.id)
	w.must(err)
	if _, err := w.store.Cancel(context.Background(), d.id, time.Now()); err == nil {
		w.books.note("%v: a person cancels it", d)
		w.books.forgive(d.id, before.Status == posthorn.DeliveryLeased, "it was cancelled")
		d.mayCancel = true
	}
	n := w.node
	w.mu.Unlock()
	if n != nil {
		n.engine.Withdraw(d.receiver.ID, d.id)
	}
}

// stranger is another node that takes all leases away, as if this one had been
// frozen.
func (w *world) stranger() {
	w.mu.Lock()
	defer w.mu.Unlock()
	leased, err := w.store.Deliveries(context.Background(), store.DeliveryQuery{Status: posthorn.DeliveryLeased, Page: posthorn.Page{Limit: everything}})
	w.must(err)
	for _, d := range leased {
		w.books.forgive(d.ID, true, "a stranger takes it over")
	}
	_, err = w.store.Join(context.Background(), posthorn.NewID[posthorn.NodeID](time.Now(), w.random), time.Now(), w.random)
	w.must(err)
}
