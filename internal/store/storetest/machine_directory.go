package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func (m *machine) changeWorkspaces() {
	switch m.number("what to do with workspaces", 0, 3) {
	case 0:
		m.createWorkspace()
	case 1:
		m.updateWorkspace()
	case 2:
		m.createProject()
	default:
		m.updateProject()
	}
}

func (m *machine) externalID() string { return oneOf(m, "external id", "", "acme", "ACME") }

func (m *machine) createWorkspace() {
	workspace := posthorn.Workspace{
		ID: posthorn.NewID[posthorn.WorkspaceID](m.tick(), m.random), Name: "Ünï", ExternalID: m.externalID(),
		CreatedAt: m.now, UpdatedAt: m.now,
	}
	project := m.newProject(workspace.ID)
	environment := m.newEnvironment(project)
	if bothDo(m, "CreateWorkspace", func(s side) error { return s.CreateWorkspace(m.ctx(), workspace, project, environment) }) {
		m.workspaces = append(m.workspaces, workspace.ID)
		m.projects = append(m.projects, project)
		m.environments = append(m.environments, environment)
	}
}

func (m *machine) newProject(owner posthorn.WorkspaceID) posthorn.Project {
	return posthorn.Project{
		ID: posthorn.NewID[posthorn.ProjectID](m.tick(), m.random), WorkspaceID: owner, Name: "Shop",
		CreatedAt: m.now, UpdatedAt: m.now,
	}
}

func (m *machine) newEnvironment(owner posthorn.Project) posthorn.Environment {
	return posthorn.Environment{
		ID: posthorn.NewID[posthorn.EnvironmentID](m.tick(), m.random), WorkspaceID: owner.WorkspaceID, ProjectID: owner.ID,
		Name: "dev", Kind: posthorn.Development, DefaultFormat: "sendkit", DefaultRetries: m.number("retries", 0, 50),
		DefaultValidation: oneOf(m, "validation", posthorn.ValidationOff, posthorn.ValidationWarn),
		CreatedAt:         m.now, UpdatedAt: m.now,
	}
}

func (m *machine) updateWorkspace() {
	id := known(m, "workspace", m.workspaces)
	externalID, unwilling, at := m.externalID(), m.oneIn(8, "unwilling"), m.now
	both(m, "UpdateWorkspace", func(s side) (posthorn.Workspace, error) {
		return s.UpdateWorkspace(m.ctx(), id, func(w posthorn.Workspace) (posthorn.Workspace, error) {
			w.Name += "!"
			w.ID, w.ExternalID, w.CreatedAt, w.UpdatedAt = posthorn.WorkspaceID{1}, externalID, at, at
			return w, refusal(unwilling)
		})
	})
}

func (m *machine) createProject() {
	project := m.newProject(known(m, "workspace", m.workspaces))
	environment := m.newEnvironment(project)
	limit, environments := m.limit(), m.limit()
	if bothDo(m, "CreateProject", func(s side) error { return s.CreateProject(m.ctx(), project, environment, limit, environments) }) {
		m.projects = append(m.projects, project)
		m.environments = append(m.environments, environment)
	}
}

func (m *machine) someProject() posthorn.Project {
	if m.oneIn(20, "unknown project") {
		return m.newProject(m.workspaces[0])
	}
	return oneOf(m, "project", m.projects...)
}

func (m *machine) updateProject() {
	id, unwilling, at := m.someProject().ID, m.oneIn(8, "unwilling"), m.now
	both(m, "UpdateProject", func(s side) (posthorn.Project, error) {
		return s.UpdateProject(m.ctx(), id, func(p posthorn.Project) (posthorn.Project, error) {
			p.Name += "?"
			p.ID, p.WorkspaceID, p.CreatedAt, p.UpdatedAt = posthorn.ProjectID{1}, posthorn.WorkspaceID{1}, at, at
			return p, refusal(unwilling)
		})
	})
}

