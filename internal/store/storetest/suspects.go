package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// suspectCases are about nodes that die; where several nodes use the database,
// joining takes nothing over.
func suspectCases(s settings) []testCase {
	if s.shared {
		return nil
	}
	return []testCase{
		{name: "each lease of a dead node counts as a crash", alone: true, run: crashesCount},
		{name: "an outcome sets the crashes to zero", alone: true, run: recordForgetsCrashes},
		{name: "release counts no crash, and forgets none", alone: true, run: releaseKeepsCrashes},
		{name: "retry sets the crashes to zero", alone: true, run: retryForgetsCrashes},
		{name: "a claim of others takes no suspects", alone: true, run: claimPassesOverSuspects},
		{name: "a claim of suspects takes those with exactly so many crashes", alone: true, run: claimTakesSuspects},
		{name: "suspects are pending: due lists them, cancelPending and expire end them", alone: true, run: suspectsArePending},
		{name: "suspects lists webhooks by crashes, then by id", alone: true, run: suspectsLists},
		{name: "suspects lists no webhook that is not active, or held, or not due", alone: true, run: suspectsListsActive},
		{name: "one crash too many quarantines the delivery, and nothing else", alone: true, run: joinQuarantines},
		{name: "quarantine makes the lease void", alone: true, run: quarantineVoids},
		{name: "nothing claims, expires or ends by itself what is quarantined", alone: true, run: quarantinedStays},
		{name: "cancel ends a quarantined delivery", alone: true, run: cancelQuarantined},
	}
}

// join makes a node known and returns what is quarantined.
func (w *world) join(node posthorn.NodeID) []posthorn.Delivery {
	w.t.Helper()
	return must[[]posthorn.Delivery](w)(w.Join(w.ctx, node, w.tick(), w.random))
}

// nodeDies has a new node join, which from now on is the world's.
func (w *world) nodeDies() []posthorn.Delivery {
	w.t.Helper()
	w.node = posthorn.NewID[posthorn.NodeID](w.now, w.random)
	return w.join(w.node)
}

// crash claims a pending delivery and has the node die, so many times.
func (w *world) crash(id posthorn.DeliveryID, times int) {
	w.t.Helper()
	for range times {
		d := w.delivery(id)
		claim := w.newClaim(posthorn.Webhook{ID: d.WebhookID})
		claim.Now = w.tick()
		if d.IsSuspect() {
			claim.Crashes = d.Crashes
		}
		if jobs := w.claimed(claim).Jobs; len(jobs) != 1 || jobs[0].Delivery.ID != id {
			w.t.Fatalf("jobs: %+v, want one of %s", jobs, id)
		}
		w.nodeDies()
	}
}

// crashed makes a delivery with so many crashes. Of one webhook, make those with
// the most first.
func (w *world) crashed(webhook posthorn.Webhook, times int) posthorn.Delivery {
	w.t.Helper()
	id := w.pending(webhook, 1)[0].ID
	w.crash(id, times)
	return w.delivery(id)
}

func crashesCount(w *world) {
	webhook := w.webhook()
	want := w.pending(webhook, 1)[0]
	for times := 1; times < posthorn.QuarantineAfter; times++ {
		w.crash(want.ID, 1)
		want.DueAt, want.UpdatedAt, want.Crashes = w.now, w.now, times
		lose(&want, 1)
		w.want("the delivery", w.delivery(want.ID), want)
	}
	event := w.newEvent()
	fresh := w.newDelivery(event, webhook)
	fresh.Status = posthorn.DeliveryLeased
	w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{fresh}})
	w.nodeDies()
	w.want("the crashes of a delivery leased with its event", w.delivery(fresh.ID).Crashes, 1)
}

// lose enters into a delivery what so many deaths of its nodes leave there.
func lose(d *posthorn.Delivery, times int) {
	d.Attempts += times
	d.Uncounted += times
	d.LastReason, d.LastStatusCode = posthorn.ReasonOutcomeUnknown, 0
}

// suspect makes a suspect of so many crashes and claims it.
func (w *world) suspect(webhook posthorn.Webhook, crashes int) store.Job {
	w.t.Helper()
	d := w.crashed(webhook, crashes)
	claim := w.newClaim(webhook)
	claim.Crashes = crashes
	jobs := w.claimed(claim).Jobs
	if len(jobs) != 1 || jobs[0].Delivery.ID != d.ID {
		w.t.Fatalf("suspects: %+v, want %s alone", jobs, d.ID)
	}
	return jobs[0]
}

