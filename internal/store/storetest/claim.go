package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func queueCases(settings) []testCase {
	return []testCase{
		{name: "a claim leases what is due and hands out the event with its data", run: claimLeases},
		{name: "a claim takes nothing before it is due", run: claimTakesOnlyDue},
	}
}

func claimLeases(w *world) {
	webhook := w.webhook()
	event := w.newEvent()
	event.Deliveries = 1
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
	claimed := must[store.Claimed](w)(w.Claim(w.ctx, claim))
	w.want("jobs", idsOfJobs(claimed.Jobs), []posthorn.DeliveryID{due[0].ID})
	w.want("when to claim again", claimed.NextAt, due[1].DueAt)
	claim.Now = due[1].DueAt
	claimed = must[store.Claimed](w)(w.Claim(w.ctx, claim))
	w.want("jobs at the due time", idsOfJobs(claimed.Jobs), []posthorn.DeliveryID{due[1].ID})
	w.want("when to claim again, with none left", claimed.NextAt, time.Time{})
}
