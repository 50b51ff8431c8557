package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func rewindCases() []testCase {
	return []testCase{
		{name: "rewind has pending deliveries wait from now on as long as before", alone: true, run: rewindMovesPending},
		{name: "rewind moves up to limit deliveries, and tells how many", alone: true, run: rewindIsLimited},
		{name: "rewind touches nothing that was written before", alone: true, run: rewindLeavesTheRest},
		{name: "rewind moves holds, breakers and the times of stats", alone: true, run: rewindMovesWebhooks},
	}
}

func (w *world) rewind(limit int, now time.Time) int {
	w.t.Helper()
	return must[int](w)(w.Rewind(w.ctx, limit, now))
}

func rewindMovesPending(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	w.record(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
	want := w.delivery(job.Delivery.ID)
	wait := want.DueAt.Sub(want.UpdatedAt)
	now := w.now.Add(-time.Hour)
	w.want("how many are moved", w.rewind(10, now), 1)
	want.DueAt, want.UpdatedAt = now.Add(wait), now
	w.want("the delivery", w.delivery(want.ID), want)
	w.want("how many are moved again", w.rewind(10, now), 0)
	claim := w.newClaim(webhook)
	claim.Now = want.DueAt
	w.want("jobs", idsOfJobs(w.claimed(claim).Jobs), []posthorn.DeliveryID{want.ID})
}

func rewindIsLimited(w *world) {
	w.pending(w.webhook(), 3)
	now := w.now.Add(-time.Hour)
	for _, want := range []int{2, 1, 0} {
		w.want("how many are moved", w.rewind(2, now), want)
	}
}

func rewindLeavesTheRest(w *world) {
	webhook := w.webhook()
	old := w.pending(w.webhook(), 1)[0]
	now := w.tick()
	leased, ended := w.leased(webhook), w.leased(w.webhook())
	w.record(ended, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	other := w.delivery(ended.Delivery.ID)
	w.do(w.Release(w.ctx, []store.Lease{leased.Lease}, now)) // as of now, not after
	w.want("how many are moved", w.rewind(10, now), 0)
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
	w.rewind(10, now)
	got := w.storedWebhook(webhook)
	w.want("the hold", got.HoldUntil, now.Add(time.Minute))
	w.want("the breaker", got.Breaker, posthorn.Breaker{OpenedAt: now.Add(-time.Minute), Failures: 12, NextProbeAt: now.Add(time.Second), ChangedAt: now})
	stats := w.stats(webhook)
	w.want("the last attempt", stats.LastAttemptAt, now)
	w.want("the last failure", stats.LastFailureAt, now)
	w.rewind(10, now)
	w.want("the webhook after another rewind", w.storedWebhook(webhook), got)
}
