package storetest

import (
	"slices"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// changeReplays makes a replay, goes on with one, or ends one.
func (m *machine) changeReplays() {
	switch m.number("what of replays", 0, 4) {
	case 0:
		m.createReplay()
	case 1:
		id := known(m, "replay", m.replays)
		both(m, "CancelReplay", func(s side) (posthorn.Replay, error) { return s.CancelReplay(m.ctx(), id, m.now) })
	case 2:
		var after posthorn.WebhookID
		if m.oneIn(3, "after") {
			after = m.someWebhook()
		}
		now, room := m.moment(), m.number("room", 1, 5)
		both(m, "NextReplay", func(s side) (store.ReplayTurn, error) { return s.NextReplay(m.ctx(), after, now, room) })
	default:
		step := store.ReplayStep{
			ID: known(m, "replay", m.replays), Examine: m.number("examine", 1, 6), Move: m.number("move", 1, 4), Now: m.now,
		}
		both(m, "StepReplay", func(s side) (posthorn.Replay, error) { return s.StepReplay(m.ctx(), step) })
	}
}

func (m *machine) createReplay() {
	statuses := posthorn.ReplayableStatuses()
	from := m.number("from", 0, len(statuses)-1)
	r := posthorn.Replay{
		ID: posthorn.NewID[posthorn.ReplayID](m.now, m.random), WebhookID: m.someWebhook(), EnvironmentID: m.someEnvironment(),
		Statuses: slices.Clone(statuses[from:m.number("until", from+1, len(statuses))]), Made: m.span(),
		Status: posthorn.ReplayRunning, CreatedAt: m.now, UpdatedAt: m.now,
	}
	limit := m.number("limit", 1, 9)
	both(m, "CountReplay", func(s side) (int, error) { return s.CountReplay(m.ctx(), r, limit) })
	if bothDo(m, "CreateReplay", func(s side) error { return s.CreateReplay(m.ctx(), r) }) {
		m.replays = append(m.replays, r.ID)
	}
}
