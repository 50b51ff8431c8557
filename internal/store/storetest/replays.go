package storetest

import (
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func replayCases() []testCase {
	return []testCase{
		{name: "a replay is kept and listed, newest first, with those of its webhook", run: replaysListed},
		{name: "a webhook that is absent or deleted gets no replay", run: replayOfNoWebhook},
		{name: "a webhook has one running replay", run: oneRunningReplay},
		{name: "a workspace has so many running replays", run: fewRunningReplays},
		{name: "the newest replays of a webhook stay", run: replaysAreDropped},
		{name: "a step does to wanted deliveries what retry does, and to no others", run: stepRetries},
		{name: "a step stops after so many deliveries, or so many that were wanted, and the next one goes on there", run: stepsAreBounded},
		{name: "a replay looks at deliveries made within its span and before itself", run: replayStaysWithinItsSpan},
		{name: "a delivery that is over again behind the cursor is not moved twice", run: replayMovesNothingTwice},
		{name: "a count is of what a replay would make due, and stops at its limit", run: replayIsCounted},
		{name: "cancel ends a running replay alone, which then takes no more steps", run: replayIsCancelled},
		{name: "deleting a webhook cancels its running replay", run: deletedWebhookEndsReplay},
		{name: "an unknown replay", run: unknownReplay},
		{name: "replays take turns in the order of their webhooks", alone: true, run: replaysTakeTurns},
		{name: "a replay has no turn while its webhook isn't active, is held or has no room, and is a probe while its breaker is open", alone: true, run: replayWaits},
	}
}

// newReplay makes a replay of what is exhausted or expired.
func (w *world) newReplay(webhook posthorn.Webhook) posthorn.Replay {
	return posthorn.Replay{
		ID: posthorn.NewID[posthorn.ReplayID](w.tick(), w.random), WebhookID: webhook.ID, EnvironmentID: webhook.EnvironmentID,
		Statuses: []posthorn.DeliveryStatus{posthorn.DeliveryExhausted, posthorn.DeliveryExpired},
		Status:   posthorn.ReplayRunning, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// replay makes a replay and keeps it.
func (w *world) replay(webhook posthorn.Webhook) posthorn.Replay {
	w.t.Helper()
	r := w.newReplay(webhook)
	w.do(w.CreateReplay(w.ctx, r))
	return r
}

func (w *world) step(r posthorn.Replay, examine, move int) posthorn.Replay {
	w.t.Helper()
	return must[posthorn.Replay](w)(w.StepReplay(w.ctx, store.ReplayStep{ID: r.ID, Examine: examine, Move: move, Now: w.tick()}))
}

// exhausted makes n deliveries that have failed for the last time.
func (w *world) exhausted(webhook posthorn.Webhook, n int) []posthorn.Delivery {
	w.t.Helper()
	var all []posthorn.Delivery
	for range n {
		all = append(all, w.inStatus(webhook, posthorn.DeliveryExhausted))
	}
	return all
}

func replaysListed(w *world) {
	webhook := w.webhook()
	w.replay(w.webhook())
	var want []posthorn.Replay
	for range 3 {
		r := w.newReplay(webhook)
		r.Made = posthorn.Span{From: w.now.Add(-time.Hour), Until: w.now.Add(-time.Minute)}
		w.do(w.CreateReplay(w.ctx, r))
		r = must[posthorn.Replay](w)(w.CancelReplay(w.ctx, r.ID, w.tick()))
		w.want("the replay", must[posthorn.Replay](w)(w.Replay(w.ctx, r.ID)), r)
		want = append([]posthorn.Replay{r}, want...)
	}
	all := must[[]posthorn.Replay](w)(w.Replays(w.ctx, webhook.ID, posthorn.Page{Limit: 10}))
	w.want("the replays", all, want)
	page := must[[]posthorn.Replay](w)(w.Replays(w.ctx, webhook.ID, posthorn.Page{Limit: 1, After: want[0].ID}))
	w.want("a page", page, want[1:2])
}

func replayOfNoWebhook(w *world) {
	w.wantError(w.CreateReplay(w.ctx, w.newReplay(w.newWebhook())), posthorn.ErrNotFound)
	deleted := w.webhook()
	w.setStatus(deleted, posthorn.WebhookDeleted)
	w.wantError(w.CreateReplay(w.ctx, w.newReplay(deleted)), posthorn.ErrNotFound)
	paused := w.webhook()
	w.setStatus(paused, posthorn.WebhookPaused)
	w.do(w.CreateReplay(w.ctx, w.newReplay(paused)))
}

func oneRunningReplay(w *world) {
	webhook := w.webhook()
	first := w.replay(webhook)
	second := w.newReplay(webhook)
	w.wantError(w.CreateReplay(w.ctx, second), posthorn.ErrConflict)
	_, err := w.Replay(w.ctx, second.ID)
	w.wantError(err, posthorn.ErrNotFound)
	w.want("the status", w.step(first, 1, 1).Status, posthorn.ReplayDone)
	w.do(w.CreateReplay(w.ctx, second))
}

func fewRunningReplays(w *world) {
	var running []posthorn.Replay
	for range posthorn.MaxRunningReplays {
		running = append(running, w.replay(w.webhook()))
	}
	next := w.newReplay(w.webhook())
	w.wantError(w.CreateReplay(w.ctx, next), posthorn.ErrLimit)
	other := w.neighbour()
	other.replay(other.webhook())
	must[posthorn.Replay](w)(w.CancelReplay(w.ctx, running[0].ID, w.tick()))
	w.do(w.CreateReplay(w.ctx, next))
	w.wantError(w.CreateReplay(w.ctx, w.newReplay(w.webhook())), posthorn.ErrLimit)
}

func replaysAreDropped(w *world) {
	webhook := w.webhook()
	other := w.replay(w.webhook())
	var newest posthorn.Replay
	for range posthorn.MaxReplaysKept + 2 {
		newest = w.replay(webhook)
		must[posthorn.Replay](w)(w.CancelReplay(w.ctx, newest.ID, w.tick()))
	}
	all := must[[]posthorn.Replay](w)(w.Replays(w.ctx, webhook.ID, posthorn.Page{Limit: 1000}))
	w.want("how many are kept", len(all), posthorn.MaxReplaysKept)
	w.want("the newest", all[0].ID, newest.ID)
	must[posthorn.Replay](w)(w.Replay(w.ctx, other.ID))
}

func stepRetries(w *world) {
	for _, wanted := range posthorn.ReplayableStatuses() {
		webhook := w.webhook()
		var before []posthorn.Delivery
		for _, status := range ordinaryStatuses() {
			before = append(before, w.inStatus(webhook, status))
		}
		neighbours := w.exhausted(w.webhook(), 1)[0]
		r := w.newReplay(webhook)
		r.Statuses = []posthorn.DeliveryStatus{wanted}
		w.do(w.CreateReplay(w.ctx, r))
		stats := w.stats(webhook)
		got := w.step(r, 100, 100)
		moved := int64(0)
		for _, d := range before {
			if d.Status == wanted {
				d.Status, d.DueAt, d.UpdatedAt, d.Uncounted = posthorn.DeliveryPending, w.now, w.now, d.Attempts
				moved++
			}
			w.want("a delivery", w.delivery(d.ID), d)
		}
		r.Status, r.Examined, r.Replayed, r.UpdatedAt = posthorn.ReplayDone, int64(len(before)), moved, w.now
		w.want("what the step returns", got, r)
		w.want("the replay", must[posthorn.Replay](w)(w.Replay(w.ctx, r.ID)), r)
		w.want("how many are pending", w.stats(webhook).Pending, stats.Pending+moved)
		w.want("whether the books hold", conserved(w.stats(webhook)), true)
		w.want("another webhook's delivery", w.delivery(neighbours.ID), neighbours)
	}
}

func stepsAreBounded(w *world) {
	webhook := w.webhook()
	first := w.exhausted(webhook, 2)
	for range 3 {
		w.inStatus(webhook, posthorn.DeliverySucceeded)
	}
	last := w.exhausted(webhook, 1)
	r := w.replay(webhook)
	wantMoved := func(n int) {
		w.t.Helper()
		for i, d := range slices.Concat(first, last) {
			want := posthorn.DeliveryExhausted
			if i < n {
				want = posthorn.DeliveryPending
			}
			w.wantStatus(d.ID, want)
		}
	}
	for _, want := range []struct {
		examine, move      int
		examined, replayed int64
		status             posthorn.ReplayStatus
	}{
		{100, 1, 1, 1, posthorn.ReplayRunning},
		{2, 100, 3, 2, posthorn.ReplayRunning},
		{2, 100, 5, 2, posthorn.ReplayRunning},
		{1, 1, 6, 3, posthorn.ReplayRunning},
		{1, 1, 6, 3, posthorn.ReplayDone},
	} {
		got := w.step(r, want.examine, want.move)
		w.want("how many were examined", got.Examined, want.examined)
		w.want("how many were replayed", got.Replayed, want.replayed)
		w.want("the status", got.Status, want.status)
		wantMoved(int(want.replayed))
	}
	_, err := w.StepReplay(w.ctx, store.ReplayStep{ID: r.ID, Examine: 1, Move: 1, Now: w.tick()})
	w.wantError(err, posthorn.ErrConflict)
}

func replayStaysWithinItsSpan(w *world) {
	webhook := w.webhook()
	all := w.exhausted(webhook, 5)
	r := w.newReplay(webhook)
	r.Made = posthorn.Span{From: all[1].CreatedAt, Until: all[3].CreatedAt}
	w.do(w.CreateReplay(w.ctx, r))
	late := w.exhausted(webhook, 1)[0]
	w.want("the status", w.step(r, 100, 100).Status, posthorn.ReplayDone)
	for i, d := range append(all, late) {
		want := posthorn.DeliveryExhausted
		if i == 1 || i == 2 {
			want = posthorn.DeliveryPending
		}
		w.wantStatus(d.ID, want)
	}
	whole := w.replay(webhook)
	later := w.exhausted(webhook, 1)[0]
	got := w.step(whole, 100, 100)
	w.want("how many were replayed without a span", got.Replayed, int64(4))
	w.wantStatus(later.ID, posthorn.DeliveryExhausted)
}

func replayMovesNothingTwice(w *world) {
	webhook := w.webhook()
	all := w.exhausted(webhook, 3)
	r := w.replay(webhook)
	w.step(r, 100, 1)
	job := w.claim(webhook)[0]
	w.record(job, posthorn.StatusReason(500), posthorn.DeliveryExhausted)
	got := w.step(r, 100, 100)
	w.want("how many were replayed", got.Replayed, int64(3))
	w.wantStatus(all[0].ID, posthorn.DeliveryExhausted)
}

func replayIsCounted(w *world) {
	webhook := w.webhook()
	all := w.exhausted(webhook, 3)
	w.exhausted(w.webhook(), 1)
	w.inStatus(webhook, posthorn.DeliveryExpired)
	w.inStatus(webhook, posthorn.DeliverySucceeded)
	r := w.newReplay(webhook)
	count := func(limit int) int { return must[int](w)(w.CountReplay(w.ctx, r, limit)) }
	w.want("the count", count(100), 4)
	w.want("the count up to a limit", count(2), 2)
	r.Statuses = []posthorn.DeliveryStatus{posthorn.DeliverySucceeded, posthorn.DeliveryExhausted}
	w.want("the count of successes too", count(100), 4)
	r.Made.From = all[1].CreatedAt
	w.want("the count from a moment on", count(100), 3)
	r.Made.From = r.CreatedAt.Add(time.Hour)
	w.want("the count from the future on", count(100), 0)
	r.Made, r.CreatedAt = posthorn.Span{}, all[2].CreatedAt
	w.want("the count before a moment", count(100), 2)
}

func replayIsCancelled(w *world) {
	webhook := w.webhook()
	all := w.exhausted(webhook, 2)
	r := w.replay(webhook)
	want := w.step(r, 1, 1)
	got := must[posthorn.Replay](w)(w.CancelReplay(w.ctx, r.ID, w.tick()))
	want.Status, want.UpdatedAt = posthorn.ReplayCancelled, w.now
	w.want("what cancel returns", got, want)
	_, err := w.StepReplay(w.ctx, store.ReplayStep{ID: r.ID, Examine: 1, Move: 1, Now: w.tick()})
	w.wantError(err, posthorn.ErrConflict)
	_, err = w.CancelReplay(w.ctx, r.ID, w.tick())
	w.wantError(err, posthorn.ErrConflict)
	w.want("the replay", must[posthorn.Replay](w)(w.Replay(w.ctx, r.ID)), want)
	w.wantStatus(all[0].ID, posthorn.DeliveryPending)
	w.wantStatus(all[1].ID, posthorn.DeliveryExhausted)
}

func deletedWebhookEndsReplay(w *world) {
	webhook := w.webhook()
	other := w.replay(w.webhook())
	want := w.replay(webhook)
	w.setStatus(webhook, posthorn.WebhookDeleted)
	want.Status, want.UpdatedAt = posthorn.ReplayCancelled, webhook.UpdatedAt
	w.want("the replay", must[posthorn.Replay](w)(w.Replay(w.ctx, want.ID)), want)
	w.want("another webhook's replay", must[posthorn.Replay](w)(w.Replay(w.ctx, other.ID)), other)
}

func unknownReplay(w *world) {
	id := posthorn.NewID[posthorn.ReplayID](w.now, w.random)
	_, err := w.Replay(w.ctx, id)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.CancelReplay(w.ctx, id, w.now)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.StepReplay(w.ctx, store.ReplayStep{ID: id, Examine: 1, Move: 1, Now: w.now})
	w.wantError(err, posthorn.ErrNotFound)
}

func (w *world) turn(after posthorn.WebhookID, room int) (store.ReplayTurn, error) {
	return w.NextReplay(w.ctx, after, w.now, room)
}

func replaysTakeTurns(w *world) {
	first, second := w.webhook(), w.webhook()
	last, early := w.replay(second), w.replay(first)
	w.webhook()
	w.want("the first turn", must[store.ReplayTurn](w)(w.turn(posthorn.WebhookID{}, 1)).Replay, early)
	w.want("the turn after that", must[store.ReplayTurn](w)(w.turn(first.ID, 1)).Replay, last)
	_, err := w.turn(second.ID, 1)
	w.wantError(err, posthorn.ErrNotFound)
	w.step(early, 1, 1)
	w.want("the first turn of those that are left", must[store.ReplayTurn](w)(w.turn(posthorn.WebhookID{}, 1)).Replay, last)
}

func replayWaits(w *world) {
	webhook := w.webhook()
	r := w.replay(webhook)
	wantTurn := func(what string, room, ahead int) {
		w.t.Helper()
		w.want(what, must[store.ReplayTurn](w)(w.turn(posthorn.WebhookID{}, room)), store.ReplayTurn{Replay: r, Ahead: ahead, Concurrency: webhook.Concurrency})
	}
	wantNone := func(room int) {
		w.t.Helper()
		_, err := w.turn(posthorn.WebhookID{}, room)
		w.wantError(err, posthorn.ErrNotFound)
	}
	update := func(change func(*posthorn.Webhook)) {
		must[posthorn.Webhook](w)(w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
			change(&changed)
			return changed, nil
		}))
	}
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled} {
		w.setStatus(webhook, status)
		wantNone(10)
	}
	w.setStatus(webhook, posthorn.WebhookActive)
	wantTurn("an active webhook's", 10, 0)
	update(func(changed *posthorn.Webhook) { changed.HoldUntil = w.now.Add(time.Microsecond) })
	wantNone(10)
	w.now = w.now.Add(time.Microsecond)
	wantTurn("after the hold", 10, 0)
	update(func(changed *posthorn.Webhook) {
		changed.Breaker = posthorn.Breaker{OpenedAt: w.now, NextProbeAt: w.now.Add(time.Microsecond), ChangedAt: w.now}
	})
	wantNone(10)
	w.now = w.now.Add(time.Microsecond)
	w.want("when a probe is due", must[store.ReplayTurn](w)(w.turn(posthorn.WebhookID{}, 10)), store.ReplayTurn{Replay: r, Concurrency: webhook.Concurrency, IsProbe: true})
	w.pending(webhook, 1)
	wantNone(10)
	probes := w.claim(webhook)
	wantNone(10)
	w.record(probes[0], posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	update(func(changed *posthorn.Webhook) { changed.Breaker = posthorn.Breaker{} })
	w.pending(webhook, 2)
	w.inStatus(w.webhook(), posthorn.DeliveryPending) // another webhook's
	wantTurn("with two that are due", 3, 2)
	wantNone(2)
	jobs := w.claim(webhook)
	wantTurn("with two that are leased", 3, 2)
	wantNone(2)
	w.record(jobs[0], posthorn.StatusReason(500), posthorn.DeliveryPending) // due in an hour
	wantTurn("with one that is leased and one that is due later", 2, 1)
	wantNone(1)
	w.pending(webhook, webhook.Concurrency/2-2)
	wantTurn("with one fewer than half of what may be under way", 10, webhook.Concurrency/2-1)
	w.pending(webhook, 1)
	wantNone(10)
}
