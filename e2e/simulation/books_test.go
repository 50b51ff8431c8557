package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// books is what really happened, kept outside what is tested: what was accepted,
// what each receiver got and answered, and what the database was told. They are
// compared with the invariants as they are written. The world's lock guards them.
type books struct {
	begin            time.Time
	retriesByDefault int
	webhooks         []*receiver
	events           map[string]*event
	bySerial         map[int]*event
	copies           map[posthorn.DeliveryID]*delivery
	replays          []*replay
	// numbers and names are read without the lock.
	numbers, names sync.Map
	trace          []string
	violations     []string
}

// receiver is a webhook and the one who answers.
type receiver struct {
	posthorn.Webhook
	number, version int
	// changedAt is when URL or status last changed.
	changedAt  time.Time
	sending    int
	successes  int
	accepted   int64
	holds      []*hold
	deliveries map[string]*delivery
	// sentAt and sentBy tell of the newest request.
	sentAt time.Time
	sentBy int
}

// hold is a wait that the receiver asked for.
type hold struct {
	from, until time.Time
	node        int
	isKept      bool
}

type event struct {
	serial   int
	publicID string
	data     []byte
	// wantedBy are the webhooks that got a delivery.
	wantedBy []int
}

// delivery is one event on its way to one webhook, as it looks from outside.
type delivery struct {
	id       posthorn.DeliveryID
	receiver *receiver
	event    *event
	// sending counts requests under way under a good lease, by nodes.
	sending []*request
	// answers are by the start of their requests; unrecorded are those of which
	// the database doesn't know yet.
	answers    map[time.Time]answer
	unrecorded int
	requests   int
	tookIt     bool
	// successes since the last excuse for another one.
	successes int
	// spare counts copies in the memory of a process whose leases were lost: each
	// may be sent once, as if nothing else had happened.
	spare int
	// wasForgiven reports that a lease was ever lost; isDone that a success was
	// recorded.
	wasForgiven, isDone bool
	// counted are the charged failures that were recorded; notBefore is when the
	// next request may start because of them.
	counted    int
	notBefore  time.Time
	mayCancel  bool
	mayExhaust bool
}

// request is one that is under way. A ghost has lost its lease; one that is gone
// was made by a process that is dead.
type request struct {
	node      int
	startedAt time.Time
	isGhost   bool
	isGone    bool
}

type answer struct {
	posthorn.Outcome
	at   time.Time
	hold *hold
}

func newBooks(begin time.Time) *books {
	return &books{begin: begin, events: map[string]*event{}, bySerial: map[int]*event{}, copies: map[posthorn.DeliveryID]*delivery{}}
}

func (b *books) note(format string, values ...any) {
	b.trace = append(b.trace, fmt.Sprintf("%14v  ", time.Since(b.begin))+fmt.Sprintf(format, values...))
}

// violated enters a broken invariant.
func (b *books) violated(invariant, format string, values ...any) {
	text := invariant + ": " + fmt.Sprintf(format, values...)
	b.note("VIOLATED %s", text)
	b.violations = append(b.violations, text)
}

func (b *books) addWebhook(webhook posthorn.Webhook) {
	r := &receiver{Webhook: webhook, number: len(b.webhooks), deliveries: map[string]*delivery{}}
	b.numbers.Store(webhook.ID, r.number)
	b.webhooks = append(b.webhooks, r)
}

func (b *books) number(id posthorn.WebhookID) int {
	number, _ := b.numbers.Load(id)
	return number.(int)
}

// name is what a delivery is called in every run of the seed.
func (b *books) name(id posthorn.DeliveryID) string {
	name, known := b.names.Load(id)
	if !known {
		return "an unknown delivery"
	}
	return name.(string)
}

func (d *delivery) String() string {
	return fmt.Sprintf("event %d to webhook %d", d.event.serial, d.receiver.number)
}

// accepted enters what an Accept kept, and checks the fan-out.
func (b *books) accepted(s store.Submission, receipt store.Receipt) {
	for i, entry := range s.Entries {
		if !receipt.Results[i].Kept {
			continue
		}
		e := &event{serial: serialOf(entry.Event.Data), publicID: entry.Event.PublicID(), data: entry.Event.Data}
		if b.bySerial[e.serial] != nil {
			b.violated("idempotency", "event %d was accepted twice", e.serial)
		}
		b.events[e.publicID], b.bySerial[e.serial] = e, e
		for _, d := range entry.Deliveries {
			r := b.webhooks[b.number(d.WebhookID)]
			e.wantedBy = append(e.wantedBy, r.number)
			fresh := &delivery{id: d.ID, receiver: r, event: e, answers: map[time.Time]answer{}}
			r.deliveries[e.publicID], b.copies[d.ID] = fresh, fresh
			r.accepted++
			b.names.Store(d.ID, fresh.String())
			b.note("%v: accepted, %s", fresh, d.Status)
		}
		for _, r := range b.webhooks {
			if r.Wants(entry.Event.Type) != slices.Contains(e.wantedBy, r.number) {
				b.violated("fan-out", "event %d, webhook %d (%s): wanted %v", e.serial, r.number, r.Status, r.Wants(entry.Event.Type))
			}
		}
	}
}

