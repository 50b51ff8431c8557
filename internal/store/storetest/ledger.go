package storetest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func ledgerCases() []testCase {
	unknown := func(find func(w *world) error) func(*world) {
		return func(w *world) { w.wantError(find(w), posthorn.ErrNotFound) }
	}
	return []testCase{
		{name: "an unknown event is not found", run: unknown(func(w *world) error {
			_, err := w.Event(w.ctx, store.Reach{EnvironmentID: w.environment.ID}, posthorn.NewID[posthorn.EventID](w.now, w.random))
			return err
		})},
		{name: "an unknown given id is not found", run: unknown(func(w *world) error {
			w.accept(store.Entry{Event: w.newEvent()})
			_, err := w.EventByGivenID(w.ctx, w.environment.ID, "")
			return err
		})},
		{name: "an unknown delivery is not found", run: unknown(func(w *world) error {
			_, err := w.Delivery(w.ctx, posthorn.NewID[posthorn.DeliveryID](w.now, w.random))
			return err
		})},
		{name: "an event is found in its environment, in its workspace, in all, and nowhere else", run: eventWithin},
		{name: "an event is found by its given id, with its data", run: eventByGivenID},
		{name: "events are listed newest first, without data, page by page", run: eventsPaged},
		{name: "events are picked by environment, type and time", run: eventsPicked},
		{name: "deliveries are listed newest first, page by page", run: deliveriesPaged},
		{name: "deliveries are picked by what the query says", run: deliveriesPicked},
		{name: "attempts are listed oldest first, after a number, up to a limit", run: whateverItsLength(attemptsListed)},
		{name: "stats follow every move of a delivery", run: statsFollow},
		{name: "stats tell the latest attempt, success and failure", run: statsTimes},
		{name: "stats leave out webhooks without deliveries", run: statsAbsent},
		{name: "no delivery vanishes whatever happens", alone: true, run: conservation},
	}
}

func eventWithin(w *world) {
	event, other := w.newEvent(), w.neighbour()
	w.accept(store.Entry{Event: event})
	other.accept(store.Entry{Event: other.newEvent()})
	second := w.environment
	second.ID = posthorn.NewID[posthorn.EnvironmentID](w.tick(), w.random)
	w.do(w.CreateEnvironment(w.ctx, second, 0))
	for what, within := range map[string]store.Reach{
		"in its environment": {EnvironmentID: w.environment.ID},
		"in its workspace":   {WorkspaceID: w.workspace.ID},
		"everywhere":         {},
		"in its environment, whatever the tenant": {EnvironmentID: w.environment.ID, WorkspaceID: other.workspace.ID},
	} {
		w.want(what, must[posthorn.Event](w)(w.Event(w.ctx, within, event.ID)), event)
	}
	for _, within := range []store.Reach{
		{EnvironmentID: other.environment.ID},
		{EnvironmentID: second.ID, WorkspaceID: w.workspace.ID},
		{WorkspaceID: other.workspace.ID},
		{WorkspaceID: posthorn.NewID[posthorn.WorkspaceID](w.tick(), w.random)},
	} {
		_, err := w.Event(w.ctx, within, event.ID)
		w.wantError(err, posthorn.ErrNotFound)
	}
	_, err := w.Event(w.ctx, store.Reach{}, posthorn.NewID[posthorn.EventID](w.tick(), w.random))
	w.wantError(err, posthorn.ErrNotFound)
}

// eventAsKept reads an event in its environment.
func (w *world) eventAsKept(event posthorn.Event) (posthorn.Event, error) {
	return w.Event(w.ctx, store.Reach{EnvironmentID: event.EnvironmentID}, event.ID)
}

func eventByGivenID(w *world) {
	event := w.newEvent()
	event.GivenID = "order-1"
	w.accept(store.Entry{Event: event})
	w.want("the event", must[posthorn.Event](w)(w.EventByGivenID(w.ctx, w.environment.ID, "order-1")), event)
	_, err := w.EventByGivenID(w.ctx, posthorn.NewID[posthorn.EnvironmentID](w.now, w.random), "order-1")
	w.wantError(err, posthorn.ErrNotFound)
}

