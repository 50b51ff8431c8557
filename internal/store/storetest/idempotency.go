package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func idempotencyCases() []testCase {
	return []testCase{
		{name: "keeps the answer made of the results", run: idempotentKeeps},
		{name: "replays an answer that is no older than allowed", run: idempotentReplays},
		{name: "replaces an answer that is older", run: idempotentReplaces},
		{name: "replays whatever the version", run: idempotentReplaysStale},
		{name: "tells keys and scopes apart by letter case", run: idempotentKeys},
		{name: "keeps the events of one of many with the same key at once", run: idempotentConcurrently},
		{name: "an answer comes back as it was kept", run: answerKept},
		{name: "an unknown answer is not found", run: func(w *world) {
			_, err := w.Answer(w.ctx, w.idempotencyKey("unknown"))
			w.wantError(err, posthorn.ErrNotFound)
		}},
		{name: "keeping an answer replaces the one that is there", run: answerReplaced},
		{name: "forgets answers that were made before a moment, up to a limit", alone: true, run: answersForgotten},
	}
}

// idempotencyKey makes a key within a scope of the case's own.
func (w *world) idempotencyKey(text string) store.IdempotencyKey {
	return store.IdempotencyKey{Scope: w.workspace.ID.String() + " POST /v1/events", Key: text}
}

// idempotency makes an answer at the moment, which lists the results.
func (w *world) idempotency(text string, at time.Time) *store.Idempotency {
	return &store.Idempotency{
		Key:       w.idempotencyKey(text),
		ValidFrom: at.Add(-time.Hour),
		Answer: func(results []store.Result) store.Answer {
			var body strings.Builder
			for _, result := range results {
				fmt.Fprintf(&body, "%s %t\n\x00", result.Event.ID, result.Kept)
			}
			return store.Answer{Fingerprint: posthorn.HashKey(text), StatusCode: 202, Body: []byte(body.String()), CreatedAt: at}
		},
	}
}

// acceptIdempotently accepts one event for the webhook under the key.
func (w *world) acceptIdempotently(webhook posthorn.Webhook, idempotency *store.Idempotency) (posthorn.Event, store.Receipt) {
	w.t.Helper()
	event := w.newEvent()
	submission := w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
	submission.Idempotency = idempotency
	return event, must[store.Receipt](w)(w.Accept(w.ctx, submission))
}

func idempotentKeeps(w *world) {
	there := w.newEvent()
	there.GivenID = "order-1"
	w.accept(store.Entry{Event: there})
	fresh, again := w.newEvent(), w.newEvent()
	again.GivenID = "order-1"
	submission := w.submission(store.Entry{Event: fresh}, store.Entry{Event: again})
	submission.Idempotency = w.idempotency("k", w.tick())
	receipt := must[store.Receipt](w)(w.Accept(w.ctx, submission))
	want := []store.Result{{Event: fresh, Kept: true}, {Event: there}}
	w.want("the receipt", receipt, store.Receipt{Results: want})
	w.want("the answer", must[store.Answer](w)(w.Answer(w.ctx, submission.Idempotency.Key)), submission.Idempotency.Answer(want))
}

func idempotentReplays(w *world) {
	webhook := w.webhook()
	first := w.idempotency("k", w.tick())
	event, _ := w.acceptIdempotently(webhook, first)
	answer := first.Answer([]store.Result{{Event: event, Kept: true}})
	again := w.idempotency("k", w.tick())
	// What is below a microsecond is dropped here too.
	again.ValidFrom = answer.CreatedAt.Add(999)
	event, receipt := w.acceptIdempotently(webhook, again)
	w.want("the receipt", receipt, store.Receipt{Replayed: &answer})
	_, err := w.eventAsKept(event)
	w.wantError(err, posthorn.ErrNotFound)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 1, Pending: 1})
}

func idempotentReplaces(w *world) {
	webhook := w.webhook()
	w.acceptIdempotently(webhook, w.idempotency("k", w.tick()))
	again := w.idempotency("k", w.now.Add(time.Minute))
	again.ValidFrom = w.tick()
	event, receipt := w.acceptIdempotently(webhook, again)
	want := []store.Result{{Event: event, Kept: true}}
	w.want("the receipt", receipt, store.Receipt{Results: want})
	w.want("the answer", must[store.Answer](w)(w.Answer(w.ctx, again.Key)), again.Answer(want))
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 2, Pending: 2})
}