// sent enters the start of a request at a moment, and returns nil if nobody can say
// whose it is.
func (b *books) sent(node int, q posthorn.Request, at time.Time) (*delivery, *request) {
	var number, version int
	if _, err := fmt.Sscanf(q.URL, "https://w%d.example/v%d", &number, &version); err != nil || number >= len(b.webhooks) {
		b.violated("no invention", "a request to %s", q.URL)
		return nil, nil
	}
	r := b.webhooks[number]
	d := r.deliveries[headerOf(q, "webhook-id")]
	if d == nil {
		b.violated("constant ids", "webhook %d got an unknown id %s", number, headerOf(q, "webhook-id"))
		return nil, nil
	}
	b.note("%v: request %d by node %d", d, d.requests+1, node)
	if !bytes.Contains(q.Body, slices.Concat([]byte(`"data":`), d.event.data, []byte("}"))) {
		b.violated("bytes as they came", "%v: body %s", d, q.Body)
	}
	started := &request{node: node, startedAt: at, isGhost: d.isSpare()}
	b.checkMaySend(node, d, version, started)
	d.sending = append(d.sending, started)
	d.requests++
	if r.sending++; r.sending > r.Concurrency {
		b.violated("concurrency", "webhook %d: %d requests under way, %d allowed", r.number, r.sending, r.Concurrency)
	}
	b.checkRate(node, r)
	return d, started
}

// checkRate checks that requests are as far apart as the webhook's rate limit says;
// a directory that is read slowly may move one.
func (b *books) checkRate(node int, r *receiver) {
	gap := time.Since(r.sentAt)
	if r.RateLimit != nil && r.sentBy == node && gap < time.Second/time.Duration(*r.RateLimit)-longestWait {
		b.violated("rate limit", "webhook %d: a request %v after the one before, %d a second allowed", r.number, gap, *r.RateLimit)
	}
	r.sentAt, r.sentBy = time.Now(), node
}

// grain is what the database's clock may lose.
const grain = time.Microsecond

func (b *books) checkMaySend(node int, d *delivery, version int, started *request) {
	now, r := time.Now(), d.receiver
	b.checkOnce(d, started, now)
	// What was under way when something changed may have been read before.
	isSettled := now.After(r.changedAt.Add(longestWait))
	if isSettled && (r.Status != posthorn.WebhookActive || version != r.version) {
		b.violated("what a person said holds", "%v: sent to version %d (now %d) of a webhook that is %s", d, version, r.version, r.Status)
	}
	for _, h := range r.holds {
		binds := h.node == node || h.isKept
		if binds && now.After(h.from.Add(longestWait)) && now.Add(grain).Before(h.until) {
			b.violated("not while held", "%v: sent although webhook is held from %v to %v", d, h.from.Sub(b.begin), h.until.Sub(b.begin))
		}
	}
}

// isSpare reports whether a request that starts now can only be one of a copy
// whose lease was lost, and counts it.
func (d *delivery) isSpare() bool {
	if d.spare == 0 || d.successes == 0 && !d.isSending() && !time.Now().Add(grain).Before(d.notBefore) {
		return false
	}
	d.spare--
	return true
}

func (d *delivery) isSending() bool {
	return slices.ContainsFunc(d.sending, func(q *request) bool { return !q.isGhost })
}

func (b *books) checkOnce(d *delivery, started *request, now time.Time) {
	if started.isGhost {
		return
	}
	if now.Add(grain).Before(d.notBefore) {
		b.violated("not before due", "%v: sent %v early", d, d.notBefore.Sub(now))
	}
	if d.isSending() {
		b.violated("one at a time", "%v: two requests under way", d)
	}
	if d.successes > 0 {
		b.violated("no success after success", "%v: sent again after it was taken", d)
	}
}

// answered enters the end of a request.
func (b *books) answered(d *delivery, q *request, outcome posthorn.Outcome, isDead bool) {
	d.sending = slices.DeleteFunc(d.sending, func(other *request) bool { return other == q })
	if !q.isGone {
		d.receiver.sending--
	}
	if isDead {
		return
	}
	b.note("%v: answer %s %d %v", d, outcome.Reason, outcome.StatusCode, outcome.RetryAfter)
	if outcome.Reason == posthorn.ReasonInterrupted {
		return
	}
	d.unrecorded++
	took := outcome.StatusCode >= 200 && outcome.StatusCode < 300
	d.tookIt = d.tookIt || took
	if took && !q.isGhost {
		d.successes++
		d.receiver.successes++
	}
	a := answer{Outcome: outcome, at: time.Now()}
	if outcome.RetryAfter > 0 && !took {
		a.hold = &hold{from: a.at, until: a.at.Add(outcome.RetryAfter), node: q.node}
		d.receiver.holds = append(d.receiver.holds, a.hold)
	}
	d.answers[q.startedAt.UTC()] = a
}

