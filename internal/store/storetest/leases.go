package storetest

import (
	"strings"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func leaseCases(s settings) []testCase {
	cases := []testCase{
		{name: "a lease accepted with the event holds under the first epoch", run: leaseFromAccept},
		{name: "the lease of another node is void", run: voidBy(func(_ *world, l store.Lease) store.Lease { l.NodeID[0]++; return l })},
		{name: "the lease of an earlier epoch is void", run: voidBy(func(_ *world, l store.Lease) store.Lease { l.Epoch--; return l })},
		{name: "the lease of a later epoch is void", run: voidBy(func(_ *world, l store.Lease) store.Lease { l.Epoch++; return l })},
		{name: "a recording for another webhook is under a void lease", run: recordElsewhere},
		{name: "recording makes the lease void", run: voidBy(recordAway)},
		{name: "release makes the lease void", run: voidBy(releaseAway)},
		{name: "cancelling makes the lease void", run: voidBy(cancelAway)},
		{name: "a new lease makes the old one void", run: voidBy(claimAway)},
		{name: "claiming a recorded delivery again makes the first lease void", run: voidBy(retryAway)},
		{name: "release makes deliveries pending and due now, untried", run: releaseGivesBack},
		{name: "release passes over void leases", run: releasePassesOver},
		{name: "joining leaves the node's own leases", alone: true, run: joinKeepsOwn},
	}
	if s.shared {
		return append(cases, testCase{name: "joining leaves the leases of others", alone: true, run: joinKeepsOthers})
	}
	return append(cases,
		testCase{name: "joining gives back the leases of others at once", alone: true, run: joinGivesBack},
		testCase{name: "takeover keeps an attempt of which nobody knows what came", alone: true, run: joinKeepsLost},
		testCase{name: "a late attempt takes the place of a lost one, and of no other", alone: true, run: whateverItsLength(lateReplacesLost)},
		testCase{name: "takeover makes the lease void", alone: true, run: voidBy(joinAway)})
}

func leaseFromAccept(w *world) {
	webhook := w.webhook()
	event := w.newEvent()
	delivery := w.newDelivery(event, webhook)
	delivery.Status = posthorn.DeliveryLeased
	w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
	job := store.Job{Lease: store.Lease{DeliveryID: delivery.ID, NodeID: w.node, Epoch: store.FirstEpoch}, Delivery: delivery}
	w.record(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	w.wantStatus(delivery.ID, posthorn.DeliverySucceeded)
}

// voidBy makes a case in which a lease is lost. What is then recorded under it
// must change nothing, and the attempt must be there.
func voidBy(lose func(w *world, lease store.Lease) store.Lease) func(*world) {
	return func(w *world) {
		webhook := w.webhook()
		job := w.leased(webhook)
		job.Lease = lose(w, job.Lease)
		// The number is one that no attempt has.
		job.Delivery.Attempts = 7
		delivery, stats, stored, version := w.delivery(job.Delivery.ID), w.stats(webhook), w.storedWebhook(webhook), w.version()
		attempts := w.attempts(job.Delivery.ID)
		r := w.recording(job, posthorn.ReasonGone, posthorn.DeliveryPending)
		r.Next.DisableWebhook, r.Next.HoldUntil, r.Next.Uncounted = true, w.now.Add(time.Hour), true
		w.wantError(w.Record(w.ctx, r), store.ErrLeaseLost)
		w.do(w.Release(w.ctx, []store.Lease{job.Lease}, w.tick()))
		w.want("the delivery", w.delivery(job.Delivery.ID), delivery)
		w.want("the stats", w.stats(webhook), stats)
		w.want("the webhook", w.storedWebhook(webhook), stored)
		w.want("the version", w.version(), version)
		w.want("the attempts", w.attempts(job.Delivery.ID), append(attempts, r.Attempt))
	}
}

func recordElsewhere(w *world) {
	webhook, other := w.webhook(), w.webhook()
	job := w.leased(webhook)
	before := w.stats(other)
	r := w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	r.WebhookID = other.ID
	w.wantError(w.Record(w.ctx, r), store.ErrLeaseLost)
	w.wantStatus(job.Delivery.ID, posthorn.DeliveryLeased)
	w.want("the stats of the other", w.stats(other), before)
}

func recordAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	w.record(store.Job{Lease: lease, Delivery: w.delivery(lease.DeliveryID)}, posthorn.StatusReason(500), posthorn.DeliveryExhausted)
	return lease
}

func releaseAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	w.do(w.Release(w.ctx, []store.Lease{lease}, w.tick()))
	return lease
}

func cancelAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	must[posthorn.Delivery](w)(w.Cancel(w.ctx, lease.DeliveryID, w.tick()))
	return lease
}

func claimAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	releaseAway(w, lease)
	claim := w.newClaim(posthorn.Webhook{ID: w.delivery(lease.DeliveryID).WebhookID})
	if claimed := w.claimed(claim); len(claimed.Jobs) != 1 {
		w.t.Fatalf("%d jobs after a release, want 1", len(claimed.Jobs))
	}
	return lease
}

