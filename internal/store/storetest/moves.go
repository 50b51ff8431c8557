package storetest

import (
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func moveCases() []testCase {
	return []testCase{
		{name: "retry makes a delivery of any status but leased pending, due now, with all retries", run: retryMoves},
		{name: "retry leaves a leased delivery alone", run: retryLeased},
		{name: "retry of an unknown delivery", run: func(w *world) {
			_, err := w.Retry(w.ctx, posthorn.NewID[posthorn.DeliveryID](w.now, w.random), w.now)
			w.wantError(err, posthorn.ErrNotFound)
		}},
		{name: "cancel ends a pending or leased delivery", run: cancelEnds},
		{name: "cancel leaves an ended delivery alone", run: cancelEnded},
		{name: "cancel of an unknown delivery", run: func(w *world) {
			_, err := w.Cancel(w.ctx, posthorn.NewID[posthorn.DeliveryID](w.now, w.random), w.now)
			w.wantError(err, posthorn.ErrNotFound)
		}},
		{name: "cancelPending ends pending deliveries of one webhook up to a limit", run: cancelPendingEnds},
		{name: "cancelPending works whatever the webhook's status", run: cancelPendingOfDeleted},
		{name: "expire ends pending deliveries that were due before the moment", run: expireEnds},
		{name: "expire stops at its limit", run: expireLimit},
		{name: "due lists webhooks with pending deliveries by id, with the earliest due time", alone: true, run: dueLists},
		{name: "due lists webhooks whatever their status", alone: true, run: dueWhateverStatus},
		{name: "due lists no webhook without pending deliveries", alone: true, run: dueOnlyPending},
	}
}

// ordinaryStatuses are those that a delivery gets to without a node that dies; of
// the other one the cases of suspects speak.
func ordinaryStatuses() []posthorn.DeliveryStatus {
	return slices.DeleteFunc(posthorn.DeliveryStatuses(), func(s posthorn.DeliveryStatus) bool { return s == posthorn.DeliveryQuarantined })
}

// inStatus makes a delivery that has the status, one of the ordinary ones.
func (w *world) inStatus(webhook posthorn.Webhook, status posthorn.DeliveryStatus) posthorn.Delivery {
	w.t.Helper()
	job := w.leased(webhook)
	id := job.Delivery.ID
	switch status {
	case posthorn.DeliverySucceeded, posthorn.DeliveryExhausted, posthorn.DeliveryPending:
		w.record(job, posthorn.StatusReason(500), status)
	case posthorn.DeliveryCancelled:
		must[posthorn.Delivery](w)(w.Cancel(w.ctx, id, w.tick()))
	case posthorn.DeliveryExpired:
		w.do(w.Release(w.ctx, []store.Lease{job.Lease}, w.tick()))
		must[int](w)(w.Expire(w.ctx, webhook.ID, w.tick(), 100, w.now))
	case posthorn.DeliveryLeased, posthorn.DeliveryQuarantined:
	}
	w.wantStatus(id, status)
	return w.delivery(id)
}

func retryMoves(w *world) {
	for _, status := range ordinaryStatuses() {
		if status == posthorn.DeliveryLeased {
			continue
		}
		webhook := w.webhook()
		want := w.inStatus(webhook, status)
		got := must[posthorn.Delivery](w)(w.Retry(w.ctx, want.ID, w.tick()))
		want.Status, want.DueAt, want.UpdatedAt, want.Uncounted = posthorn.DeliveryPending, w.now, w.now, want.Attempts
		w.want("what retry returns for "+string(status), got, want)
		w.want("the delivery that was "+string(status), w.delivery(want.ID), want)
		w.want("the stats", w.stats(webhook).Pending, int64(1))
		w.want("jobs", idsOfJobs(w.claim(webhook)), []posthorn.DeliveryID{want.ID})
	}
}

func retryLeased(w *world) {
	job := w.leased(w.webhook())
	_, err := w.Retry(w.ctx, job.Delivery.ID, w.tick())
	w.wantError(err, posthorn.ErrConflict)
	w.want("the delivery", w.delivery(job.Delivery.ID), job.Delivery)
	w.record(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
}

func cancelEnds(w *world) {
	for _, status := range []posthorn.DeliveryStatus{posthorn.DeliveryPending, posthorn.DeliveryLeased} {
		webhook := w.webhook()
		want := w.inStatus(webhook, status)
		got := must[posthorn.Delivery](w)(w.Cancel(w.ctx, want.ID, w.tick()))
		want.Status, want.UpdatedAt = posthorn.DeliveryCancelled, w.now
		w.want("what cancel returns for "+string(status), got, want)
		w.want("the delivery that was "+string(status), w.delivery(want.ID), want)
		w.now = w.now.Add(24 * time.Hour)
		w.want("what the webhook yields", w.claimed(w.newClaim(webhook)), store.Claimed{})
	}
}

func cancelEnded(w *world) {
	for _, status := range ordinaryStatuses() {
		if !status.IsTerminal() {
			continue
		}
		want := w.inStatus(w.webhook(), status)
		_, err := w.Cancel(w.ctx, want.ID, w.tick())
		w.wantError(err, posthorn.ErrConflict)
		w.want("the delivery that was "+string(status), w.delivery(want.ID), want)
	}
}

func cancelPendingEnds(w *world) {
	webhook, other := w.webhook(), w.webhook()
	leased := w.leased(webhook)
	mine, others := w.pending(webhook, 5), w.pending(other, 1)
	for _, want := range []int{2, 2, 1, 0} {
		w.want("how many were cancelled", must[int](w)(w.CancelPending(w.ctx, webhook.ID, 2, w.tick())), want)
	}
	for _, d := range mine {
		w.wantStatus(d.ID, posthorn.DeliveryCancelled)
	}
	w.wantStatus(others[0].ID, posthorn.DeliveryPending)
	w.wantStatus(leased.Delivery.ID, posthorn.DeliveryLeased)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 6, Pending: 1, Cancelled: 5})
	later := w.pending(webhook, 1)[0]
	w.want("how many were cancelled", must[int](w)(w.CancelPending(w.ctx, webhook.ID, 2, w.tick())), 1)
	later.Status, later.UpdatedAt = posthorn.DeliveryCancelled, w.now
	w.want("the delivery", w.delivery(later.ID), later)
}

