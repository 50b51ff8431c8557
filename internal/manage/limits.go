package manage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
)

// Limits returns the limits in force. They are the same for every workspace.
func (m *Manager) Limits() posthorn.Limits { return m.limits }

// useAnother is the advice about things that can't be deleted.
const useAnother = "use one of those that are there"

// limited says in words that a limit is reached; other errors stay. The
// setting is called after the things: max-webhooks.
func limited(err error, things, owner string, limit int, advice string) error {
	if !errors.Is(err, posthorn.ErrLimit) {
		return err
	}
	return &posthorn.Error{
		Code:    posthorn.CodeLimitReached,
		Message: fmt.Sprintf("The %s would have more than %d %s, which is the limit.", owner, limit, things),
		Hint:    fmt.Sprintf("You can %s, or ask whoever runs this server to raise the limit (setting max-%s).", advice, strings.ReplaceAll(things, " ", "-")),
	}
}

func (m *Manager) catalogueLimited(err error) error {
	return limited(err, "event types", "environment", m.limits.EventTypes, "delete some that are no longer used")
}

// projectLimited names both limits that a new project, with its environment, may
// have run into.
func (m *Manager) projectLimited(err error) error {
	if !errors.Is(err, posthorn.ErrLimit) {
		return err
	}
	return &posthorn.Error{
		Code:    posthorn.CodeLimitReached,
		Message: fmt.Sprintf("The workspace would have more projects or environments than it may (%s and %s).", shown(m.limits.Projects), shown(m.limits.Environments)),
		Hint:    "You can " + useAnother + ", or ask whoever runs this server to raise the limit (settings max-projects and max-environments).",
	}
}

func shown(limit int) string {
	if limit == 0 {
		return "any number"
	}
	return fmt.Sprint(limit)
}
