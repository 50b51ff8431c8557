package storetest

import (
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func claimCases() []testCase {
	return []testCase{
		{name: "leases what is due and hands out the event with its data", run: claimLeases},
		{name: "takes nothing before it is due", run: claimTakesOnlyDue},
		{name: "takes those due first before others, then by id", run: claimOrder},
		{name: "takes up to its limit and says when the rest is due", run: claimLimit},
		{name: "stops before the job that is too much data", run: claimBytes},
		{name: "takes a single job however large", run: claimLargeJob},
		{name: "takes nothing from a webhook that is not active", run: claimInactive},
		{name: "takes nothing from an unknown webhook", run: claimUnknown},
		{name: "takes nothing while the webhook is held", run: claimHeld},
		{name: "takes nothing of another webhook", run: claimOtherWebhook},
		{name: "takes nothing that is leased", run: claimLeased},
		{name: "gives each new lease a higher epoch", run: claimEpochs},
		{name: "never leases a delivery twice at once", run: claimConcurrently},
	}
}

func (w *world) claimed(c store.Claim) store.Claimed {
	w.t.Helper()
	return must[store.Claimed](w)(w.Claim(w.ctx, c))
}

func claimLeases(w *world) {
	webhook := w.webhook()
	event := w.newEvent()
	event.Deliveries = 1
	event.Data = []byte("{\"n\":1e400,\"s\":\"\\u0000\"}\x00\xff")
	given := w.newDelivery(event, webhook)
	w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{given}})
	w.tick()
	jobs := w.claim(webhook)
	if len(jobs) != 1 {
		w.t.Fatalf("%d jobs, want 1", len(jobs))
	}
	given.Status, given.UpdatedAt = posthorn.DeliveryLeased, w.now
	w.want("jobs", jobs, []store.Job{{
		Lease:    store.Lease{DeliveryID: given.ID, NodeID: w.node, Epoch: jobs[0].Lease.Epoch},
		Delivery: given,
		Event:    event,
	}})
	w.want("the delivery", w.delivery(given.ID), given)
}

func claimTakesOnlyDue(w *world) {
	webhook := w.webhook()
	due := w.pending(webhook, 2)
	claim := w.newClaim(webhook)
	claim.Now = due[1].DueAt.Add(-time.Microsecond)
	claimed := w.claimed(claim)
	w.want("jobs", idsOfJobs(claimed.Jobs), idsOfDeliveries(due[:1]))
	w.want("when to claim again", claimed.NextAt, due[1].DueAt)
	claim.Now = due[1].DueAt
	claimed = w.claimed(claim)
	w.want("jobs at the due time", idsOfJobs(claimed.Jobs), idsOfDeliveries(due[1:]))
	w.want("when to claim again, with none left", claimed.NextAt, time.Time{})
}

func claimOrder(w *world) {
	webhook := w.webhook()
	var deliveries []posthorn.Delivery
	var entries []store.Entry
	for _, second := range []int{3, 1, 2, 1, 3} {
		event := w.newEvent()
		delivery := w.newDelivery(event, webhook)
		delivery.DueAt = time.Date(2031, 1, 1, 0, 0, second, 0, time.UTC)
		deliveries = append(deliveries, delivery)
		entries = append([]store.Entry{{Event: event, Deliveries: []posthorn.Delivery{delivery}}}, entries...)
	}
	w.accept(entries...)
	ids := idsOfDeliveries(deliveries)
	w.want("jobs", idsOfJobs(w.claim(webhook)), []posthorn.DeliveryID{ids[1], ids[3], ids[2], ids[0], ids[4]})
}

func claimLimit(w *world) {
	webhook := w.webhook()
	due := w.pending(webhook, 3)
	claim := w.newClaim(webhook)
	claim.Limit = 2
	claimed := w.claimed(claim)
	w.want("jobs", idsOfJobs(claimed.Jobs), idsOfDeliveries(due[:2]))
	w.want("when to claim again", claimed.NextAt, due[2].DueAt)
}

func claimBytes(w *world) {
	webhook := w.webhook()
	due := w.pendingOfSizes(webhook, 40, 60, 1, 10)
	claim := w.newClaim(webhook)
	claim.MaxBytes = 100
	claimed := w.claimed(claim)
	w.want("jobs that fill it exactly", idsOfJobs(claimed.Jobs), idsOfDeliveries(due[:2]))
	w.want("when to claim again", claimed.NextAt, due[2].DueAt)
	claim.MaxBytes = 10
	w.want("jobs that do not fill it", idsOfJobs(w.claimed(claim).Jobs), idsOfDeliveries(due[2:3]))
}

