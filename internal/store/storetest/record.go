package storetest

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func recordCases() []testCase {
	return []testCase{
		{name: "keeps the attempt as it was given", run: whateverItsLength(recordKeepsAttempt)},
		{name: "moves the delivery to what is next", run: recordMoves},
		{name: "counts attempts and those that are uncounted", run: recordCounts},
		{name: "holds the webhook, without a new version", run: recordHolds},
		{name: "leaves a hold that ends later", run: recordKeepsLaterHold},
		{name: "keeps the webhook's breaker, without a new version, unless a later one is there", run: recordBreaker},
		{name: "disables an active webhook with the attempt's detail", run: recordDisables},
		{name: "disables no webhook that is not active", run: recordDisablesOnlyActive},
		{name: "disables the webhook once when several attempts ask for it", run: recordDisablesOnce},
		{name: "takes a lease only once", run: recordOnce},
		{name: "keeps a late attempt without counting it twice", run: whateverItsLength(recordLateTwice)},
		{name: "keeps nothing for an unknown delivery", run: recordUnknown},
		{name: "gives another number to an attempt whose number a late one has", run: whateverItsLength(recordNumberTaken)},
		{name: "lets one of many writers under the same lease win", run: recordSameLeaseConcurrently},
		{name: "does not let void leases spoil what is recorded beside them", run: recordConcurrently},
		{name: "keeps several, one after the other, and tells of each", run: recordSeveral},
	}
}

// whateverItsLength runs a case with attempts of few bytes, of some hundred and of many:
// an engine may keep them in different places.
func whateverItsLength(run func(*world)) func(*world) {
	return func(w *world) {
		for _, length := range []int{0, 8, 400, 500, 4 << 10} {
			w.body = []byte(strings.Repeat("\xff", length))
			run(w)
		}
	}
}

func (w *world) attempts(id posthorn.DeliveryID) []posthorn.Attempt {
	w.t.Helper()
	return must[[]posthorn.Attempt](w)(w.Attempts(w.ctx, id, 0, 100))
}

func recordKeepsAttempt(w *world) {
	job := w.leased(w.webhook())
	r := w.record(job, posthorn.StatusReason(503), posthorn.DeliveryExhausted)
	w.want("attempts", w.attempts(job.Delivery.ID), []posthorn.Attempt{r.Attempt})
}

func recordMoves(w *world) {
	webhook := w.webhook()
	for _, status := range []posthorn.DeliveryStatus{posthorn.DeliverySucceeded, posthorn.DeliveryExhausted, posthorn.DeliveryPending} {
		job := w.leased(webhook)
		r := w.record(job, posthorn.StatusReason(503), status)
		want := job.Delivery
		want.Status, want.UpdatedAt, want.DueAt = status, r.Now, r.Next.DueAt
		want.Attempts, want.LastReason, want.LastStatusCode = 1, "status_503", 503
		w.want("the delivery", w.delivery(want.ID), want)
	}
}

func recordCounts(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	for number, uncounted := range []bool{true, false, true, false} {
		r := w.recording(job, posthorn.ReasonInternal, posthorn.DeliveryPending)
		r.Next.Uncounted, r.Next.DueAt = uncounted, w.now
		w.do(w.Record(w.ctx, r))
		job = w.claim(webhook)[0]
		if job.Delivery.Attempts != number+1 || job.Delivery.Uncounted != (number+2)/2 {
			w.t.Fatalf("after attempt %d: %d attempts, %d uncounted", number+1, job.Delivery.Attempts, job.Delivery.Uncounted)
		}
	}
	for i, attempt := range w.attempts(job.Delivery.ID) {
		if attempt.Number != i+1 {
			w.t.Fatalf("attempt %d is at place %d", attempt.Number, i+1)
		}
	}
}

func recordHolds(w *world) {
	webhook := w.webhook()
	job, version := w.leased(webhook), w.version()
	r := w.recording(job, posthorn.ReasonRateLimited, posthorn.DeliveryPending)
	r.Next.HoldUntil = w.now.Add(time.Hour)
	w.do(w.Record(w.ctx, r))
	webhook.HoldUntil = r.Next.HoldUntil
	w.want("the webhook", w.storedWebhook(webhook), webhook)
	if got := w.version(); got != version {
		w.t.Fatalf("the version went from %d to %d", version, got)
	}
}

func (w *world) storedWebhook(webhook posthorn.Webhook) posthorn.Webhook {
	w.t.Helper()
	return must[posthorn.Webhook](w)(w.Webhook(w.ctx, webhook.ID))
}