func idempotentReplaysStale(w *world) {
	submission := w.submission(store.Entry{Event: w.newEvent()})
	submission.Idempotency = w.idempotency("k", w.tick())
	must[store.Receipt](w)(w.Accept(w.ctx, submission))
	w.webhook()
	if receipt := must[store.Receipt](w)(w.Accept(w.ctx, submission)); receipt.Replayed == nil {
		w.t.Fatal("the answer was not replayed")
	}
}

func idempotentKeys(w *world) {
	webhook := w.webhook()
	keys := []store.IdempotencyKey{w.idempotencyKey("k"), w.idempotencyKey("K"), w.idempotencyKey("k"), w.idempotencyKey("")}
	keys[2].Scope = strings.ToUpper(keys[2].Scope)
	for _, key := range keys {
		idempotency := w.idempotency("k", w.tick())
		idempotency.Key = key
		if _, receipt := w.acceptIdempotently(webhook, idempotency); receipt.Replayed != nil {
			w.t.Fatalf("the answer under another key was replayed for %+v", key)
		}
	}
}

func idempotentConcurrently(w *world) {
	const publishers = 16
	webhook := w.webhook()
	submissions := make([]store.Submission, publishers)
	for i := range submissions {
		event := w.newEvent()
		submissions[i] = w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
		submissions[i].Idempotency = w.idempotency("k", w.now)
	}
	var kept atomic.Int64
	replayed := make([]*store.Answer, publishers)
	w.together(publishers, func(i int) error {
		receipt, err := w.Accept(w.ctx, submissions[i])
		replayed[i] = receipt.Replayed
		kept.Add(int64(len(receipt.Results)))
		return err
	})
	if kept.Load() != 1 {
		w.t.Fatalf("%d submissions were kept, want 1", kept.Load())
	}
	want := must[store.Answer](w)(w.Answer(w.ctx, submissions[0].Idempotency.Key))
	for _, answer := range replayed {
		if answer != nil {
			w.want("what was replayed", *answer, want)
		}
	}
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 1, Pending: 1})
}

func answerKept(w *world) {
	answer := store.Answer{
		Fingerprint: posthorn.HashKey("request"), StatusCode: 422, Body: []byte("\x00\xff{}"),
		CreatedAt: w.tick().Add(999 * time.Nanosecond),
	}
	key := w.idempotencyKey("k")
	w.do(w.KeepAnswer(w.ctx, key, answer))
	answer.CreatedAt = w.now
	w.want("the answer", must[store.Answer](w)(w.Answer(w.ctx, key)), answer)
}

func answerReplaced(w *world) {
	key := w.idempotencyKey("k")
	w.do(w.KeepAnswer(w.ctx, key, store.Answer{StatusCode: 200, Body: []byte("first"), CreatedAt: w.now}))
	// Also by one that was made earlier.
	second := store.Answer{StatusCode: 201, CreatedAt: w.now.Add(-time.Hour)}
	w.do(w.KeepAnswer(w.ctx, key, second))
	w.want("the answer", must[store.Answer](w)(w.Answer(w.ctx, key)), second)
}

func answersForgotten(w *world) {
	for i := range 5 {
		w.do(w.KeepAnswer(w.ctx, w.idempotencyKey(fmt.Sprint(i)), store.Answer{CreatedAt: w.now.Add(time.Duration(i) * time.Microsecond)}))
	}
	before := w.now.Add(3 * time.Microsecond)
	for _, want := range []int{2, 1, 0} {
		w.want("how many were forgotten", must[int](w)(w.ForgetAnswers(w.ctx, before, 2)), want)
	}
	for i := range 5 {
		_, err := w.Answer(w.ctx, w.idempotencyKey(fmt.Sprint(i)))
		if forgotten := err != nil; forgotten != (i < 3) {
			w.t.Errorf("answer %d is forgotten: %t", i, forgotten)
		}
	}
}