func claimLargeJob(w *world) {
	webhook := w.webhook()
	due := w.pendingOfSizes(webhook, 101, 1, 200)
	claim := w.newClaim(webhook)
	claim.MaxBytes = 100
	w.want("the first job", idsOfJobs(w.claimed(claim).Jobs), idsOfDeliveries(due[:1]))
	w.want("a small job before a large one", idsOfJobs(w.claimed(claim).Jobs), idsOfDeliveries(due[1:2]))
	w.want("the large one", idsOfJobs(w.claimed(claim).Jobs), idsOfDeliveries(due[2:]))
}

func (w *world) pendingOfSizes(webhook posthorn.Webhook, sizes ...int) []posthorn.Delivery {
	w.t.Helper()
	var deliveries []posthorn.Delivery
	for _, size := range sizes {
		event := w.newEvent()
		event.Data = make([]byte, size)
		delivery := w.newDelivery(event, webhook)
		w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
		deliveries = append(deliveries, delivery)
	}
	return deliveries
}

func claimInactive(w *world) {
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted} {
		webhook := w.webhook()
		due := w.pending(webhook, 1)
		w.setStatus(webhook, status)
		w.want("what a webhook yields that is "+string(status), w.claimed(w.newClaim(webhook)), store.Claimed{})
		w.wantStatus(due[0].ID, posthorn.DeliveryPending)
	}
}

func claimUnknown(w *world) {
	w.want("what an unknown webhook yields", w.claimed(w.newClaim(w.newWebhook())), store.Claimed{})
}

func claimHeld(w *world) {
	webhook := w.webhook()
	due := w.pending(webhook, 2)
	holdEnds := w.now.Add(time.Minute)
	w.hold(webhook, holdEnds)
	claim := w.newClaim(webhook)
	claim.Limit = 1
	claim.Now = holdEnds.Add(-time.Microsecond)
	w.want("what a held webhook yields", w.claimed(claim), store.Claimed{NextAt: holdEnds})
	claim.Now = holdEnds
	claimed := w.claimed(claim)
	w.want("jobs when the hold ends", idsOfJobs(claimed.Jobs), idsOfDeliveries(due[:1]))
	w.want("when to claim again", claimed.NextAt, holdEnds)
	w.hold(webhook, due[0].DueAt)
	claim.Limit = 0
	w.want("when to claim again, the hold having ended before", w.claimed(claim).NextAt, due[1].DueAt)
}

func (w *world) hold(webhook posthorn.Webhook, until time.Time) {
	w.t.Helper()
	_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
		changed.HoldUntil = until
		return changed, nil
	})
	w.do(err)
}

func claimOtherWebhook(w *world) {
	mine, other := w.webhook(), w.webhook()
	due := w.pending(other, 1)
	w.want("what a webhook without deliveries yields", w.claimed(w.newClaim(mine)), store.Claimed{})
	w.wantStatus(due[0].ID, posthorn.DeliveryPending)
}

func claimLeased(w *world) {
	webhook := w.webhook()
	w.leased(webhook)
	event := w.newEvent()
	accepted := w.newDelivery(event, webhook)
	accepted.Status = posthorn.DeliveryLeased
	w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{accepted}})
	w.want("what leased deliveries yield", w.claimed(w.newClaim(webhook)), store.Claimed{})
}

func claimEpochs(w *world) {
	webhook := w.webhook()
	event := w.newEvent()
	delivery := w.newDelivery(event, webhook)
	delivery.Status = posthorn.DeliveryLeased
	w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
	lease := store.Lease{DeliveryID: delivery.ID, NodeID: w.node, Epoch: store.FirstEpoch}
	for range 3 {
		w.do(w.Release(w.ctx, []store.Lease{lease}, w.tick()))
		jobs := w.claim(webhook)
		if len(jobs) != 1 || jobs[0].Lease.Epoch <= lease.Epoch {
			w.t.Fatalf("jobs after epoch %d: %+v, want one of a higher epoch", lease.Epoch, jobs)
		}
		lease = jobs[0].Lease
	}
}

func claimConcurrently(w *world) {
	const claimers, size = 16, 200
	webhook := w.webhook()
	w.pending(webhook, size)
	var mu sync.Mutex
	times := map[posthorn.DeliveryID]int{}
	claim := w.newClaim(webhook)
	claim.Limit = 7
	w.together(claimers, func(int) error {
		for {
			claimed, err := w.Claim(w.ctx, claim)
			if err != nil || len(claimed.Jobs) == 0 {
				return err
			}
			mu.Lock()
			for _, job := range claimed.Jobs {
				times[job.Delivery.ID]++
			}
			mu.Unlock()
		}
	})
	for id, n := range times {
		if n != 1 {
			w.t.Errorf("delivery %s was leased %d times", id, n)
		}
	}
	if len(times) != size {
		w.t.Errorf("%d deliveries were leased, want %d", len(times), size)
	}
}
