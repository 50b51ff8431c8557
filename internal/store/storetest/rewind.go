package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func rewindCases() []testCase {
	return []testCase{
		{name: "rewind has pending deliveries wait from now on as long as before", alone: true, run: rewindMovesPending},
		{name: "rewind looks at up to limit deliveries, and goes on behind them", alone: true, run: rewindGoesOn},
		{name: "rewind counts those that it leaves where they are, too", alone: true, run: rewindLooksAtFew},
		{name: "rewind touches nothing that was written before", alone: true, run: rewindLeavesTheRest},
		{name: "rewind moves holds, breakers and the times of stats", alone: true, run: rewindMovesWebhooks},
		{name: "rewind moves them only when it begins", alone: true, run: rewindMovesWebhooksFirst},
	}
}

// rewind goes through everything, so many deliveries at a time, and returns how many
// calls that took, and how much was moved.
func (w *world) rewind(limit int, now time.Time) (int, int) {
	w.t.Helper()
	var done store.Rewound
	moved := 0
	for calls := 1; ; calls++ {
		done = must[store.Rewound](w)(w.Rewind(w.ctx, done.Next, limit, now))
		moved += done.Moved
		if done.Next == (store.DuePlace{}) {
			return calls, moved
		}
	}
}

// ahead counts the deliveries that were written after now.
func (w *world) ahead(deliveries []posthorn.Delivery, now time.Time) int {
	w.t.Helper()
	count := 0
	for _, d := range deliveries {
		if w.delivery(d.ID).UpdatedAt.After(now) {
			count++
		}
	}
	return count
}

func rewindMovesPending(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	w.record(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
	want := w.delivery(job.Delivery.ID)
	wait := want.DueAt.Sub(want.UpdatedAt)
	now := w.now.Add(-time.Hour)
	w.rewind(10, now)
	want.DueAt, want.UpdatedAt = now.Add(wait), now
	w.want("the delivery", w.delivery(want.ID), want)
	w.rewind(10, now)
	w.want("the delivery after another rewind", w.delivery(want.ID), want)
	claim := w.newClaim(webhook)
	claim.Now = want.DueAt
	w.want("jobs", idsOfJobs(w.claimed(claim).Jobs), []posthorn.DeliveryID{want.ID})
}

func rewindGoesOn(w *world) {
	one, other := w.webhook(), w.webhook()
	deliveries := append(w.pending(other, 3), w.pending(one, 2)...)
	slices.SortFunc(deliveries, func(a, b posthorn.Delivery) int {
		return cmp.Or(bytes.Compare(a.WebhookID[:], b.WebhookID[:]), a.DueAt.Compare(b.DueAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	now := w.now.Add(-time.Hour)
	var place store.DuePlace
	for _, want := range []int{2, 4} {
		done := must[store.Rewound](w)(w.Rewind(w.ctx, place, 2, now))
		place = done.Next
		last := deliveries[want-1]
		w.want("what was done", done, store.Rewound{Next: store.DuePlace{WebhookID: last.WebhookID, DueAt: last.DueAt, DeliveryID: last.ID}, Moved: 2})
		w.want("how many of the first are left", w.ahead(deliveries[:want], now), 0)
		w.want("how many of the rest are left", w.ahead(deliveries[want:], now), len(deliveries)-want)
	}
	w.want("the last call", must[store.Rewound](w)(w.Rewind(w.ctx, place, 2, now)), store.Rewound{Moved: 1})
	w.want("how many are left", w.ahead(deliveries, now), 0)
	// All of them are due at the same moment now, and no call gets stuck at that.
	calls, moved := w.rewind(2, now)
	w.want("calls for five of which none is to be moved", calls, 3)
	w.want("how many of them are moved", moved, 0)
}

func rewindLooksAtFew(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 3)
	now := w.tick()
	late := w.pending(webhook, 1)
	first := must[store.Rewound](w)(w.Rewind(w.ctx, store.DuePlace{}, 3, now))
	w.want("how many are left after the first call", w.ahead(late, now), 1)
	w.want("how many it moved", first.Moved, 0)
	w.want("the last call", must[store.Rewound](w)(w.Rewind(w.ctx, first.Next, 3, now)), store.Rewound{Moved: 1})
	w.want("how many are left", w.ahead(late, now), 0)
}

func rewindLeavesTheRest(w *world) {
	webhook := w.webhook()
	old := w.pending(w.webhook(), 1)[0]
	now := w.tick()
	leased, ended := w.leased(webhook), w.leased(w.webhook())
	w.record(ended, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	other := w.delivery(ended.Delivery.ID)
	w.do(w.Release(w.ctx, []store.Lease{leased.Lease}, now)) // as of now, not after
	w.rewind(10, now)
	w.want("a delivery that ended", w.delivery(other.ID), other)
	w.want("a delivery that is older", w.delivery(old.ID), old)
}

func rewindMovesWebhooks(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	r := w.recording(job, posthorn.ReasonRateLimited, posthorn.DeliveryPending)
	r.Next.HoldUntil = r.Attempt.StartedAt.Add(time.Minute)
	r.Breaker = &posthorn.Breaker{OpenedAt: r.Now.Add(-time.Minute), Failures: 12, NextProbeAt: r.Now.Add(time.Second), ChangedAt: r.Now}
	w.do(w.Record(w.ctx, r))
	now := w.now.Add(-time.Hour)
	_, moved := w.rewind(10, now)
	w.want("how much is moved: the delivery, the hold, the breaker, the stats", moved, 4)
	got := w.storedWebhook(webhook)
	w.want("the hold", got.HoldUntil, now.Add(time.Minute))
	w.want("the breaker", got.Breaker, posthorn.Breaker{OpenedAt: now.Add(-time.Minute), Failures: 12, NextProbeAt: now.Add(time.Second), ChangedAt: now})
	stats := w.stats(webhook)
	w.want("the last attempt", stats.LastAttemptAt, now)
	w.want("the last failure", stats.LastFailureAt, now)
	_, moved = w.rewind(10, now)
	w.want("how much another rewind moves", moved, 0)
	w.want("the webhook after another rewind", w.storedWebhook(webhook), got)
}

func rewindMovesWebhooksFirst(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	r := w.recording(job, posthorn.ReasonRateLimited, posthorn.DeliveryPending)
	r.Next.HoldUntil = r.Attempt.StartedAt.Add(time.Minute)
	w.do(w.Record(w.ctx, r))
	want := w.storedWebhook(webhook)
	first := must[store.Rewound](w)(w.Rewind(w.ctx, store.DuePlace{}, 1, w.now))
	w.want("that there is more to see", first.Next == store.DuePlace{}, false)
	must[store.Rewound](w)(w.Rewind(w.ctx, first.Next, 1, w.now.Add(-time.Hour)))
	w.want("the webhook", w.storedWebhook(webhook), want)
}