// recorded enters what the database was told of an attempt.
func (b *books) recorded(r store.Recording, err error) {
	d := b.copies[r.Lease.DeliveryID]
	b.note("%v: recorded %s, then %s: %v", d, r.Attempt.Outcome.Reason, r.Next.Status, err)
	if err != nil {
		if errors.Is(err, store.ErrLeaseLost) && d.wasForgiven && !d.isDone {
			// It was the copy whose lease was lost that was taken.
			d.spare, d.successes = max(0, d.spare-1), 0
		}
		if !errors.Is(err, store.ErrLeaseLost) {
			b.violated("the harness", "recording %v: %v", d, err)
		}
		return
	}
	w := d.receiver
	a, known := d.answers[r.Attempt.StartedAt.UTC()]
	if !known {
		b.violated("no invention", "%v: an attempt at %v was recorded and never made", d, r.Attempt.StartedAt)
		return
	}
	d.unrecorded = 0
	if a.hold != nil {
		a.hold.isKept = true
	}
	if a.StatusCode == 410 && w.Status == posthorn.WebhookActive {
		w.Status, w.changedAt = posthorn.WebhookDisabled, time.Now()
	}
	switch {
	case r.Attempt.Outcome.Succeeded():
		d.isDone = true
		if !d.tookIt || r.Next.Status != posthorn.DeliverySucceeded {
			b.violated("no false success", "%v: taken %v, then %s", d, d.tookIt, r.Next.Status)
		}
	case a.Reason == posthorn.ReasonLocalResource || a.Reason == posthorn.ReasonInternal:
		b.checkUncounted(d, a, r)
	default:
		b.checkFailure(d, a, r)
	}
}

// How far a delay may stray from the schedule.
const leastDelay = 0.8

func (b *books) checkUncounted(d *delivery, a answer, r store.Recording) {
	if r.Next.Status != posthorn.DeliveryPending || !r.Next.Uncounted {
		b.violated("counted attempts", "%v: our own trouble was charged", d)
	}
	d.notBefore = a.at.Add(4 * time.Second)
}

func (b *books) checkFailure(d *delivery, a answer, r store.Recording) {
	retries, delays := b.retriesByDefault, d.receiver.RetrySchedule
	if d.receiver.Retries != nil {
		retries = *d.receiver.Retries
	}
	if len(delays) == 0 {
		delays = posthorn.DefaultRetryDelays()
	}
	d.counted++
	switch {
	case r.Next.Uncounted:
		b.violated("counted attempts", "%v: a failure was not charged", d)
	case r.Next.Status == posthorn.DeliveryExhausted && d.counted == retries+1:
		d.mayExhaust = true
	case r.Next.Status != posthorn.DeliveryPending || d.counted > retries:
		b.violated("counted attempts", "%v: %s after %d failures with %d retries", d, r.Next.Status, d.counted, retries)
	default:
		delay := time.Duration(leastDelay * float64(delays[min(d.counted, len(delays))-1]))
		d.notBefore = a.at.Add(max(delay, a.RetryAfter))
	}
}

// forgive allows a second success: the lease was lost or nothing was recorded.
func (b *books) forgive(id posthorn.DeliveryID, isInMemory bool, why string) {
	d := b.copies[id]
	if d == nil {
		return
	}
	b.note("%v: may be sent again: %s", d, why)
	d.successes, d.wasForgiven = 0, true
	for _, q := range d.sending {
		q.isGhost = true
	}
	if isInMemory {
		d.spare++
	}
}

// forgiveNode allows what a process that was killed had under way to be done
// again.
func (b *books) forgiveNode(node int) {
	for _, r := range b.webhooks {
		for _, d := range r.deliveries {
			d.spare = 0
			if d.unrecorded > 0 {
				d.successes = 0
			}
			for _, q := range d.sending {
				if q.node == node && !q.isGone {
					q.isGhost, q.isGone = true, true
					r.sending--
				}
			}
		}
	}
}

// failedLate enters that the process was told of a failure although the effect
// happened.
func (b *books) failedLate(place string, key any) {
	b.note("%s %v fails after its effect", place, key)
}

func (b *books) cancelledPending(webhook posthorn.WebhookID) {
	r := b.webhooks[b.number(webhook)]
	if r.Status != posthorn.WebhookDeleted {
		b.violated("what a person said holds", "webhook %d is %s and its deliveries are cancelled", r.number, r.Status)
	}
	for _, d := range r.deliveries {
		d.mayCancel = true
	}
}

func serialOf(data []byte) int {
	var serial int
	_, _ = fmt.Sscanf(string(data), `{"n":%d`, &serial)
	return serial
}

func headerOf(q posthorn.Request, name string) string {
	for _, h := range q.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
