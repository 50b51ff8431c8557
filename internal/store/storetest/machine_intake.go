package storetest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (m *machine) accept() {
	environment := m.someEnvironment()
	version := m.snapshot(environment)
	if m.oneIn(10, "stale") {
		version[tested]--
		version[specified]--
	}
	submission := store.Submission{EnvironmentID: environment, NodeID: m.node}
	for range m.number("entries", 0, 3) {
		submission.Entries = append(submission.Entries, m.entry(environment))
	}
	if m.oneIn(4, "idempotent") {
		submission.Idempotency = m.idempotency()
	}
	receipts, ok := both(m, "Accept", func(s side) (store.Receipt, error) {
		mine := submission
		mine.Version = version[s.index]
		return s.Accept(m.ctx(), mine)
	})
	if !ok {
		return
	}
	for i, result := range receipts[specified].Results {
		if result.Kept {
			m.remember(submission.Entries[i])
		}
	}
}

func (m *machine) entry(environment posthorn.EnvironmentID) store.Entry {
	event := posthorn.Event{
		ID:            posthorn.NewID[posthorn.EventID](m.tick(), m.random),
		EnvironmentID: environment,
		GivenID:       oneOf(m, "given id", "", "", "", "order-1", "Order-1", "order-2"),
		Type:          oneOf(m, "type", "user.created", "User.created", "order.paid"),
		Data:          oneOf(m, "data", []byte(`{}`), []byte("{\"a\":1e400,\"b\":\"\\u0000\"}"), []byte("\x00\xff'"), bytes.Repeat([]byte("x"), 90)),
		Timestamp:     oneOf(m, "timestamp", m.now, time.Unix(0, 0), time.Date(1962, 1, 1, 0, 0, 0, 1999, time.FixedZone("", 3600)), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)),
		AcceptedAt:    m.now,
	}
	entry := store.Entry{}
	for _, webhook := range m.webhooks {
		if webhook.EnvironmentID == environment && !m.oneIn(3, "unwanted") {
			entry.Deliveries = append(entry.Deliveries, m.delivery(event, webhook))
		}
	}
	event.Deliveries = len(entry.Deliveries)
	entry.Event = event
	return entry
}

func (m *machine) delivery(event posthorn.Event, webhook posthorn.Webhook) posthorn.Delivery {
	return posthorn.Delivery{
		ID:      posthorn.NewID[posthorn.DeliveryID](event.AcceptedAt, m.random),
		EventID: event.ID, WebhookID: webhook.ID, EnvironmentID: event.EnvironmentID,
		EventPublicID: event.PublicID(), EventType: event.Type,
		Status:    oneOf(m, "status", posthorn.DeliveryPending, posthorn.DeliveryLeased),
		DueAt:     m.soon("due", -2, 3),
		CreatedAt: event.AcceptedAt, UpdatedAt: event.AcceptedAt,
	}
}

func (m *machine) remember(entry store.Entry) {
	m.events = append(m.events, entry.Event.ID)
	for _, d := range entry.Deliveries {
		m.deliveries = append(m.deliveries, d.ID)
		if d.Status == posthorn.DeliveryLeased {
			given := store.Lease{DeliveryID: d.ID, NodeID: m.node, Epoch: store.FirstEpoch}
			m.leases = append(m.leases, lease{twin: twin[store.Lease]{given, given}, webhook: d.WebhookID, number: 1})
		}
	}
}

func (m *machine) idempotency() *store.Idempotency {
	at := m.now
	return &store.Idempotency{
		Key:       m.idempotencyKey(),
		ValidFrom: at.Add(-time.Duration(m.number("valid seconds", 0, 20)) * time.Second),
		Answer: func(results []store.Result) store.Answer {
			body := []byte{0}
			for _, result := range results {
				body = fmt.Appendf(body, "%s %t ", result.Event.ID, result.Kept)
			}
			return store.Answer{Fingerprint: posthorn.HashKey(string(body)), StatusCode: 202, Body: body, CreatedAt: at}
		},
	}
}

func (m *machine) idempotencyKey() store.IdempotencyKey {
	return store.IdempotencyKey{Scope: oneOf(m, "scope", "s", "S"), Key: oneOf(m, "key", "k", "K")}
}

func (m *machine) answers() {
	key := m.idempotencyKey()
	switch m.number("what to do with answers", 0, 2) {
	case 0:
		answer := store.Answer{Fingerprint: posthorn.HashKey("x"), StatusCode: 422, Body: []byte("\x00\xff"), CreatedAt: m.now}
		bothDo(m, "KeepAnswer", func(s side) error { return s.KeepAnswer(m.ctx(), key, answer) })
	case 1:
		before := m.now.Add(-time.Duration(m.number("age", 0, 20)) * time.Second)
		m.untilNone("ForgetAnswers", func(s side, limit int) (int, error) { return s.ForgetAnswers(m.ctx(), before, limit) })
	default:
		both(m, "Answer", func(s side) (store.Answer, error) { return s.Answer(m.ctx(), key) })
	}
}

// untilNone repeats what does a limited number of things of its choice until
// nothing is left to do; only then the two stores need to be the same.
func (m *machine) untilNone(what string, do func(s side, limit int) (int, error)) {
	limit := m.number("limit", 1, 3)
	for {
		done, ok := both(m, what, func(s side) (int, error) { return do(s, limit) })
		if !ok || done[specified] < limit {
			return
		}
	}
}

// snapshot compares a directory and returns its versions. It checks that the
// version goes up when, and only when, the specification's does.
func (m *machine) snapshot(id posthorn.EnvironmentID) twin[store.Version] {
	m.rt.Helper()
	var versions twin[store.Version]
	_, ok := both(m, "Snapshot", func(s side) (store.Snapshot, error) {
		snapshot, err := s.Snapshot(m.ctx(), id)
		versions[s.index], snapshot.Version = snapshot.Version, 0
		return snapshot, err
	})
	if !ok {
		return versions
	}
	before, seen := m.versions[id]
	m.versions[id] = versions
	if !seen {
		return versions
	}
	changed := versions[specified] != before[specified]
	if got := versions[tested] > before[tested]; got != changed || versions[tested] < before[tested] {
		m.rt.Fatalf("version of the directory went from %d to %d; it should have gone up: %t", before[tested], versions[tested], changed)
	}
	return versions
}

func (m *machine) someEnvironment() posthorn.EnvironmentID {
	ids := make([]posthorn.EnvironmentID, 0, len(m.environments))
	for _, environment := range m.environments {
		ids = append(ids, environment.ID)
	}
	return known(m, "environment", ids)
}
