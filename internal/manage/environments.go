package manage

import (
	"context"
	"fmt"
	"strings"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

// EnvironmentChange is what may be said of an environment.
type EnvironmentChange struct {
	Name              Setting[string]
	Kind              Setting[posthorn.EnvironmentKind]
	DefaultFormat     Setting[string]
	DefaultRetries    Setting[int]
	DefaultValidation Setting[posthorn.Validation]
}

func (m *Manager) applyToEnvironment(c EnvironmentChange, e posthorn.Environment) (posthorn.Environment, error) {
	e.Name = strings.TrimSpace(c.Name.take(e.Name, ""))
	e.Kind = c.Kind.take(e.Kind, m.defaultKind)
	e.DefaultFormat = c.DefaultFormat.take(e.DefaultFormat, m.defaultFormat)
	e.DefaultRetries = c.DefaultRetries.take(e.DefaultRetries, posthorn.DefaultRetries)
	e.DefaultValidation = c.DefaultValidation.take(e.DefaultValidation, posthorn.ValidationOff)
	e.UpdatedAt = m.now()
	return e, e.Validate()
}

// checkDefaultFormat finds out whether there is the default format that a change
// asks for.
func (m *Manager) checkDefaultFormat(ctx context.Context, c EnvironmentChange, workspace posthorn.WorkspaceID) error {
	if !c.DefaultFormat.present() {
		return nil
	}
	_, err := m.findDialect(ctx, "/defaultFormat", workspace, c.DefaultFormat.Value)
	return err
}

// CreateEnvironment makes an environment in the named project, or else in the
// project of the oldest environment in reach.
func (m *Manager) CreateEnvironment(ctx context.Context, p Principal, project posthorn.ProjectID, change EnvironmentChange) (posthorn.Environment, error) {
	if project.IsZero() {
		oldest, err := m.environment(ctx, p, posthorn.EnvironmentID{})
		if err != nil {
			return posthorn.Environment{}, err
		}
		project = oldest.ProjectID
	}
	parent, err := m.Project(ctx, p, project)
	if err != nil {
		return posthorn.Environment{}, err
	}
	if err := m.checkDefaultFormat(ctx, change, parent.WorkspaceID); err != nil {
		return posthorn.Environment{}, err
	}
	fresh := m.newEnvironment(parent)
	fresh.Name = ""
	environment, err := m.applyToEnvironment(change, fresh)
	if err != nil {
		return posthorn.Environment{}, err
	}
	if err := m.store.CreateEnvironment(ctx, environment, m.limits.Environments); err != nil {
		return posthorn.Environment{}, passOn("creating the environment", limited(err, "environments", "workspace", m.limits.Environments, useAnother))
	}
	return environment, nil
}

// Environment returns an environment in reach.
func (m *Manager) Environment(ctx context.Context, p Principal, id posthorn.EnvironmentID) (posthorn.Environment, error) {
	if id.IsZero() {
		return posthorn.Environment{}, posthorn.ErrNotFound
	}
	return m.environment(ctx, p, id)
}

// Environments lists the environments in reach, of one workspace or project if
// they are named.
func (m *Manager) Environments(ctx context.Context, p Principal, q store.EnvironmentQuery) ([]posthorn.Environment, error) {
	owner, err := m.narrow(ctx, p, q.WorkspaceID)
	if err != nil {
		return nil, err
	}
	if !q.ProjectID.IsZero() {
		if _, err := m.Project(ctx, p, q.ProjectID); err != nil {
			return nil, err
		}
	}
	q.WorkspaceID = owner
	environments, err := m.store.Environments(ctx, q)
	if err != nil {
		return nil, passOn("listing environments", err)
	}
	return environments, nil
}

// UpdateEnvironment changes an environment in reach. It can't become production
// while it has webhooks with http URLs.
func (m *Manager) UpdateEnvironment(ctx context.Context, p Principal, id posthorn.EnvironmentID, change EnvironmentChange) (posthorn.Environment, error) {
	before, err := m.Environment(ctx, p, id)
	if err != nil {
		return posthorn.Environment{}, err
	}
	if change.Kind.take(before.Kind, m.defaultKind) == posthorn.Production && before.Kind != posthorn.Production {
		if err := m.checkReadyForProduction(ctx, id); err != nil {
			return posthorn.Environment{}, err
		}
	}
	if err := m.checkDefaultFormat(ctx, change, before.WorkspaceID); err != nil {
		return posthorn.Environment{}, err
	}
	environment, err := m.store.UpdateEnvironment(ctx, id, func(e posthorn.Environment) (posthorn.Environment, error) {
		return m.applyToEnvironment(change, e)
	})
	if err != nil {
		return posthorn.Environment{}, passOn("changing the environment", err)
	}
	m.notifier.DirectoryChanged(id)
	return environment, m.keepDefaultFormat(ctx, before, environment)
}

func (m *Manager) checkReadyForProduction(ctx context.Context, id posthorn.EnvironmentID) error {
	page := posthorn.Page{Limit: posthorn.MaxPageLimit}
	for {
		webhooks, err := m.store.Webhooks(ctx, id, page)
		if err != nil {
			return passOn("listing webhooks", err)
		}
		for _, w := range webhooks {
			if m.checkAddress(w.URL, posthorn.Production) != nil {
				return &posthorn.Error{
					Code: posthorn.CodeConflict, Pointer: "/kind",
					Message: fmt.Sprintf("The webhook %s sends to a URL that production doesn't allow.", w.ID),
					Hint:    "Change that webhook's URL first, or delete it.",
				}
			}
			page.After = w.ID
		}
		if len(webhooks) < page.Limit {
			return nil
		}
	}
}

// checkAddress checks a URL as far as that can be done without resolving it.
func (m *Manager) checkAddress(url string, kind posthorn.EnvironmentKind) *posthorn.Error {
	if err := posthorn.ValidateURL("/url", url, kind); err != nil {
		return err
	}
	refused := m.checkURL(url, kind)
	if refused == nil {
		return nil
	}
	placed := *refused
	placed.Pointer = "/url"
	return &placed
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
