package storetest

import (
	"errors"
	"sync"

	"github.com/posthorn/posthorn"
)

func limitCases() []testCase {
	return []testCase{
		{name: "a workspace has no more projects than its limit", run: projectsLimited},
		{name: "a workspace has no more environments than its limit, with or without a new project", run: environmentsLimited},
		{name: "a workspace has no more keys than its limit; revoked ones don't count", run: keysLimited},
		{name: "platform keys have no limit", run: platformKeysUnlimited},
		{name: "an environment has no more webhooks than its limit; deleted ones don't count", run: webhooksLimited},
		{name: "an environment has no more event types than its limit; known names don't count", run: eventTypesLimited},
		{name: "no two calls take the last place", run: lastPlaceIsTakenOnce},
	}
}

func projectsLimited(w *world) {
	create := func(limit int) error {
		project := w.newProject(w.workspace)
		return w.CreateProject(w.ctx, project, w.newEnvironment(project), limit, 0)
	}
	w.neighbour()
	w.wantError(create(1), posthorn.ErrLimit)
	w.do(create(2))
	w.wantError(create(2), posthorn.ErrLimit)
	w.want("how many there are", len(must[[]posthorn.Project](w)(w.Projects(w.ctx, w.workspace.ID, posthorn.Page{Limit: 100}))), 2)
	w.do(create(0))
}

func environmentsLimited(w *world) {
	project := w.newProject(w.workspace)
	w.neighbour()
	w.wantError(w.CreateEnvironment(w.ctx, w.newEnvironment(w.project), 1), posthorn.ErrLimit)
	w.wantError(w.CreateProject(w.ctx, project, w.newEnvironment(project), 0, 1), posthorn.ErrLimit)
	_, err := w.Project(w.ctx, project.ID)
	w.wantError(err, posthorn.ErrNotFound)
	w.do(w.CreateProject(w.ctx, project, w.newEnvironment(project), 0, 2))
	w.wantError(w.CreateEnvironment(w.ctx, w.newEnvironment(w.project), 2), posthorn.ErrLimit)
	w.do(w.CreateEnvironment(w.ctx, w.newEnvironment(w.project), 3))
}

func keysLimited(w *world) {
	other := w.neighbour()
	w.do(w.CreateKey(w.ctx, w.newKey(other.workspace.ID, w.workspace.ID.String()+"other"), 1))
	first := w.newKey(w.workspace.ID, w.workspace.ID.String()+"1")
	w.do(w.CreateKey(w.ctx, first, 1))
	second := w.newKey(w.workspace.ID, w.workspace.ID.String()+"2")
	w.wantError(w.CreateKey(w.ctx, second, 1), posthorn.ErrLimit)
	_, err := w.Key(w.ctx, second.ID)
	w.wantError(err, posthorn.ErrNotFound)
	must[posthorn.Key](w)(w.RevokeKey(w.ctx, first.ID, w.tick()))
	w.do(w.CreateKey(w.ctx, second, 1))
}

func platformKeysUnlimited(w *world) {
	for _, text := range []string{"1", "2"} {
		key := w.newKey(posthorn.WorkspaceID{}, w.workspace.ID.String()+text)
		key.Kind = posthorn.PlatformKey
		w.do(w.CreateKey(w.ctx, key, 1))
	}
}

func webhooksLimited(w *world) {
	w.neighbour().webhook()
	first := w.newWebhook()
	w.do(w.CreateWebhook(w.ctx, first, 1))
	w.setStatus(first, posthorn.WebhookDisabled)
	version := w.version()
	second := w.newWebhook()
	w.wantError(w.CreateWebhook(w.ctx, second, 1), posthorn.ErrLimit)
	_, err := w.Webhook(w.ctx, second.ID)
	w.wantError(err, posthorn.ErrNotFound)
	w.want("the version", w.version(), version)
	w.setStatus(first, posthorn.WebhookDeleted)
	w.do(w.CreateWebhook(w.ctx, second, 1))
}

func eventTypesLimited(w *world) {
	create := func(limit int, names ...string) (int, error) {
		types := make([]posthorn.EventType, len(names))
		for i, name := range names {
			types[i] = w.newEventType(name)
		}
		return w.CreateEventTypes(w.ctx, w.environment.ID, types, limit)
	}
	other := w.neighbour()
	must[int](w)(other.CreateEventTypes(w.ctx, other.environment.ID, []posthorn.EventType{w.newEventType("x")}, 1))
	w.want("how many were created", must[int](w)(create(2, "a", "a", "b")), 2)
	w.want("how many were created of known ones", must[int](w)(create(1, "a", "b")), 0)
	version := w.version()
	created, err := create(3, "c", "a", "d")
	w.wantError(err, posthorn.ErrLimit)
	w.want("how many were created beyond the limit", created, 0)
	w.want("the version", w.version(), version)
	_, err = w.EventType(w.ctx, w.environment.ID, "c")
	w.wantError(err, posthorn.ErrNotFound)
	w.want("how many were created up to the limit", must[int](w)(create(4, "c", "a", "d")), 2)
}

func lastPlaceIsTakenOnce(w *world) {
	const callers, limit = 16, 3
	webhooks := make([]posthorn.Webhook, callers)
	for i := range webhooks {
		webhooks[i] = w.newWebhook()
	}
	results := make([]error, callers)
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() { results[i] = w.CreateWebhook(w.ctx, webhooks[i], limit) })
	}
	running.Wait()
	made := 0
	for _, err := range results {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, posthorn.ErrLimit):
			w.do(err)
		}
	}
	w.want("how many were made", made, limit)
	w.want("how many there are", len(must[[]posthorn.Webhook](w)(w.Webhooks(w.ctx, w.environment.ID, posthorn.Page{Limit: 100}))), limit)
}