func cancelPendingOfDeleted(w *world) {
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted} {
		webhook := w.webhook()
		w.pending(webhook, 2)
		w.setStatus(webhook, status)
		w.want("how many were cancelled", must[int](w)(w.CancelPending(w.ctx, webhook.ID, 10, w.tick())), 2)
	}
}

func expireEnds(w *world) {
	webhook, other := w.webhook(), w.webhook()
	leased := w.leased(webhook)
	mine, others := w.pending(webhook, 3), w.pending(other, 1)
	expired := must[int](w)(w.Expire(w.ctx, webhook.ID, mine[2].DueAt, 10, w.tick()))
	w.want("how many expired", expired, 2)
	for _, want := range mine[:2] {
		want.Status, want.UpdatedAt = posthorn.DeliveryExpired, w.now
		w.want("the delivery", w.delivery(want.ID), want)
	}
	w.wantStatus(mine[2].ID, posthorn.DeliveryPending)
	w.wantStatus(others[0].ID, posthorn.DeliveryPending)
	w.wantStatus(leased.Delivery.ID, posthorn.DeliveryLeased)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 4, Pending: 2, Expired: 2})
}

func expireLimit(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 3)
	for _, want := range []int{2, 1, 0} {
		w.want("how many expired", must[int](w)(w.Expire(w.ctx, webhook.ID, w.tick(), 2, w.now)), want)
	}
}

func (w *world) due(after posthorn.WebhookID, limit int) []store.DueWebhook {
	w.t.Helper()
	return must[[]store.DueWebhook](w)(w.Due(w.ctx, after, limit))
}

func dueLists(w *world) {
	var want []store.DueWebhook
	for range 3 {
		webhook := w.webhook()
		first := w.pending(webhook, 3)[0]
		want = append(want, store.DueWebhook{WebhookID: webhook.ID, EnvironmentID: w.environment.ID, DueAt: first.DueAt})
	}
	w.want("all", w.due(posthorn.WebhookID{}, 10), want)
	w.want("the first two", w.due(posthorn.WebhookID{}, 2), want[:2])
	w.want("those after the first", w.due(want[0].WebhookID, 10), want[1:])
	w.want("those after the last", w.due(want[2].WebhookID, 10), want[3:])
}

func dueWhateverStatus(w *world) {
	want := 0
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted} {
		webhook := w.webhook()
		w.pending(webhook, 1)
		w.setStatus(webhook, status)
		want++
	}
	w.want("how many webhooks", len(w.due(posthorn.WebhookID{}, 10)), want)
}

func dueOnlyPending(w *world) {
	w.webhook()
	for _, status := range ordinaryStatuses() {
		if status != posthorn.DeliveryPending {
			w.inStatus(w.webhook(), status)
		}
	}
	w.want("webhooks", w.due(posthorn.WebhookID{}, 10), []store.DueWebhook(nil))
	future := w.webhook()
	d := w.inStatus(future, posthorn.DeliveryPending)
	w.want("a webhook that is due later", w.due(posthorn.WebhookID{}, 10),
		[]store.DueWebhook{{WebhookID: future.ID, EnvironmentID: w.environment.ID, DueAt: d.DueAt}})
}