func recordKeepsLaterHold(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 3)
	until := w.now.Add(time.Hour)
	holds := []time.Time{until, until.Add(-time.Second), {}}
	for i, job := range w.claim(webhook) {
		r := w.recording(job, posthorn.ReasonRateLimited, posthorn.DeliveryPending)
		r.Next.HoldUntil = holds[i]
		w.do(w.Record(w.ctx, r))
		w.want("the hold", w.storedWebhook(webhook).HoldUntil, until)
	}
}

func recordBreaker(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 5)
	jobs, version, at := w.claim(webhook), w.version(), w.now
	opened := posthorn.Breaker{OpenedAt: at, Failures: 12, NextProbeAt: at.Add(time.Second), ChangedAt: at}
	closed := posthorn.Breaker{ChangedAt: at.Add(time.Minute)}
	putOff := posthorn.Breaker{OpenedAt: at, Failures: 13, NextProbeAt: at.Add(time.Minute), ChangedAt: at.Add(time.Second)}
	again := posthorn.Breaker{OpenedAt: at.Add(time.Minute), Failures: 10, NextProbeAt: at.Add(time.Hour), ChangedAt: at.Add(time.Minute)}
	wanted := []posthorn.Breaker{opened, opened, closed, closed, again}
	for i, given := range []*posthorn.Breaker{&opened, nil, &closed, &putOff, &again} {
		r := w.recording(jobs[i], posthorn.ReasonTimeout, posthorn.DeliveryExhausted)
		r.Breaker = given
		w.do(w.Record(w.ctx, r))
		w.want("the breaker", w.storedWebhook(webhook).Breaker, wanted[i])
	}
	if got := w.version(); got != version {
		w.t.Fatalf("the version went from %d to %d", version, got)
	}
}

func recordDisables(w *world) {
	webhook := w.webhook()
	job, version := w.leased(webhook), w.version()
	r := w.recording(job, posthorn.ReasonGone, posthorn.DeliveryExhausted)
	r.Next.DisableWebhook = true
	r.Attempt.Outcome.Detail = "The receiver answered 410."
	w.do(w.Record(w.ctx, r))
	webhook.Status, webhook.StatusReason, webhook.UpdatedAt = posthorn.WebhookDisabled, "The receiver answered 410.", r.Now
	w.want("the webhook", w.storedWebhook(webhook), webhook)
	if got := w.version(); got <= version {
		w.t.Fatalf("the version went from %d to %d", version, got)
	}
}

func recordDisablesOnlyActive(w *world) {
	for _, status := range []posthorn.WebhookStatus{posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted} {
		webhook := w.webhook()
		job := w.leased(webhook)
		w.setStatus(webhook, status)
		version := w.version()
		r := w.recording(job, posthorn.ReasonGone, posthorn.DeliveryExhausted)
		r.Next.DisableWebhook = true
		w.do(w.Record(w.ctx, r))
		if got := w.version(); got != version {
			w.t.Fatalf("the version of a webhook that is %s went from %d to %d", status, version, got)
		}
		if status == posthorn.WebhookDeleted {
			_, err := w.Webhook(w.ctx, webhook.ID)
			w.wantError(err, posthorn.ErrNotFound)
			continue
		}
		webhook.Status = status
		w.want("the webhook", w.storedWebhook(webhook), webhook)
	}
}

func recordDisablesOnce(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 8)
	version := w.version()
	jobs := w.claim(webhook)
	var records []store.Recording
	for _, job := range jobs {
		r := w.recording(job, posthorn.ReasonGone, posthorn.DeliveryExhausted)
		r.Next.DisableWebhook = true
		records = append(records, r)
	}
	w.together(len(records), func(i int) error { return w.Record(w.ctx, records[i]) })
	if got := w.version(); got != version+1 {
		w.t.Fatalf("the version went from %d to %d, want %d", version, got, version+1)
	}
}