func eventsPaged(w *world) {
	var want []posthorn.Event
	for range 5 {
		event := w.newEvent()
		w.accept(store.Entry{Event: event})
		event.Data = nil
		want = append([]posthorn.Event{event}, want...)
	}
	list := func(page posthorn.Page) []posthorn.Event {
		return must[[]posthorn.Event](w)(w.Events(w.ctx, store.EventQuery{EnvironmentID: w.environment.ID, Page: page}))
	}
	wantPaged(w, list, want, func(e posthorn.Event) [16]byte { return e.ID })
}

// wantPaged checks that a list is the wanted one however it is cut in pages.
func wantPaged[T any](w *world, list func(posthorn.Page) []T, want []T, id func(T) [16]byte) {
	w.t.Helper()
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []T
		page := posthorn.Page{Limit: limit}
		for {
			part := list(page)
			if len(part) > limit {
				w.t.Fatalf("a page of %d has %d items", limit, len(part))
			}
			got = append(got, part...)
			// More than all means that the pages overlap; don't go round for ever.
			if len(part) == 0 || len(got) > len(want) {
				break
			}
			page.After = id(part[len(part)-1])
		}
		w.want("the pages together", got, want)
	}
}

func eventsPicked(w *world) {
	var events []posthorn.Event
	for _, eventType := range []string{"user.created", "User.created", "user.created"} {
		event := w.newEvent()
		event.Type = eventType
		w.accept(store.Entry{Event: event})
		events = append(events, event)
	}
	here := w.environment.ID
	at := events[1].AcceptedAt
	longAgo, farOff := time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2600, 1, 1, 0, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		query store.EventQuery
		want  []int
	}{
		"type":          {store.EventQuery{EnvironmentID: here, Type: "user.created"}, []int{2, 0}},
		"from, within":  {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{From: at}}, []int{2, 1}},
		"from, beyond":  {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{From: at.Add(time.Microsecond)}}, []int{2}},
		"until, beyond": {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{Until: at}}, []int{0}},
		"until, within": {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{Until: at.Add(time.Microsecond)}}, []int{1, 0}},
		"below a microsecond": {store.EventQuery{
			EnvironmentID: here,
			Accepted:      posthorn.Span{From: at.Add(999), Until: at.Add(1999)},
		}, []int{1}},
		"from, long ago":  {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{From: longAgo}}, []int{2, 1, 0}},
		"until, long ago": {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{Until: longAgo}}, nil},
		"from, far off":   {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{From: farOff}}, nil},
		"until, far off":  {store.EventQuery{EnvironmentID: here, Accepted: posthorn.Span{Until: farOff}}, []int{2, 1, 0}},
		"elsewhere":       {store.EventQuery{EnvironmentID: posthorn.NewID[posthorn.EnvironmentID](w.now, w.random)}, nil},
		"everything": {store.EventQuery{
			EnvironmentID: here, Type: "user.created",
			Accepted: posthorn.Span{From: at, Until: w.now.Add(time.Hour)},
		}, []int{2}},
	} {
		c.query.Page.Limit = 10
		var got, want []posthorn.EventID
		for _, event := range must[[]posthorn.Event](w)(w.Events(w.ctx, c.query)) {
			got = append(got, event.ID)
		}
		for _, i := range c.want {
			want = append(want, events[i].ID)
		}
		w.want("events picked by "+what, got, want)
	}
}

func deliveriesPaged(w *world) {
	want := w.pending(w.webhook(), 5)
	slices.Reverse(want)
	list := func(page posthorn.Page) []posthorn.Delivery {
		return must[[]posthorn.Delivery](w)(w.Deliveries(w.ctx, store.DeliveryQuery{EnvironmentID: w.environment.ID, Page: page}))
	}
	wantPaged(w, list, want, func(d posthorn.Delivery) [16]byte { return d.ID })
}