func recordForgetsCrashes(w *world) {
	webhook := w.webhook()
	job := w.suspect(webhook, posthorn.SuspectAfter)
	w.want("the crashes that a claim tells", job.Delivery.Crashes, posthorn.SuspectAfter)
	r := w.record(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
	w.want("the crashes after an outcome", w.delivery(job.Delivery.ID).Crashes, 0)
	w.now = r.Next.DueAt
	w.want("jobs", idsOfJobs(w.claim(webhook)), []posthorn.DeliveryID{job.Delivery.ID})
}

func releaseKeepsCrashes(w *world) {
	job := w.suspect(w.webhook(), posthorn.SuspectAfter)
	w.do(w.Release(w.ctx, []store.Lease{job.Lease}, w.tick()))
	w.want("the crashes", w.delivery(job.Delivery.ID).Crashes, posthorn.SuspectAfter)
	w.crash(job.Delivery.ID, 1)
	w.want("the crashes after one more", w.delivery(job.Delivery.ID).Crashes, posthorn.SuspectAfter+1)
}

func retryForgetsCrashes(w *world) {
	for _, crashes := range []int{1, posthorn.SuspectAfter, posthorn.QuarantineAfter} {
		webhook := w.webhook()
		want := w.crashed(webhook, crashes)
		got := must[posthorn.Delivery](w)(w.Retry(w.ctx, want.ID, w.tick()))
		want.Status, want.DueAt, want.UpdatedAt, want.Crashes = posthorn.DeliveryPending, w.now, w.now, 0
		w.want("what retry returns", got, want)
		w.want("jobs", idsOfJobs(w.claim(webhook)), []posthorn.DeliveryID{want.ID})
		w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 1, Pending: 1, Attempts: int64(crashes), LastAttemptAt: w.stats(webhook).LastAttemptAt})
	}
}

func claimPassesOverSuspects(w *world) {
	webhook := w.webhook()
	w.crashed(webhook, posthorn.SuspectAfter)
	w.want("what suspects alone yield", w.claimed(w.newClaim(webhook)), store.Claimed{})
	others := w.pending(webhook, 2)
	claim := w.newClaim(webhook)
	claim.Limit = 1
	claimed := w.claimed(claim)
	w.want("jobs", idsOfJobs(claimed.Jobs), idsOfDeliveries(others[:1]))
	w.want("when to claim again", claimed.NextAt, others[1].DueAt)
}

func claimTakesSuspects(w *world) {
	webhook, other := w.webhook(), w.webhook()
	fourth := w.crashed(webhook, posthorn.SuspectAfter+1)
	third := w.crashed(webhook, posthorn.SuspectAfter)
	w.crashed(other, posthorn.SuspectAfter)
	w.pending(webhook, 1)
	claim := w.newClaim(webhook)
	for _, d := range []posthorn.Delivery{fourth, third} {
		claim.Crashes = d.Crashes
		claimed := w.claimed(claim)
		w.want("jobs", idsOfJobs(claimed.Jobs), []posthorn.DeliveryID{d.ID})
		w.want("when to claim again", claimed.NextAt, time.Time{})
	}
	claim.Crashes = posthorn.SuspectAfter + 2
	w.want("what a number yields that no suspect has", w.claimed(claim), store.Claimed{})
}

func suspectsArePending(w *world) {
	cancelled, expired := w.webhook(), w.webhook()
	first, second := w.crashed(cancelled, posthorn.SuspectAfter), w.crashed(expired, posthorn.SuspectAfter)
	w.want("webhooks that are due", w.due(posthorn.WebhookID{}, 10), []store.DueWebhook{
		{WebhookID: cancelled.ID, EnvironmentID: w.environment.ID, DueAt: first.DueAt},
		{WebhookID: expired.ID, EnvironmentID: w.environment.ID, DueAt: second.DueAt},
	})
	w.want("how many were cancelled", must[int](w)(w.CancelPending(w.ctx, cancelled.ID, 10, w.tick())), 1)
	w.want("how many expired", must[int](w)(w.Expire(w.ctx, expired.ID, w.tick(), 10, w.now)), 1)
}

func (w *world) suspects(limit int) []store.SuspectWebhook {
	w.t.Helper()
	return must[[]store.SuspectWebhook](w)(w.Suspects(w.ctx, w.now, limit))
}

func suspectsLists(w *world) {
	first, second := w.webhook(), w.webhook()
	for _, crashes := range []int{posthorn.QuarantineAfter, posthorn.SuspectAfter + 2, posthorn.SuspectAfter, posthorn.SuspectAfter - 1} {
		w.crashed(first, crashes)
	}
	w.crashed(second, posthorn.SuspectAfter)
	w.crashed(second, posthorn.SuspectAfter)
	want := []store.SuspectWebhook{
		{WebhookID: first.ID, EnvironmentID: w.environment.ID, Crashes: posthorn.SuspectAfter},
		{WebhookID: second.ID, EnvironmentID: w.environment.ID, Crashes: posthorn.SuspectAfter},
		{WebhookID: first.ID, EnvironmentID: w.environment.ID, Crashes: posthorn.SuspectAfter + 2},
	}
	w.want("all", w.suspects(10), want)
	w.want("the first two", w.suspects(2), want[:2])
}