func (m *machine) changeEnvironments() {
	if m.oneIn(2, "create") {
		environment, limit := m.newEnvironment(m.someProject()), m.limit()
		if bothDo(m, "CreateEnvironment", func(s side) error { return s.CreateEnvironment(m.ctx(), environment, limit) }) {
			m.environments = append(m.environments, environment)
		}
		return
	}
	id, unwilling, at := m.someEnvironment(), m.oneIn(8, "unwilling"), m.now
	both(m, "UpdateEnvironment", func(s side) (posthorn.Environment, error) {
		return s.UpdateEnvironment(m.ctx(), id, func(e posthorn.Environment) (posthorn.Environment, error) {
			e.ID, e.WorkspaceID, e.ProjectID, e.CreatedAt = posthorn.EnvironmentID{1}, posthorn.WorkspaceID{1}, posthorn.ProjectID{1}, at
			e.Kind, e.DefaultFormat, e.DefaultRetries, e.UpdatedAt = posthorn.Production, "", e.DefaultRetries+1, at
			e.DefaultValidation = posthorn.ValidationReject
			return e, refusal(unwilling)
		})
	})
	m.snapshot(id)
}

func (m *machine) createWebhook() {
	environment := m.newEnvironment(m.projects[0])
	if !m.oneIn(20, "unknown environment") {
		environment = oneOf(m, "environment", m.environments...)
	}
	webhook := posthorn.Webhook{
		ID:          posthorn.NewID[posthorn.WebhookID](m.tick(), m.random),
		WorkspaceID: environment.WorkspaceID, ProjectID: environment.ProjectID, EnvironmentID: environment.ID,
		Name: "hook", URL: "https://example.com/", Events: []string{"*"}, Filter: oneOf(m, "filter", "", "true"), Format: oneOf(m, "format", "standard", "standard", "mine"),
		Secrets: []posthorn.SigningSecret{{Value: "a secret"}, {Value: "an older one", ExpiresAt: m.now}},
		Timeout: posthorn.DefaultTimeout, Concurrency: 1, Status: posthorn.WebhookActive,
		CreatedAt: m.now, UpdatedAt: m.now,
	}
	limit := m.limit()
	if bothDo(m, "CreateWebhook", func(s side) error { return s.CreateWebhook(m.ctx(), webhook, limit) }) {
		m.webhooks = append(m.webhooks, webhook)
	}
	m.snapshot(environment.ID)
}

func (m *machine) updateWebhook() {
	id, unwilling, at := m.someWebhook(), m.oneIn(8, "unwilling"), m.now
	status := oneOf(m, "status", posthorn.WebhookActive, posthorn.WebhookActive, posthorn.WebhookActive, posthorn.WebhookPaused, posthorn.WebhookDisabled, posthorn.WebhookDeleted)
	hold := oneOf(m, "hold", time.Time{}, at, at.Add(2*time.Second))
	retries := oneOf(m, "retries", nil, new(0), new(5))
	both(m, "UpdateWebhook", func(s side) (posthorn.Webhook, error) {
		return s.UpdateWebhook(m.ctx(), id, func(w posthorn.Webhook) (posthorn.Webhook, error) {
			w.ID, w.WorkspaceID, w.ProjectID, w.EnvironmentID, w.CreatedAt = posthorn.WebhookID{1}, posthorn.WorkspaceID{1}, posthorn.ProjectID{1}, posthorn.EnvironmentID{1}, at
			w.Status, w.StatusReason, w.HoldUntil, w.Retries, w.UpdatedAt = status, "changed", hold, retries, at
			w.CreatedBy = "somebody else"
			w.Metadata = map[string]string{"a": "b", "A": ""}
			w.Headers = append(w.Headers, posthorn.Header{Name: "X-More", Value: "1"})
			w.RetrySchedule = append(w.RetrySchedule, time.Second)
			return w, refusal(unwilling)
		})
	})
	both(m, "Webhook", func(s side) (posthorn.Webhook, error) { return s.Webhook(m.ctx(), id) })
}