func deliveriesPicked(w *world) {
	first, second := w.webhook(), w.webhook()
	d := []posthorn.Delivery{
		w.inStatus(first, posthorn.DeliverySucceeded), w.inStatus(second, posthorn.DeliveryPending),
		w.inStatus(first, posthorn.DeliveryLeased), w.inStatus(second, posthorn.DeliverySucceeded),
	}
	at := d[1].CreatedAt
	for what, c := range map[string]struct {
		query store.DeliveryQuery
		want  []int
	}{
		"webhook":            {store.DeliveryQuery{WebhookID: first.ID}, []int{2, 0}},
		"event":              {store.DeliveryQuery{EventID: d[1].EventID}, []int{1}},
		"status":             {store.DeliveryQuery{EnvironmentID: w.environment.ID, Status: posthorn.DeliverySucceeded}, []int{3, 0}},
		"pending":            {store.DeliveryQuery{EnvironmentID: w.environment.ID, Status: posthorn.DeliveryPending}, []int{1}},
		"leased":             {store.DeliveryQuery{EnvironmentID: w.environment.ID, Status: posthorn.DeliveryLeased}, []int{2}},
		"from":               {store.DeliveryQuery{EnvironmentID: w.environment.ID, Created: posthorn.Span{From: at}}, []int{3, 2, 1}},
		"until":              {store.DeliveryQuery{EnvironmentID: w.environment.ID, Created: posthorn.Span{Until: at}}, []int{0}},
		"webhook and status": {store.DeliveryQuery{WebhookID: first.ID, Status: posthorn.DeliverySucceeded}, []int{0}},
		"event elsewhere":    {store.DeliveryQuery{WebhookID: first.ID, EventID: d[1].EventID}, nil},
		"everything": {store.DeliveryQuery{
			EnvironmentID: w.environment.ID, WebhookID: second.ID, EventID: d[3].EventID,
			Status: posthorn.DeliverySucceeded, Created: posthorn.Span{From: at, Until: w.now},
		}, []int{3}},
	} {
		c.query.Page.Limit = 10
		got := must[[]posthorn.Delivery](w)(w.Deliveries(w.ctx, c.query))
		var want []posthorn.Delivery
		for _, i := range c.want {
			want = append(want, d[i])
		}
		w.want("deliveries picked by "+what, got, want)
	}
}

func attemptsListed(w *world) {
	webhook := w.webhook()
	job := w.leased(webhook)
	var want []posthorn.Attempt
	for range 3 {
		r := w.recording(job, posthorn.StatusReason(500), posthorn.DeliveryPending)
		r.Next.DueAt = w.now
		w.do(w.Record(w.ctx, r))
		want = append(want, r.Attempt)
		job = w.claim(webhook)[0]
	}
	list := func(after, limit int) []posthorn.Attempt {
		return must[[]posthorn.Attempt](w)(w.Attempts(w.ctx, job.Delivery.ID, after, limit))
	}
	w.want("all", list(0, 10), want)
	w.want("the first two", list(0, 2), want[:2])
	w.want("after the first", list(1, 10), want[1:])
	w.want("after the last", list(3, 10), want[3:])
	unknown := must[[]posthorn.Attempt](w)(w.Attempts(w.ctx, posthorn.NewID[posthorn.DeliveryID](w.now, w.random), 0, 10))
	w.want("of an unknown delivery", unknown, []posthorn.Attempt(nil))
}

func statsFollow(w *world) {
	webhook := w.webhook()
	for _, status := range ordinaryStatuses() {
		w.inStatus(webhook, status)
	}
	want := posthorn.WebhookStats{Accepted: 6, Pending: 2, Succeeded: 1, Exhausted: 1, Cancelled: 1, Expired: 1}
	counts := func() posthorn.WebhookStats {
		stats := w.stats(webhook)
		stats.Attempts, stats.LastAttemptAt, stats.LastSuccessAt, stats.LastFailureAt = 0, time.Time{}, time.Time{}, time.Time{}
		return stats
	}
	w.want("counts", counts(), want)
	for _, d := range must[[]posthorn.Delivery](w)(w.Deliveries(w.ctx, store.DeliveryQuery{WebhookID: webhook.ID, Page: posthorn.Page{Limit: 10}})) {
		if d.Status.IsTerminal() {
			must[posthorn.Delivery](w)(w.Retry(w.ctx, d.ID, w.tick()))
		}
	}
	w.want("counts after trying all again", counts(), posthorn.WebhookStats{Accepted: 6, Pending: 6})
	w.want("attempts", w.stats(webhook).Attempts, int64(3))
}

func statsTimes(w *world) {
	webhook := w.webhook()
	w.pending(webhook, 4)
	jobs := w.claim(webhook)
	start := w.now
	for i, c := range []struct {
		reason posthorn.Reason
		second int
	}{{posthorn.ReasonSuccess, 2}, {posthorn.ReasonTimeout, 4}, {posthorn.ReasonSuccess, 1}, {posthorn.ReasonTimeout, 3}} {
		r := w.recording(jobs[i], c.reason, posthorn.DeliveryExhausted)
		r.Attempt.StartedAt = start.Add(time.Duration(c.second) * time.Second)
		w.do(w.Record(w.ctx, r))
	}
	w.want("the stats", w.stats(webhook), posthorn.WebhookStats{
		Accepted: 4, Exhausted: 4, Attempts: 4,
		LastAttemptAt: start.Add(4 * time.Second), LastSuccessAt: start.Add(2 * time.Second), LastFailureAt: start.Add(4 * time.Second),
	})
}

