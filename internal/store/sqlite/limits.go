package sqlite

import (
	"errors"

	"github.com/posthorn/posthorn"
)

// What is counted against a limit. No query counts further than the limit.
const (
	countProjects     = `SELECT count(*) FROM (SELECT 1 FROM projects WHERE workspace_id = ? LIMIT ?)`
	countEnvironments = `SELECT count(*) FROM (SELECT 1 FROM environments WHERE workspace_id = ? LIMIT ?)`
	countKeys         = `SELECT count(*) FROM (SELECT 1 FROM keys WHERE workspace_id = ? AND revoked_at < 0 LIMIT ?)`
	countWebhooks     = `SELECT count(*) FROM (SELECT 1 FROM webhooks WHERE environment_id = ? AND status <> 'deleted' LIMIT ?)`
	countFormats      = `SELECT count(*) FROM (SELECT DISTINCT name FROM formats WHERE workspace_id = ? LIMIT ?)`
	countEventTypes   = `SELECT count(*) FROM (SELECT 1 FROM event_types WHERE environment_id = ? LIMIT ?)`
)

// checkRoom returns posthorn.ErrLimit if the owner has as many as it may.
func (t *tx) checkRoom(count string, owner []byte, limit int) error {
	if limit == 0 {
		return nil
	}
	var there int
	if err := t.get(count, []any{owner, limit}, &there); err != nil {
		return err
	}
	if there >= limit {
		return posthorn.ErrLimit
	}
	return nil
}

// checkCatalogue returns posthorn.ErrLimit if the environment would have more
// event types than it may.
func (t *tx) checkCatalogue(environment posthorn.EnvironmentID, types []posthorn.EventType, limit int) error {
	if limit == 0 {
		return nil
	}
	fresh := make(map[string]bool, len(types))
	for _, eventType := range types {
		var one int
		err := t.get(`SELECT 1 FROM event_types WHERE environment_id = ? AND name = ?`, []any{environment[:], eventType.Name}, &one)
		if errors.Is(err, posthorn.ErrNotFound) {
			fresh[eventType.Name] = true
		} else if err != nil {
			return err
		}
	}
	room := limit + 1 - len(fresh)
	switch {
	case len(fresh) == 0:
		return nil
	case room <= 0:
		return posthorn.ErrLimit
	default:
		return t.checkRoom(countEventTypes, environment[:], room)
	}
}
