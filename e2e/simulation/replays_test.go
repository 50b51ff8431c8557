package simulation

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// replay is a replay as it looks from outside.
type replay struct {
	posthorn.Replay
	receiver *receiver
	// wanted were over in a wanted way when it was made, and nobody else has sent them
	// again since; passed are those that it has sent again.
	wanted, passed map[*delivery]bool
}

// covers reports whether a delivery was made in the replay's time.
func (r *replay) covers(d *delivery) bool {
	after, before := r.Within()
	return bytes.Compare(d.id[:], after[:]) > 0 && bytes.Compare(d.id[:], before[:]) < 0
}

// replay has deliveries of a webhook sent again, as a person does.
func (w *world) replay(n int) {
	r := w.dice.fixed("replay", n)
	w.mu.Lock()
	target := w.books.webhooks[r.IntN(len(w.books.webhooks))]
	wish := posthorn.Replay{
		ID: posthorn.NewID[posthorn.ReplayID](time.Now(), w.random), WebhookID: target.ID, EnvironmentID: w.environment.ID,
		Statuses: pick(r, []posthorn.DeliveryStatus{posthorn.DeliveryExhausted}, []posthorn.DeliveryStatus{posthorn.DeliverySucceeded, posthorn.DeliveryCancelled}, posthorn.ReplayableStatuses()),
		Status:   posthorn.ReplayRunning, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	if chance(r, 0.3) {
		wish.Made.From = w.begin.Add(between(r, 0, time.Since(w.begin)))
	}
	err := w.store.CreateReplay(context.Background(), wish)
	w.books.note("webhook %d: a replay is asked for: %v", target.number, err)
	if err == nil {
		w.books.replayMade(w, wish.ID, target)
	}
	mayFail := target.Status == posthorn.WebhookDeleted || slices.ContainsFunc(w.books.replays, func(r *replay) bool { return r.Status == posthorn.ReplayRunning })
	if err != nil && !mayFail {
		w.books.violated("the harness", "making a replay: %v", err)
	}
	node := w.node
	w.mu.Unlock()
	if node != nil {
		node.replays.Kick()
	}
}

func (b *books) replayMade(w *world, id posthorn.ReplayID, target *receiver) {
	kept, err := w.store.Replay(context.Background(), id)
	w.must(err)
	r := &replay{Replay: kept, receiver: target, wanted: map[*delivery]bool{}, passed: map[*delivery]bool{}}
	for _, d := range target.deliveries {
		now, err := w.store.Delivery(context.Background(), d.id)
		w.must(err)
		if kept.Wants(now.Status) && r.covers(d) {
			r.wanted[d] = true
		}
	}
	b.replays = append(b.replays, r)
}

// askedFor enters that a person has a delivery sent again: then no replay has to.
func (b *books) askedFor(d *delivery) {
	for _, r := range b.replays {
		delete(r.wanted, d)
	}
	d.startOver()
}

// startOver forgets what was before another try was asked for.
func (d *delivery) startOver() {
	d.counted, d.notBefore, d.tookIt, d.isDone, d.mayExhaust = 0, time.Time{}, false, false, false
}

func (d *database) NextReplay(ctx context.Context, after posthorn.WebhookID, now time.Time, room int) (store.ReplayTurn, error) {
	return call(d, "next replay", "", func(*books) (store.ReplayTurn, error) { return d.Store.NextReplay(ctx, after, now, room) })
}

func (d *database) StepReplay(ctx context.Context, s store.ReplayStep) (posthorn.Replay, error) {
	return call(d, "replay", "", func(b *books) (posthorn.Replay, error) {
		at := slices.IndexFunc(b.replays, func(r *replay) bool { return r.ID == s.ID })
		r := b.replays[at]
		before := d.node.statuses(r.receiver)
		after, err := d.Store.StepReplay(ctx, s)
		if err == nil {
			b.stepped(r, before, d.node.statuses(r.receiver), after)
		}
		return after, err
	})
}

// statuses returns the statuses of all deliveries of a receiver.
func (w *world) statuses(r *receiver) map[*delivery]posthorn.DeliveryStatus {
	statuses := map[*delivery]posthorn.DeliveryStatus{}
	for _, d := range r.deliveries {
		now, err := w.store.Delivery(context.Background(), d.id)
		w.must(err)
		statuses[d] = now.Status
	}
	return statuses
}

// stepped enters what a step of a replay did, and checks that it did no more than it
// should; and when it was the last one, no less.
func (b *books) stepped(r *replay, before, after map[*delivery]posthorn.DeliveryStatus, now posthorn.Replay) {
	for _, d := range inOrder(after) {
		status := after[d]
		if before[d] == status {
			continue
		}
		b.note("%v: a replay sends it again", d)
		if status != posthorn.DeliveryPending || !r.Wants(before[d]) || !r.covers(d) || r.passed[d] {
			b.violated("what a replay sends again", "%v was %s and is %s (covered %v, passed before %v)", d, before[d], status, r.covers(d), r.passed[d])
		}
		b.forgive(d.id, false, "a replay")
		d.startOver()
		r.passed[d] = true
	}
	r.Replay = now
	if now.Status != posthorn.ReplayDone {
		return
	}
	b.note("webhook %d: a replay is done, %d sent again", r.receiver.number, len(r.passed))
	for _, d := range inOrder(r.wanted) {
		if !r.passed[d] {
			b.violated("nothing left out of a replay", "%v is %s", d, after[d])
		}
	}
	if now.Replayed != int64(len(r.passed)) {
		b.violated("conservation", "a replay counts %d, and has sent %d again", now.Replayed, len(r.passed))
	}
}

// inOrder lists deliveries of one receiver in the same order in every run.
func inOrder[T any](of map[*delivery]T) []*delivery {
	return slices.SortedFunc(maps.Keys(of), func(a, b *delivery) int { return a.event.serial - b.event.serial })
}

// replaying lists the replays that should go on and aren't over.
func (w *world) replaying() []*replay {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []*replay
	for _, r := range w.books.replays {
		now, err := w.store.Replay(context.Background(), r.ID)
		w.must(err)
		switch {
		case now.Status == posthorn.ReplayRunning && r.receiver.Status == posthorn.WebhookActive:
			open = append(open, r)
		case now.Status == posthorn.ReplayCancelled && r.receiver.Status != posthorn.WebhookDeleted:
			w.books.violated("what a person said holds", "a replay of webhook %d, which is %s, is cancelled", r.receiver.number, r.receiver.Status)
		}
	}
	return open
}

// goOnWithReplays runs the process's part of replays until ctx ends.
func (n *node) goOnWithReplays(ctx context.Context) {
	if n.profile.replays {
		n.replays.Run(ctx)
	}
}
