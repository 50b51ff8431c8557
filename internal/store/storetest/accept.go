package storetest

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func acceptCases() []testCase {
	return []testCase{
		{name: "keeps events and deliveries as they were given", run: acceptKeeps},
		{name: "keeps an event that nobody wants", run: acceptUnwanted},
		{name: "takes a submission without entries", run: func(w *world) {
			w.want("results", w.accept(), []store.Result(nil))
		}},
		{name: "takes a thousand events at once", run: acceptMany},
		{name: "keeps data byte for byte", run: acceptBytes},
		{name: "keeps times in microseconds, UTC, from year 1 to 9999", run: acceptTimes},
		{name: "keeps nothing that belongs to the caller", run: acceptCopies},
		{name: "does not keep an event whose given id the environment has", run: acceptGivenIDFromBefore},
		{name: "does not keep an event whose given id an earlier entry has", run: acceptGivenIDInSubmission},
		{name: "tells given ids apart by letter case", run: acceptGivenIDCase},
		{name: "keeps one given id once in each environment", run: acceptGivenIDElsewhere},
		{name: "keeps nothing at a stale version", run: acceptStale},
		{name: "finds every change of the directory stale", run: acceptStaleAfter},
		{name: "finds nothing stale after what is not a change of the directory", run: acceptNotStaleAfter},
		{name: "of an unknown environment is stale", run: acceptUnknownEnvironment},
		{name: "keeps everything that many publish at once", run: acceptConcurrently},
		{name: "keeps one event of many with the same given id at once", run: acceptGivenIDConcurrently},
		{name: "does not let stale submissions spoil those beside them", run: acceptStaleConcurrently},
	}
}

func acceptKeeps(w *world) {
	first, second := w.webhook(), w.webhook()
	event := w.newEvent()
	event.GivenID, event.Deliveries = "order-1", 2
	event.Timestamp = w.now.Add(-48 * time.Hour)
	pending, leased := w.newDelivery(event, first), w.newDelivery(event, second)
	pending.DueAt = w.now.Add(time.Hour)
	leased.Status = posthorn.DeliveryLeased
	results := w.accept(store.Entry{Event: event, Deliveries: []posthorn.Delivery{pending, leased}})
	w.want("results", results, []store.Result{{Event: event, Kept: true}})
	w.want("the event", must[posthorn.Event](w)(w.eventAsKept(event)), event)
	w.want("the pending delivery", w.delivery(pending.ID), pending)
	w.want("the leased delivery", w.delivery(leased.ID), leased)
	w.want("the stats", w.stats(first), posthorn.WebhookStats{Accepted: 1, Pending: 1})
	w.want("the stats", w.stats(second), posthorn.WebhookStats{Accepted: 1, Pending: 1})
}

func acceptUnwanted(w *world) {
	event := w.newEvent()
	w.want("results", w.accept(store.Entry{Event: event}), []store.Result{{Event: event, Kept: true}})
	w.want("the event", must[posthorn.Event](w)(w.eventAsKept(event)), event)
}

func acceptMany(w *world) {
	const size = 1000
	webhook := w.webhook()
	deliveries := w.pending(webhook, size)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: size, Pending: size})
	w.want("jobs", idsOfJobs(w.claim(webhook)), idsOfDeliveries(deliveries))
}

func acceptBytes(w *world) {
	for _, data := range [][]byte{
		[]byte("\x00"), []byte("\xff\xfe\x00'\"\\"), []byte(" { \"b\" : 1e400,\n\"a\":123456789012345678901234567890 } "),
		[]byte(`"\u0000\ud800"`), []byte("0"), nil, make([]byte, 1<<20),
	} {
		event := w.newEvent()
		event.Data = data
		w.accept(store.Entry{Event: event})
		if got := must[posthorn.Event](w)(w.eventAsKept(event)).Data; string(got) != string(data) {
			w.t.Fatalf("the data came back as %.100q, want %.100q", got, data)
		}
	}
}

func acceptTimes(w *world) {
	zone := time.FixedZone("", -7*3600)
	for _, c := range []struct{ given, want time.Time }{
		{time.Time{}, time.Time{}},
		{time.Unix(0, 0), time.Unix(0, 0)},
		{time.Unix(0, 1999), time.Unix(0, 1000)},
		{time.Unix(0, -1), time.Unix(0, -1000)},
		{time.Unix(-1, 0), time.Unix(-1, 0)},
		{time.Date(2031, 2, 3, 4, 5, 6, 123456999, zone), time.Date(2031, 2, 3, 11, 5, 6, 123456000, time.UTC)},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)},
	} {
		event := w.newEvent()
		event.Timestamp = c.given
		result := w.accept(store.Entry{Event: event})[0].Event.Timestamp
		stored := must[posthorn.Event](w)(w.eventAsKept(event)).Timestamp
		if !result.Equal(c.want) || !stored.Equal(c.want) || stored.Location() != time.UTC || stored.IsZero() != c.want.IsZero() {
			w.t.Errorf("%v is answered as %v and kept as %v, want %v", c.given, result, stored, c.want.UTC())
		}
	}
}