func statsAbsent(w *world) {
	with, without := w.webhook(), w.webhook()
	w.pending(with, 1)
	ids := []posthorn.WebhookID{without.ID, with.ID, posthorn.NewID[posthorn.WebhookID](w.now, w.random)}
	all := must[map[posthorn.WebhookID]posthorn.WebhookStats](w)(w.WebhookStats(w.ctx, ids))
	w.want("the stats", all, map[posthorn.WebhookID]posthorn.WebhookStats{with.ID: {Accepted: 1, Pending: 1}})
	w.want("no stats", must[map[posthorn.WebhookID]posthorn.WebhookStats](w)(w.WebhookStats(w.ctx, nil)), map[posthorn.WebhookID]posthorn.WebhookStats(nil))
}

func conservation(w *world) {
	webhook := w.webhook()
	accepted := w.pending(webhook, 40)
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		w.someMove(webhook, accepted[random.IntN(len(accepted))].ID, random)
		stats := w.stats(webhook)
		if !conserved(stats) || stats.Accepted != int64(len(accepted)) {
			w.t.Fatalf("%d deliveries were accepted, the stats are %+v", len(accepted), stats)
		}
	}
	counted := map[posthorn.DeliveryStatus]int64{}
	for _, d := range accepted {
		counted[w.delivery(d.ID).Status]++
	}
	stats := w.stats(webhook)
	w.want("succeeded", stats.Succeeded, counted[posthorn.DeliverySucceeded])
	w.want("exhausted", stats.Exhausted, counted[posthorn.DeliveryExhausted])
	w.want("cancelled", stats.Cancelled, counted[posthorn.DeliveryCancelled])
	w.want("expired", stats.Expired, counted[posthorn.DeliveryExpired])
	w.want("pending", stats.Pending, counted[posthorn.DeliveryPending]+counted[posthorn.DeliveryLeased])
	wantBooks(w)
}

// wantBooks wants the books of all deliveries to say what the deliveries say.
func wantBooks(w *world) {
	w.t.Helper()
	all := must[[]posthorn.Delivery](w)(w.Deliveries(w.ctx, store.DeliveryQuery{Page: posthorn.Page{Limit: 100_000}}))
	want := posthorn.Conservation{Accepted: int64(len(all))}
	columns := map[posthorn.DeliveryStatus]*int64{
		posthorn.DeliveryPending: &want.Pending, posthorn.DeliveryLeased: &want.Leased, posthorn.DeliverySucceeded: &want.Succeeded,
		posthorn.DeliveryExhausted: &want.Exhausted, posthorn.DeliveryCancelled: &want.Cancelled, posthorn.DeliveryExpired: &want.Expired,
		posthorn.DeliveryQuarantined: &want.Quarantined,
	}
	for _, d := range all {
		*columns[d.Status]++
	}
	want.Pending += want.Leased
	books := must[posthorn.Conservation](w)(w.Conservation(w.ctx))
	w.want("the books", books, want)
	w.want("the books hold", books.Holds(), true)
}

// someMove does something to the webhook's deliveries; that it may be refused is
// part of the game.
func (w *world) someMove(webhook posthorn.Webhook, id posthorn.DeliveryID, random *rand.Rand) {
	w.t.Helper()
	claim := w.newClaim(webhook)
	claim.Limit, claim.Now = 3, w.tick()
	statuses := []posthorn.DeliveryStatus{posthorn.DeliverySucceeded, posthorn.DeliveryExhausted, posthorn.DeliveryPending}
	switch random.IntN(5) {
	case 0:
		_, _ = w.Retry(w.ctx, id, w.now)
	case 1:
		_, _ = w.Cancel(w.ctx, id, w.now)
	case 2:
		must[int](w)(w.Expire(w.ctx, webhook.ID, w.now, 1, w.now))
	default:
		for i, job := range w.claimed(claim).Jobs {
			r := w.recording(job, posthorn.ReasonSuccess, statuses[random.IntN(3)])
			r.Next.DueAt = w.now
			if i < 2 {
				w.do(w.Record(w.ctx, r))
			}
		}
	}
}