func (m *machine) changeEventTypes() {
	environment, name, at := m.someEnvironment(), m.eventTypeName(), m.now
	switch m.number("what to do with event types", 0, 2) {
	case 0:
		limit := m.limit()
		types := []posthorn.EventType{m.newEventType(name), m.newEventType(m.eventTypeName())}
		both(m, "CreateEventTypes", func(s side) (int, error) { return s.CreateEventTypes(m.ctx(), environment, types, limit) })
	case 1:
		unwilling := m.oneIn(8, "unwilling")
		both(m, "UpdateEventType", func(s side) (posthorn.EventType, error) {
			return s.UpdateEventType(m.ctx(), environment, name, func(t posthorn.EventType) (posthorn.EventType, error) {
				t.EnvironmentID, t.Name, t.CreatedAt = posthorn.EnvironmentID{1}, "other", at
				t.Retries, t.Example, t.UpdatedAt = nil, []byte("\x00"), at
				t.Schema, t.Validation = nil, posthorn.ValidationWarn
				return t, refusal(unwilling)
			})
		})
	default:
		bothDo(m, "DeleteEventType", func(s side) error { return s.DeleteEventType(m.ctx(), environment, name) })
	}
	both(m, "EventType", func(s side) (posthorn.EventType, error) { return s.EventType(m.ctx(), environment, name) })
	m.snapshot(environment)
}

func (m *machine) eventTypeName() string {
	return oneOf(m, "name", "user.created", "User.created", "user-x", "user_x", "user")
}

func (m *machine) newEventType(name string) posthorn.EventType {
	return posthorn.EventType{
		Name: name, Description: "d", Since: "1", Retries: new(0), Status: posthorn.EventTypeGA,
		Schema: []byte("{}"), Validation: oneOf(m, "validation", "", posthorn.ValidationOff, posthorn.ValidationReject), CreatedAt: m.tick(), UpdatedAt: m.now,
	}
}

func (m *machine) changeKeys() {
	hash := posthorn.HashKey(oneOf(m, "text", "a", "b", "c"))
	if m.oneIn(2, "create") {
		key := posthorn.Key{
			ID: posthorn.NewID[posthorn.KeyID](m.tick(), m.random), Kind: posthorn.PlatformKey,
			Name: "k", Hash: hash, Start: "sk_user_a", CreatedAt: m.now,
		}
		if m.oneIn(2, "of a workspace") {
			key.Kind, key.WorkspaceID = posthorn.WorkspaceKey, oneOf(m, "workspace", m.workspaces...)
		}
		limit := m.limit()
		if bothDo(m, "CreateKey", func(s side) error { return s.CreateKey(m.ctx(), key, limit) }) {
			m.keys = append(m.keys, key.ID)
		}
	} else {
		id := known(m, "key", m.keys)
		both(m, "RevokeKey", func(s side) (posthorn.Key, error) { return s.RevokeKey(m.ctx(), id, m.now) })
		both(m, "Key", func(s side) (posthorn.Key, error) { return s.Key(m.ctx(), id) })
	}
	both(m, "KeyByHash", func(s side) (posthorn.Key, error) { return s.KeyByHash(m.ctx(), hash) })
}

// changeSigningKeys drops some and adds some.
func (m *machine) changeSigningKeys() {
	environment, unwilling, at := m.someEnvironment(), m.oneIn(8, "unwilling"), m.now
	fresh, err := posthorn.NewSigningKey(environment, oneOf(m, "algorithm", posthorn.Ed25519, posthorn.ECDSAP256), m.tick(), m.random)
	if err != nil {
		m.rt.Fatal(err)
	}
	dropped := m.number("dropped", 0, 2)
	both(m, "UpdateSigningKeys", func(s side) ([]posthorn.SigningKey, error) {
		return s.UpdateSigningKeys(m.ctx(), environment, func(keys []posthorn.SigningKey, _ store.Version) ([]posthorn.SigningKey, error) {
			for i := range keys {
				keys[i].ExpiresAt = at
			}
			return append(keys[min(dropped, len(keys)):], fresh), refusal(unwilling)
		})
	})
	both(m, "SigningKey", func(s side) (posthorn.SigningKey, error) { return s.SigningKey(m.ctx(), fresh.ID) })
	m.snapshot(environment)
}

// limit is how many there may be of what is created: mostly any number.
func (m *machine) limit() int { return oneOf(m, "limit", 0, 0, 0, 0, 2, 5) }

func refusal(unwilling bool) error {
	if unwilling {
		return errUnwilling
	}
	return nil
}