func acceptCopies(w *world) {
	event := w.newEvent()
	want := string(event.Data)
	submission := w.submission(store.Entry{Event: event})
	must[store.Receipt](w)(w.Accept(w.ctx, submission))
	event.Data[0] = 'X'
	w.want("the data", string(must[posthorn.Event](w)(w.eventAsKept(event)).Data), want)
}

func acceptGivenIDFromBefore(w *world) {
	webhook := w.webhook()
	first := w.newEvent()
	first.GivenID = "order-1"
	w.accept(store.Entry{Event: first})
	second, delivery := w.duplicate(first, webhook)
	results := w.accept(second, store.Entry{Event: w.newEvent()})
	w.want("the result", results[0], store.Result{Event: first})
	w.want("the entry beside it", results[1].Kept, true)
	w.wantAbsent(second.Event, delivery)
}

func acceptGivenIDInSubmission(w *world) {
	webhook := w.webhook()
	first := w.newEvent()
	first.GivenID = "order-1"
	second, delivery := w.duplicate(first, webhook)
	results := w.accept(store.Entry{Event: first}, second)
	w.want("results", results, []store.Result{{Event: first, Kept: true}, {Event: first}})
	w.wantAbsent(second.Event, delivery)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{})
}

// duplicate makes another event with the same given id, and a delivery of it.
func (w *world) duplicate(of posthorn.Event, webhook posthorn.Webhook) (store.Entry, posthorn.Delivery) {
	event := w.newEvent()
	event.GivenID, event.Type = of.GivenID, "order.paid"
	delivery := w.newDelivery(event, webhook)
	return store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}}, delivery
}

func (w *world) wantAbsent(event posthorn.Event, delivery posthorn.Delivery) {
	w.t.Helper()
	_, err := w.eventAsKept(event)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Delivery(w.ctx, delivery.ID)
	w.wantError(err, posthorn.ErrNotFound)
}

func acceptGivenIDCase(w *world) {
	lower, upper := w.newEvent(), w.newEvent()
	lower.GivenID, upper.GivenID = "order-a", "order-A"
	for _, result := range w.accept(store.Entry{Event: lower}, store.Entry{Event: upper}) {
		w.want("kept", result.Kept, true)
	}
	w.want("the event", must[posthorn.Event](w)(w.EventByGivenID(w.ctx, w.environment.ID, "order-A")), upper)
}

func acceptGivenIDElsewhere(w *world) {
	first := w.newEvent()
	first.GivenID = "order-1"
	w.accept(store.Entry{Event: first})
	w.environment = w.newEnvironment(w.project)
	w.do(w.CreateEnvironment(w.ctx, w.environment, 0))
	second := w.newEvent()
	second.GivenID = "order-1"
	w.want("kept", w.accept(store.Entry{Event: second})[0].Kept, true)
	w.want("the first", must[posthorn.Event](w)(w.EventByGivenID(w.ctx, first.EnvironmentID, "order-1")), first)
	w.want("the second", must[posthorn.Event](w)(w.EventByGivenID(w.ctx, second.EnvironmentID, "order-1")), second)
}

func acceptStale(w *world) {
	webhook := w.webhook()
	event := w.newEvent()
	delivery := w.newDelivery(event, webhook)
	submission := w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{delivery}})
	submission.Idempotency = w.idempotency("stale", w.now)
	version := submission.Version
	w.webhook()
	for _, stale := range []store.Version{version, version + 100, 0} {
		submission.Version = stale
		_, err := w.Accept(w.ctx, submission)
		w.wantError(err, store.ErrStale)
	}
	w.wantAbsent(event, delivery)
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{})
	_, err := w.Answer(w.ctx, submission.Idempotency.Key)
	w.wantError(err, posthorn.ErrNotFound)
}

func acceptStaleAfter(w *world) {
	webhook := w.webhook()
	types := []posthorn.EventType{w.newEventType("user.created"), w.newEventType("user.gone")}
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, types, 0))
	for what, change := range w.changes(webhook) {
		submission := w.submission(store.Entry{Event: w.newEvent()})
		w.do(change())
		if got := w.version(); got <= submission.Version {
			w.t.Errorf("%s took the version from %d to %d", what, submission.Version, got)
		}
		_, err := w.Accept(w.ctx, submission)
		if !errors.Is(err, store.ErrStale) {
			w.t.Errorf("after %s: error = %v, want %v", what, err, store.ErrStale)
		}
	}
}