// retryAway records a failure and claims the retry: nothing but the epoch tells
// the new lease from the old one.
func retryAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	r := w.record(store.Job{Lease: lease, Delivery: w.delivery(lease.DeliveryID)}, posthorn.StatusReason(500), posthorn.DeliveryPending)
	w.now = r.Next.DueAt
	claimed := w.claimed(w.newClaim(posthorn.Webhook{ID: w.delivery(lease.DeliveryID).WebhookID}))
	if len(claimed.Jobs) != 1 || claimed.Jobs[0].Lease.Epoch <= lease.Epoch {
		w.t.Fatalf("jobs when the retry is due: %+v, want one under a higher epoch than %d", claimed.Jobs, lease.Epoch)
	}
	return lease
}

func joinAway(w *world, lease store.Lease) store.Lease {
	w.t.Helper()
	w.nodeDies()
	return lease
}

func releaseGivesBack(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 2)
	jobs := w.claim(webhook)
	w.do(w.Release(w.ctx, []store.Lease{jobs[0].Lease, jobs[1].Lease}, w.tick()))
	for _, job := range jobs {
		want := job.Delivery
		want.Status, want.DueAt, want.UpdatedAt = posthorn.DeliveryPending, w.now, w.now
		w.want("the delivery", w.delivery(want.ID), want)
	}
	w.want("jobs", idsOfJobs(w.claim(webhook)), idsOfJobs(jobs))
}

func releasePassesOver(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 2)
	jobs := w.claim(webhook)
	void, unknown := jobs[0].Lease, jobs[0].Lease
	void.Epoch++
	unknown.DeliveryID = posthorn.NewID[posthorn.DeliveryID](w.now, w.random)
	w.do(w.Release(w.ctx, []store.Lease{void, unknown, jobs[1].Lease}, w.tick()))
	w.wantStatus(jobs[0].Delivery.ID, posthorn.DeliveryLeased)
	w.wantStatus(jobs[1].Delivery.ID, posthorn.DeliveryPending)
	w.do(w.Release(w.ctx, nil, w.now))
}

func joinKeepsOwn(w *world) {
	w.join(w.node)
	job := w.leased(w.webhook())
	w.join(w.node)
	w.record(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
}

func joinKeepsOthers(w *world) {
	job := w.leased(w.webhook())
	w.join(posthorn.NewID[posthorn.NodeID](w.now, w.random))
	w.record(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
}

func joinGivesBack(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	ended := w.leased(webhook)
	w.record(ended, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	w.want("what is quarantined", w.nodeDies(), []posthorn.Delivery(nil))
	want := job.Delivery
	want.Status, want.DueAt, want.UpdatedAt, want.Crashes = posthorn.DeliveryPending, w.now, w.now, 1
	lose(&want, 1)
	w.want("the delivery", w.delivery(want.ID), want)
	w.wantStatus(ended.Delivery.ID, posthorn.DeliverySucceeded)
	jobs := w.claim(webhook)
	if len(jobs) != 1 || jobs[0].Lease.Epoch <= job.Lease.Epoch || jobs[0].Lease.NodeID != w.node {
		w.t.Fatalf("jobs: %+v, want one leased to the new node under a higher epoch", jobs)
	}
}

func joinKeepsLost(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	r := w.record(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
	w.now = r.Next.DueAt
	claimed := w.claim(webhook)[0]
	leasedAt, before := w.delivery(job.Delivery.ID).UpdatedAt, w.stats(webhook)
	w.nodeDies()
	attempts := w.attempts(job.Delivery.ID)
	if len(attempts) != 2 || attempts[1].ID.IsZero() {
		w.t.Fatalf("attempts: %+v, want the recorded one and the lost one", attempts)
	}
	want := store.LostAttempt(claimed.Delivery, webhook.URL, w.random)
	want.ID = attempts[1].ID
	w.want("the lost attempt", attempts[1], want)
	w.want("when it started", attempts[1].StartedAt, leasedAt)
	w.want("the recorded attempt", attempts[0], r.Attempt)
	before.Attempts, before.LastAttemptAt = 2, leasedAt
	w.want("the stats", w.stats(webhook), before)
	w.nodeDies()
	w.want("attempts after a death that held nothing", len(w.attempts(job.Delivery.ID)), 2)
}

func lateReplacesLost(w *world) {
	webhook := w.newWebhook()
	webhook.URL += strings.Repeat("x", len(w.body))
	w.do(w.CreateWebhook(w.ctx, webhook, 0))
	job := w.leased(webhook)
	w.nodeDies()
	late := w.recording(job, posthorn.StatusReason(503), posthorn.DeliveryPending)
	w.wantError(w.Record(w.ctx, late), store.ErrLeaseLost)
	w.want("the attempts", w.attempts(job.Delivery.ID), []posthorn.Attempt{late.Attempt})
	again := w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	w.wantError(w.Record(w.ctx, again), store.ErrLeaseLost)
	w.want("the attempts after another", w.attempts(job.Delivery.ID), []posthorn.Attempt{late.Attempt})
	w.wantStatus(job.Delivery.ID, posthorn.DeliveryPending)
}