func recordOnce(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	w.record(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	before, stats := w.delivery(job.Delivery.ID), w.stats(webhook)
	r := w.recording(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
	w.wantError(w.Record(w.ctx, r), store.ErrLeaseLost)
	w.want("the delivery", w.delivery(job.Delivery.ID), before)
	w.want("the stats", w.stats(webhook), stats)
	if attempts := w.attempts(job.Delivery.ID); len(attempts) != 1 || !attempts[0].Outcome.Succeeded() {
		w.t.Fatalf("attempts: %+v, want the first one alone", attempts)
	}
}

func recordLateTwice(w *world) {
	job := w.leased(w.webhook())
	must[posthorn.Delivery](w)(w.Cancel(w.ctx, job.Delivery.ID, w.tick()))
	first := w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	w.wantError(w.Record(w.ctx, first), store.ErrLeaseLost)
	second := w.recording(job, posthorn.ReasonTimeout, posthorn.DeliverySucceeded)
	w.wantError(w.Record(w.ctx, second), store.ErrLeaseLost)
	w.want("attempts", w.attempts(job.Delivery.ID), []posthorn.Attempt{first.Attempt})
}

func recordUnknown(w *world) {
	job := w.leased(w.webhook())
	job.Delivery.ID = posthorn.NewID[posthorn.DeliveryID](w.now, w.random)
	job.Lease.DeliveryID = job.Delivery.ID
	w.wantError(w.Record(w.ctx, w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)), store.ErrLeaseLost)
	w.want("attempts", w.attempts(job.Delivery.ID), []posthorn.Attempt(nil))
}

func recordNumberTaken(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	must[posthorn.Delivery](w)(w.Cancel(w.ctx, job.Delivery.ID, w.tick()))
	must[posthorn.Delivery](w)(w.Retry(w.ctx, job.Delivery.ID, w.tick()))
	again := w.claim(webhook)[0]
	late := w.recording(job, posthorn.ReasonTimeout, posthorn.DeliveryPending)
	w.wantError(w.Record(w.ctx, late), store.ErrLeaseLost)
	r := w.record(again, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	r.Attempt.Number = 2
	w.want("attempts", w.attempts(job.Delivery.ID), []posthorn.Attempt{late.Attempt, r.Attempt})
	delivery := w.delivery(job.Delivery.ID)
	if delivery.Attempts != 1 || delivery.Status != posthorn.DeliverySucceeded || delivery.LastReason != posthorn.ReasonSuccess {
		w.t.Fatalf("the delivery is %+v, want succeeded with one attempt", delivery)
	}
}

func recordSameLeaseConcurrently(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	records := make([]store.Recording, 16)
	for i := range records {
		records[i] = w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	}
	var won atomic.Int64
	w.together(len(records), func(i int) error {
		err := w.Record(w.ctx, records[i])
		if err == nil {
			won.Add(1)
		}
		if errors.Is(err, store.ErrLeaseLost) {
			return nil
		}
		return err
	})
	if won.Load() != 1 {
		w.t.Fatalf("%d writers won, want 1", won.Load())
	}
	if stats := w.stats(webhook); stats.Attempts != 1 || stats.Succeeded != 1 {
		w.t.Fatalf("stats: %+v, want one attempt and one success", stats)
	}
}

func recordSeveral(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 3)
	jobs := w.claim(webhook)
	again := w.recording(jobs[0], posthorn.ReasonTimeout, posthorn.DeliveryPending)
	void := w.recording(jobs[1], posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	void.Lease.Epoch++
	recordings := []store.Recording{
		w.recording(jobs[0], posthorn.ReasonSuccess, posthorn.DeliverySucceeded), again, void,
		w.recording(jobs[2], posthorn.StatusReason(500), posthorn.DeliveryExhausted),
	}
	results := must[[]error](w)(w.Store.Record(w.ctx, recordings))
	w.want("the results", len(results), len(recordings))
	for i, want := range []error{nil, store.ErrLeaseLost, store.ErrLeaseLost, nil} {
		if !errors.Is(results[i], want) {
			w.t.Errorf("of recording %d is said %v, want %v", i, results[i], want)
		}
	}
	for i, want := range []posthorn.DeliveryStatus{posthorn.DeliverySucceeded, posthorn.DeliveryLeased, posthorn.DeliveryExhausted} {
		w.wantStatus(jobs[i].Delivery.ID, want)
	}
	w.want("the attempts of the first", w.attempts(jobs[0].Delivery.ID), []posthorn.Attempt{recordings[0].Attempt})
	clear(recordings) // they are the caller's again
	w.want("the number of attempts of the second", len(w.attempts(jobs[1].Delivery.ID)), 1)
}

func recordConcurrently(w *world) {
	const size = 100
	webhook := w.webhook()
	w.pending(webhook, size)
	jobs := w.claim(webhook)
	records := make([]store.Recording, size)
	for i, job := range jobs {
		records[i] = w.recording(job, posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
		if i%3 == 0 {
			records[i].Lease.Epoch++
		}
	}
	w.together(size, func(i int) error {
		err := w.Record(w.ctx, records[i])
		if i%3 == 0 && errors.Is(err, store.ErrLeaseLost) {
			return nil
		}
		return err
	})
	void := int64(size+2) / 3
	stats := w.stats(webhook)
	if stats.Succeeded != size-void || stats.Attempts != size-void || stats.Pending != void {
		w.t.Fatalf("stats: %+v, want %d succeeded and %d pending", stats, size-void, void)
	}
	for i, job := range jobs {
		want := posthorn.DeliverySucceeded
		if i%3 == 0 {
			want = posthorn.DeliveryLeased
		}
		w.wantStatus(job.Delivery.ID, want)
	}
}