// changes are the ways to change the environment's directory.
func (w *world) changes(webhook posthorn.Webhook) map[string]func() error {
	return map[string]func() error{
		"CreateWebhook": func() error { return w.CreateWebhook(w.ctx, w.newWebhook(), 0) },
		"UpdateWebhook": func() error {
			_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) { return changed, nil })
			return err
		},
		"UpdateEnvironment": func() error {
			_, err := w.UpdateEnvironment(w.ctx, w.environment.ID, func(changed posthorn.Environment) (posthorn.Environment, error) { return changed, nil })
			return err
		},
		"CreateEventTypes": func() error {
			_, err := w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("user.deleted"), w.newEventType("other")}, 0)
			return err
		},
		"UpdateEventType": func() error {
			_, err := w.UpdateEventType(w.ctx, w.environment.ID, "user.created", func(changed posthorn.EventType) (posthorn.EventType, error) { return changed, nil })
			return err
		},
		"DeleteEventType": func() error {
			return w.DeleteEventType(w.ctx, w.environment.ID, "user.gone")
		},
	}
}

func acceptNotStaleAfter(w *world) {
	webhook := w.webhook()
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("user.created")}, 0))
	other := w.neighbour()
	version := w.version()
	other.webhook()
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("user.created")}, 0))
	_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) { return changed, errUnwilling })
	w.wantError(err, errUnwilling)
	w.wantError(w.DeleteEventType(w.ctx, w.environment.ID, "absent"), posthorn.ErrNotFound)
	w.record(w.leased(webhook), posthorn.ReasonSuccess, posthorn.DeliverySucceeded)
	must[int](w)(w.CancelPending(w.ctx, webhook.ID, 1, w.tick()))
	w.want("the version", w.version(), version)
}

func acceptUnknownEnvironment(w *world) {
	absent := w.newEnvironment(w.project)
	for _, version := range []store.Version{0, 1} {
		_, err := w.Accept(w.ctx, store.Submission{EnvironmentID: absent.ID, Version: version, NodeID: w.node})
		w.wantError(err, store.ErrStale)
	}
}

func acceptConcurrently(w *world) {
	const publishers = 64
	webhook := w.webhook()
	submissions := make([]store.Submission, publishers)
	for i := range submissions {
		event := w.newEvent()
		submissions[i] = w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
	}
	w.together(publishers, func(i int) error {
		receipt, err := w.Accept(w.ctx, submissions[i])
		if err == nil && (len(receipt.Results) != 1 || receipt.Results[0].Event.ID != submissions[i].Entries[0].Event.ID) {
			return errors.New("a publisher got the results of another")
		}
		return err
	})
	jobs := w.claim(webhook)
	if len(jobs) != publishers {
		w.t.Fatalf("%d deliveries were kept, want %d", len(jobs), publishers)
	}
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: publishers, Pending: publishers})
}

func acceptGivenIDConcurrently(w *world) {
	const publishers = 16
	webhook := w.webhook()
	submissions := make([]store.Submission, publishers)
	for i := range submissions {
		event := w.newEvent()
		event.GivenID = "order-1"
		submissions[i] = w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
	}
	var kept atomic.Int64
	answered := make([]posthorn.EventID, publishers)
	w.together(publishers, func(i int) error {
		receipt, err := w.Accept(w.ctx, submissions[i])
		if err != nil {
			return err
		}
		if receipt.Results[0].Kept {
			kept.Add(1)
		}
		answered[i] = receipt.Results[0].Event.ID
		return nil
	})
	if kept.Load() != 1 || len(slices.Compact(answered)) != 1 {
		w.t.Fatalf("%d events were kept, and publishers were told of %v; want one", kept.Load(), slices.Compact(answered))
	}
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: 1, Pending: 1})
}

func acceptStaleConcurrently(w *world) {
	const publishers = 32
	webhook := w.webhook()
	submissions := make([]store.Submission, publishers)
	for i := range submissions {
		event := w.newEvent()
		submissions[i] = w.submission(store.Entry{Event: event, Deliveries: []posthorn.Delivery{w.newDelivery(event, webhook)}})
		if i%2 == 0 {
			submissions[i].Version--
		}
	}
	w.together(publishers, func(i int) error {
		_, err := w.Accept(w.ctx, submissions[i])
		if i%2 == 0 && errors.Is(err, store.ErrStale) {
			return nil
		}
		return err
	})
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{Accepted: publishers / 2, Pending: publishers / 2})
}