func suspectsListsActive(w *world) {
	webhook := w.webhook()
	d := w.crashed(webhook, posthorn.SuspectAfter)
	early := must[[]store.SuspectWebhook](w)(w.Suspects(w.ctx, d.DueAt.Add(-time.Microsecond), 10))
	w.want("before it is due", early, []store.SuspectWebhook(nil))
	w.want("when it is due", len(must[[]store.SuspectWebhook](w)(w.Suspects(w.ctx, d.DueAt, 10))), 1)
	w.hold(webhook, w.now.Add(time.Microsecond))
	w.want("while the webhook is held", w.suspects(10), []store.SuspectWebhook(nil))
	w.hold(webhook, w.now)
	w.want("when the hold ends", len(w.suspects(10)), 1)
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted} {
		w.setStatus(webhook, status)
		w.want("of a webhook that is "+string(status), w.suspects(10), []store.SuspectWebhook(nil))
		if status == posthorn.WebhookDisabled {
			w.setStatus(webhook, posthorn.WebhookActive)
		}
	}
}

func joinQuarantines(w *world) {
	webhook := w.webhook()
	job := w.suspect(webhook, posthorn.QuarantineAfter-1)
	other := w.leased(webhook)
	found := w.nodeDies()
	want := job.Delivery
	want.Status, want.UpdatedAt, want.Crashes = posthorn.DeliveryQuarantined, w.now, posthorn.QuarantineAfter
	lose(&want, 1)
	w.want("what joining returns", found, []posthorn.Delivery{want})
	w.want("the delivery", w.delivery(want.ID), want)
	w.wantStatus(other.Delivery.ID, posthorn.DeliveryPending)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{
		Accepted: 2, Pending: 1, Quarantined: 1, Attempts: posthorn.QuarantineAfter + 1, LastAttemptAt: other.Delivery.UpdatedAt,
	})
	w.want("what joining returns the next time", w.nodeDies(), []posthorn.Delivery(nil))
	wantBooks(w)
}

func quarantineVoids(w *world) {
	webhook := w.webhook()
	job := w.suspect(webhook, posthorn.QuarantineAfter-1)
	w.nodeDies()
	w.wantError(w.Record(w.ctx, w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)), store.ErrLeaseLost)
	w.do(w.Release(w.ctx, []store.Lease{job.Lease}, w.tick()))
	w.wantStatus(job.Delivery.ID, posthorn.DeliveryQuarantined)
	attempts := w.attempts(job.Delivery.ID)
	w.want("how many attempts are kept", len(attempts), posthorn.QuarantineAfter)
	w.want("what came of the last one", attempts[len(attempts)-1].Outcome.Reason, posthorn.ReasonSuccess)
}

func quarantinedStays(w *world) {
	webhook := w.webhook()
	want := w.crashed(webhook, posthorn.QuarantineAfter)
	w.tick()
	claim := w.newClaim(webhook)
	for _, claim.Crashes = range []int{0, posthorn.QuarantineAfter} {
		w.want("what a claim yields", w.claimed(claim), store.Claimed{})
	}
	w.want("how many were cancelled", must[int](w)(w.CancelPending(w.ctx, webhook.ID, 10, w.now)), 0)
	w.want("how many expired", must[int](w)(w.Expire(w.ctx, webhook.ID, w.now, 10, w.now)), 0)
	w.want("due", w.due(posthorn.WebhookID{}, 10), []store.DueWebhook(nil))
	w.want("suspects", w.suspects(10), []store.SuspectWebhook(nil))
	w.want("the delivery", w.delivery(want.ID), want)
}

func cancelQuarantined(w *world) {
	webhook := w.webhook()
	want := w.crashed(webhook, posthorn.QuarantineAfter)
	got := must[posthorn.Delivery](w)(w.Cancel(w.ctx, want.ID, w.tick()))
	want.Status, want.UpdatedAt = posthorn.DeliveryCancelled, w.now
	w.want("what cancel returns", got, want)
	w.want("the delivery", w.delivery(want.ID), want)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{
		Accepted: 1, Cancelled: 1, Attempts: posthorn.QuarantineAfter, LastAttemptAt: w.stats(webhook).LastAttemptAt,
	})
}
