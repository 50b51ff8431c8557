package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// list asks both stores for the same part of some list.
func (m *machine) list() {
	page := posthorn.Page{Limit: m.number("limit", 1, 5)}
	switch m.number("what to list", 0, 4) {
	case 0:
		m.listEvents(page)
	case 1:
		m.listDeliveries(page)
	case 2:
		if m.oneIn(2, "after") {
			page.After = m.someWebhook()
		}
		environment := m.someEnvironment()
		both(m, "Webhooks", func(s side) ([]posthorn.Webhook, error) { return s.Webhooks(m.ctx(), environment, page) })
	case 3:
		environment, after := m.someEnvironment(), m.eventTypeName()
		both(m, "EventTypes", func(s side) ([]posthorn.EventType, error) {
			return s.EventTypes(m.ctx(), environment, after, page.Limit)
		})
	default:
		delivery, after := known(m, "delivery", m.deliveries), m.number("after", 0, 2)
		both(m, "Attempts", func(s side) ([]posthorn.Attempt, error) { return s.Attempts(m.ctx(), delivery, after, page.Limit) })
	}
}

func (m *machine) listEvents(page posthorn.Page) {
	if m.oneIn(2, "after") {
		page.After = known(m, "event", m.events)
	}
	q := store.EventQuery{Type: oneOf(m, "type", "", "user.created", "USER.CREATED"), Accepted: m.span(), Page: page}
	if m.oneIn(2, "of an environment") {
		q.EnvironmentID = m.someEnvironment()
	}
	both(m, "Events", func(s side) ([]posthorn.Event, error) { return s.Events(m.ctx(), q) })
}

func (m *machine) listDeliveries(page posthorn.Page) {
	if m.oneIn(2, "after") {
		page.After = known(m, "delivery", m.deliveries)
	}
	q := store.DeliveryQuery{
		Status:  oneOf(m, "status", append(posthorn.DeliveryStatuses(), "")...),
		Created: m.span(), Page: page,
	}
	if m.oneIn(2, "of an environment") {
		q.EnvironmentID = m.someEnvironment()
	}
	if m.oneIn(2, "of a webhook") {
		q.WebhookID = m.someWebhook()
	}
	if m.oneIn(3, "of an event") {
		q.EventID = known(m, "event", m.events)
	}
	both(m, "Deliveries", func(s side) ([]posthorn.Delivery, error) { return s.Deliveries(m.ctx(), q) })
}

func (m *machine) span() posthorn.Span {
	ago := func(label string) time.Time {
		if !m.oneIn(3, label) {
			return time.Time{}
		}
		return m.now.Add(-time.Duration(m.number(label, 0, 20)) * time.Second)
	}
	return posthorn.Span{From: ago("from"), Until: ago("until")}
}

// compareStats compares the stats of all webhooks and wants every delivery
// that was accepted to be counted in exactly one status.
func (m *machine) compareStats() {
	m.rt.Helper()
	ids := make([]posthorn.WebhookID, 0, len(m.webhooks))
	for _, webhook := range m.webhooks {
		ids = append(ids, webhook.ID)
	}
	all, _ := both(m, "WebhookStats", func(s side) (map[posthorn.WebhookID]posthorn.WebhookStats, error) {
		return s.WebhookStats(m.ctx(), ids)
	})
	both(m, "Conservation", func(s side) (posthorn.Conservation, error) { return s.Conservation(m.ctx()) })
	accepted := 0
	for _, stats := range all[tested] {
		if !conserved(stats) {
			m.rt.Fatalf("deliveries were lost or invented: %+v", stats)
		}
		accepted += int(stats.Accepted)
	}
	if accepted != len(m.deliveries) {
		m.rt.Fatalf("stats count %d accepted deliveries, want %d", accepted, len(m.deliveries))
	}
}

func conserved(s posthorn.WebhookStats) bool {
	return s.Accepted == s.Pending+s.Succeeded+s.Exhausted+s.Cancelled+s.Expired+s.Quarantined
}

// compareContents compares everything that can be read.
func (m *machine) compareContents() {
	m.rt.Helper()
	all := posthorn.Page{Limit: 100_000}
	both(m, "Workspaces", func(s side) ([]posthorn.Workspace, error) { return s.Workspaces(m.ctx(), all) })
	both(m, "Projects", func(s side) ([]posthorn.Project, error) { return s.Projects(m.ctx(), posthorn.WorkspaceID{}, all) })
	both(m, "Environments", func(s side) ([]posthorn.Environment, error) {
		return s.Environments(m.ctx(), store.EnvironmentQuery{Page: all})
	})
	both(m, "Keys", func(s side) ([]posthorn.Key, error) { return s.Keys(m.ctx(), posthorn.WorkspaceID{}, all) })
	both(m, "Events", func(s side) ([]posthorn.Event, error) { return s.Events(m.ctx(), store.EventQuery{Page: all}) })
	both(m, "Deliveries", func(s side) ([]posthorn.Delivery, error) {
		return s.Deliveries(m.ctx(), store.DeliveryQuery{Page: all})
	})
	both(m, "Due", func(s side) ([]store.DueWebhook, error) { return s.Due(m.ctx(), posthorn.WebhookID{}, all.Limit) })
	m.compareStats()
	for _, text := range []string{"a", "b", "c"} {
		both(m, "KeyByHash", func(s side) (posthorn.Key, error) { return s.KeyByHash(m.ctx(), posthorn.HashKey(text)) })
	}
	for _, environment := range m.environments {
		m.snapshot(environment.ID)
		both(m, "Webhooks", func(s side) ([]posthorn.Webhook, error) { return s.Webhooks(m.ctx(), environment.ID, all) })
		both(m, "SigningKeys", func(s side) ([]posthorn.SigningKey, error) { return s.SigningKeys(m.ctx(), environment.ID) })
		both(m, "SchemaBytes", func(s side) (int, error) { return s.SchemaBytes(m.ctx(), environment.ID) })
		both(m, "CountFilters", func(s side) (int, error) { return s.CountFilters(m.ctx(), environment.ID) })
		for _, given := range []string{"order-1", "Order-1", "order-2"} {
			both(m, "EventByGivenID", func(s side) (posthorn.Event, error) { return s.EventByGivenID(m.ctx(), environment.ID, given) })
		}
	}
	for _, workspace := range append(m.workspaces, posthorn.WorkspaceID{}) {
		both(m, "OldestEnvironment", func(s side) (posthorn.Environment, error) { return s.OldestEnvironment(m.ctx(), workspace) })
	}
	for _, webhook := range m.webhooks {
		both(m, "Replays", func(s side) ([]posthorn.Replay, error) { return s.Replays(m.ctx(), webhook.ID, all) })
	}
	for _, id := range m.events {
		for _, workspace := range append(m.workspaces, posthorn.WorkspaceID{}) {
			both(m, "Event", func(s side) (posthorn.Event, error) {
				return s.Event(m.ctx(), store.Reach{WorkspaceID: workspace}, id)
			})
		}
	}
	for _, id := range m.deliveries {
		both(m, "Attempts", func(s side) ([]posthorn.Attempt, error) { return s.Attempts(m.ctx(), id, 0, 1000) })
	}
}
