package storetest

import (
	"bytes"
	"math/rand/v2"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (m *machine) claim() {
	claim := store.Claim{
		WebhookID: m.someWebhook(),
		NodeID:    m.node,
		Now:       m.moment(),
		Limit:     m.number("limit", 1, 4),
		MaxBytes:  oneOf(m, "bytes", 1<<20, 0, 50, 100),
	}
	if m.oneIn(4, "suspects") {
		claim.Crashes = m.number("crashes", posthorn.SuspectAfter, posthorn.QuarantineAfter)
	}
	var leases twin[[]store.Lease]
	claimed, _ := both(m, "Claim", func(s side) (store.Claimed, error) {
		claimed, err := s.Claim(m.ctx(), claim)
		for i, job := range claimed.Jobs {
			leases[s.index] = append(leases[s.index], job.Lease)
			claimed.Jobs[i].Lease.Epoch = 0
		}
		return claimed, err
	})
	for i, job := range claimed[specified].Jobs {
		m.leases = append(m.leases, lease{
			twin:    twin[store.Lease]{leases[tested][i], leases[specified][i]},
			webhook: claim.WebhookID,
			number:  job.Delivery.Attempts + 1,
		})
	}
}

func (m *machine) record() {
	given, ok := m.someLease()
	if !ok {
		return
	}
	started := m.now.Add(-time.Duration(m.number("seconds ago", 0, 3)) * time.Second)
	r := store.Recording{
		WebhookID: given.webhook,
		Attempt: posthorn.Attempt{
			ID:         posthorn.NewID[posthorn.AttemptID](m.now, m.random),
			DeliveryID: given.twin[specified].DeliveryID, Number: given.number, StartedAt: started, URL: "https://example.com/ü",
			Outcome: m.outcome(),
		},
		Next:   m.next(),
		Format: m.formatVersion(),
		Now:    m.now,
	}
	if m.oneIn(3, "breaker") {
		r.Breaker = &posthorn.Breaker{OpenedAt: m.now, Failures: m.number("failures", 0, 20), NextProbeAt: m.now.Add(time.Second), ChangedAt: m.moment()}
	}
	bothDo(m, "Record", func(s side) error {
		mine := r
		mine.Lease = given.twin[s.index]
		results, err := s.Record(m.ctx(), []store.Recording{mine})
		if err != nil {
			return err
		}
		return results[0]
	})
}

func (m *machine) outcome() posthorn.Outcome {
	outcome := posthorn.Outcome{
		Reason: posthorn.ReasonSuccess, Detail: "Taken.", StatusCode: 204, ConnectionReused: true,
		Timings: posthorn.Timings{FirstByte: 3 * time.Millisecond, Total: 4 * time.Millisecond},
	}
	if m.oneIn(2, "failed") {
		outcome = posthorn.Outcome{
			Reason: posthorn.StatusReason(503), Detail: "The receiver answered 503.", StatusCode: 503, RetryAfter: time.Minute,
			ResponseBody: []byte("\x00\xff"), BodyTruncated: true,
			Timings: posthorn.Timings{DNS: 1000, Connect: 2000, TLS: 3000, FirstByte: 4000, Total: 5000},
		}
	}
	if m.oneIn(4, "long") {
		outcome.ResponseBody = bytes.Repeat([]byte{'x'}, 1000)
	}
	return outcome
}

func (m *machine) next() posthorn.Next {
	next := posthorn.Next{
		Status:         oneOf(m, "next", posthorn.DeliverySucceeded, posthorn.DeliveryPending, posthorn.DeliveryExhausted),
		DueAt:          m.soon("due in", 0, 5),
		Uncounted:      m.oneIn(3, "uncounted"),
		DisableWebhook: m.oneIn(4, "disable"),
	}
	if m.oneIn(3, "hold") {
		next.HoldUntil = m.soon("hold for", 0, 6)
	}
	return next
}

func (m *machine) release() {
	var leases []lease
	for range m.number("leases", 0, 3) {
		if given, ok := m.someLease(); ok {
			leases = append(leases, given)
		}
	}
	bothDo(m, "Release", func(s side) error {
		var mine []store.Lease
		for _, given := range leases {
			mine = append(mine, given.twin[s.index])
		}
		return s.Release(m.ctx(), mine, m.now)
	})
}

func (m *machine) retry() {
	id := known(m, "delivery", m.deliveries)
	both(m, "Retry", func(s side) (posthorn.Delivery, error) { return s.Retry(m.ctx(), id, m.now) })
}

func (m *machine) cancel() {
	id := known(m, "delivery", m.deliveries)
	both(m, "Cancel", func(s side) (posthorn.Delivery, error) { return s.Cancel(m.ctx(), id, m.now) })
}

func (m *machine) cancelPending() {
	id := m.someWebhook()
	m.untilNone("CancelPending", func(s side, limit int) (int, error) { return s.CancelPending(m.ctx(), id, limit, m.now) })
}

func (m *machine) expire() {
	id := m.someWebhook()
	dueBefore := m.moment()
	m.untilNone("Expire", func(s side, limit int) (int, error) { return s.Expire(m.ctx(), id, dueBefore, limit, m.now) })
}

// rewind has the clock put back for as long as the call takes.
func (m *machine) rewind() {
	now := m.now.Add(-time.Duration(m.number("seconds back", 0, 20)) * time.Second)
	limit := m.number("limit", 1, 3)
	var place store.DuePlace
	for {
		next, ok := both(m, "Rewind", func(s side) (store.Rewound, error) { return s.Rewind(m.ctx(), place, limit, now) })
		place = next[specified].Next
		if !ok || place == (store.DuePlace{}) {
			return
		}
	}
}

func (m *machine) join() {
	m.node = oneOf(m, "node", m.nodes...)
	m.joins()
}

// joins has the node join both, with the same randomness.
func (m *machine) joins() {
	seed := m.random()
	both(m, "Join", func(s side) ([]posthorn.Delivery, error) {
		return s.Join(m.ctx(), m.node, m.now, rand.New(rand.NewPCG(seed, 0)).Uint64)
	})
}

// crash has everything that is leased die with its node, often several times in
// a row, and a new node go on.
func (m *machine) crash() {
	for range m.number("crashes", 1, 3) {
		m.claim()
		m.node = posthorn.NewID[posthorn.NodeID](m.tick(), m.random)
		m.joins()
	}
	now, limit := m.moment(), m.number("limit", 1, 3)
	both(m, "Suspects", func(s side) ([]store.SuspectWebhook, error) { return s.Suspects(m.ctx(), now, limit) })
}

func (m *machine) due() {
	var after posthorn.WebhookID
	if m.oneIn(2, "after") {
		after = m.someWebhook()
	}
	limit := m.number("limit", 1, 3)
	both(m, "Due", func(s side) ([]store.DueWebhook, error) { return s.Due(m.ctx(), after, limit) })
}

// someLease picks a lease that was given, mostly a young one, and seldom gets
// something about it wrong.
func (m *machine) someLease() (lease, bool) {
	if len(m.leases) == 0 {
		return lease{}, false
	}
	oldest := 0
	if m.oneIn(2, "young") {
		oldest = max(0, len(m.leases)-4)
	}
	given := m.leases[m.number("lease", oldest, len(m.leases)-1)]
	mistake := m.number("mistake", 0, 13)
	for i := range given.twin {
		switch mistake {
		case 10:
			// Far off, since by how much epochs rise is left open: the next one may be
			// good in one engine alone.
			given.twin[i].Epoch += 1 << 20
		case 11:
			given.twin[i].NodeID[0]++
		case 12:
			given.webhook = posthorn.WebhookID{1}
		case 13:
			given.twin[i].DeliveryID = posthorn.DeliveryID{1}
		}
	}
	return given, true
}

func (m *machine) someWebhook() posthorn.WebhookID {
	ids := make([]posthorn.WebhookID, 0, len(m.webhooks))
	for _, webhook := range m.webhooks {
		ids = append(ids, webhook.ID)
	}
	return known(m, "webhook", ids)
}
