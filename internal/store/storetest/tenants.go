package storetest

import (
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func tenantCases() []testCase {
	return []testCase{
		{name: "a workspace is kept with its first project and environment", run: workspaceKept},
		{name: "an external id is taken once, letter case apart, and empty ones many times", run: externalIDs},
		{name: "a workspace whose external id is taken is not kept", run: workspaceRefused},
		{name: "updating a workspace keeps its id and creation", run: workspaceUpdated},
		{name: "updating a workspace to a taken external id changes nothing", run: workspaceConflict},
		{name: "workspaces are listed newest first, page by page", alone: true, run: workspacesPaged},
		{name: "a project is kept with its first environment", run: projectKept},
		{name: "updating a project keeps its id, owner and creation", run: projectUpdated},
		{name: "projects are listed newest first, of a workspace or of all", alone: true, run: projectsListed},
		{name: "an environment is kept", run: environmentKept},
		{name: "updating an environment keeps its id, owners and creation", run: environmentUpdated},
		{name: "environments are listed newest first, by workspace and project", alone: true, run: environmentsListed},
		{name: "the oldest environment is the first of the workspace, or of the oldest workspace", alone: true, run: oldestEnvironment},
		{name: "an error of a change is returned as it is, and nothing is kept", run: changesRefused},
		{name: "what is absent is not found", run: tenantsAbsent},
	}
}

func workspaceKept(w *world) {
	workspace, project, environment := w.newTenant("kept-" + w.workspace.ID.String())
	workspace.Name = "Zoë's “shop”\n\t"
	w.do(w.CreateWorkspace(w.ctx, workspace, project, environment))
	w.want("the workspace", must[posthorn.Workspace](w)(w.Workspace(w.ctx, workspace.ID)), workspace)
	w.want("the project", must[posthorn.Project](w)(w.Project(w.ctx, project.ID)), project)
	w.want("the environment", must[posthorn.Environment](w)(w.Environment(w.ctx, environment.ID)), environment)
	w.want("its directory", must[store.Snapshot](w)(w.Snapshot(w.ctx, environment.ID)).Environment, environment)
}

func externalIDs(w *world) {
	name := w.workspace.ID.String()
	for _, externalID := range []string{"", "", "a" + name, "A" + name, "ä" + name, "Ä" + name, " a" + name} {
		w.do(w.createWorkspace(externalID))
	}
	w.wantError(w.createWorkspace("A"+name), posthorn.ErrConflict)
}

// createWorkspace keeps a new workspace under the external id.
func (w *world) createWorkspace(externalID string) error {
	workspace, project, environment := w.newTenant(externalID)
	return w.CreateWorkspace(w.ctx, workspace, project, environment)
}

func workspaceRefused(w *world) {
	name := "taken-" + w.workspace.ID.String()
	w.do(w.createWorkspace(name))
	workspace, project, environment := w.newTenant(name)
	w.wantError(w.CreateWorkspace(w.ctx, workspace, project, environment), posthorn.ErrConflict)
	_, err := w.Workspace(w.ctx, workspace.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Project(w.ctx, project.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Environment(w.ctx, environment.ID)
	w.wantError(err, posthorn.ErrNotFound)
}

func workspaceUpdated(w *world) {
	want := w.workspace
	want.Name, want.ExternalID, want.UpdatedAt = "Other", "updated-"+want.ID.String(), w.tick()
	got := must[posthorn.Workspace](w)(w.UpdateWorkspace(w.ctx, want.ID, func(before posthorn.Workspace) (posthorn.Workspace, error) {
		w.want("what the change is given", before, w.workspace)
		changed := want
		changed.ID, changed.CreatedAt = posthorn.WorkspaceID{1}, w.now
		changed.UpdatedAt = w.now.Add(999)
		return changed, nil
	}))
	w.want("what is returned", got, want)
	w.want("the workspace", must[posthorn.Workspace](w)(w.Workspace(w.ctx, want.ID)), want)
	// Its own external id is not taken for itself.
	must[posthorn.Workspace](w)(w.UpdateWorkspace(w.ctx, want.ID, func(before posthorn.Workspace) (posthorn.Workspace, error) { return before, nil }))
}

func workspaceConflict(w *world) {
	name := "conflict-" + w.workspace.ID.String()
	w.do(w.createWorkspace(name))
	_, err := w.UpdateWorkspace(w.ctx, w.workspace.ID, func(before posthorn.Workspace) (posthorn.Workspace, error) {
		before.Name, before.ExternalID = "Other", name
		return before, nil
	})
	w.wantError(err, posthorn.ErrConflict)
	w.want("the workspace", must[posthorn.Workspace](w)(w.Workspace(w.ctx, w.workspace.ID)), w.workspace)
}

func workspacesPaged(w *world) {
	want := []posthorn.Workspace{w.workspace}
	for range 3 {
		want = append([]posthorn.Workspace{w.neighbour().workspace}, want...)
	}
	list := func(page posthorn.Page) []posthorn.Workspace {
		return must[[]posthorn.Workspace](w)(w.Workspaces(w.ctx, page))
	}
	wantPaged(w, list, want, func(workspace posthorn.Workspace) [16]byte { return workspace.ID })
}

func projectKept(w *world) {
	project := w.newProject(w.workspace)
	environment := w.newEnvironment(project)
	w.do(w.CreateProject(w.ctx, project, environment, 0, 0))
	w.want("the project", must[posthorn.Project](w)(w.Project(w.ctx, project.ID)), project)
	w.want("the environment", must[posthorn.Environment](w)(w.Environment(w.ctx, environment.ID)), environment)

	stranger := w.newProject(posthorn.Workspace{ID: posthorn.NewID[posthorn.WorkspaceID](w.now, w.random)})
	w.wantError(w.CreateProject(w.ctx, stranger, w.newEnvironment(stranger), 0, 0), posthorn.ErrNotFound)
	_, err := w.Project(w.ctx, stranger.ID)
	w.wantError(err, posthorn.ErrNotFound)
}

func projectUpdated(w *world) {
	want := w.project
	want.Name, want.UpdatedAt = "Other", w.tick()
	got := must[posthorn.Project](w)(w.UpdateProject(w.ctx, want.ID, func(before posthorn.Project) (posthorn.Project, error) {
		w.want("what the change is given", before, w.project)
		changed := want
		changed.ID, changed.WorkspaceID, changed.CreatedAt = posthorn.ProjectID{1}, posthorn.WorkspaceID{1}, w.now
		return changed, nil
	}))
	w.want("what is returned", got, want)
	w.want("the project", must[posthorn.Project](w)(w.Project(w.ctx, want.ID)), want)
}

func projectsListed(w *world) {
	second := w.newProject(w.workspace)
	w.do(w.CreateProject(w.ctx, second, w.newEnvironment(second), 0, 0))
	other := w.neighbour()
	list := func(of posthorn.WorkspaceID) func(posthorn.Page) []posthorn.Project {
		return func(page posthorn.Page) []posthorn.Project {
			return must[[]posthorn.Project](w)(w.Projects(w.ctx, of, page))
		}
	}
	id := func(p posthorn.Project) [16]byte { return p.ID }
	wantPaged(w, list(posthorn.WorkspaceID{}), []posthorn.Project{other.project, second, w.project}, id)
	wantPaged(w, list(w.workspace.ID), []posthorn.Project{second, w.project}, id)
}

func environmentKept(w *world) {
	environment := w.newEnvironment(w.project)
	environment.Kind, environment.DefaultFormat, environment.DefaultRetries = posthorn.Development, "", 0
	environment.DefaultValidation = posthorn.ValidationReject
	environment.CreatedAt = environment.CreatedAt.Add(999)
	w.do(w.CreateEnvironment(w.ctx, environment, 0))
	environment.CreatedAt = environment.CreatedAt.Truncate(time.Microsecond)
	w.want("the environment", must[posthorn.Environment](w)(w.Environment(w.ctx, environment.ID)), environment)

	stranger := w.newEnvironment(posthorn.Project{ID: posthorn.NewID[posthorn.ProjectID](w.now, w.random), WorkspaceID: w.workspace.ID})
	w.wantError(w.CreateEnvironment(w.ctx, stranger, 0), posthorn.ErrNotFound)
}

func environmentUpdated(w *world) {
	want := w.environment
	want.Name, want.Kind, want.DefaultFormat, want.DefaultRetries, want.UpdatedAt = "Other", posthorn.Development, "ascend", 50, w.tick()
	want.DefaultValidation = posthorn.ValidationWarn
	got := must[posthorn.Environment](w)(w.UpdateEnvironment(w.ctx, want.ID, func(before posthorn.Environment) (posthorn.Environment, error) {
		w.want("what the change is given", before, w.environment)
		changed := want
		changed.ID, changed.WorkspaceID, changed.ProjectID, changed.CreatedAt = posthorn.EnvironmentID{1}, posthorn.WorkspaceID{1}, posthorn.ProjectID{1}, w.now
		return changed, nil
	}))
	w.want("what is returned", got, want)
	w.want("the environment", must[posthorn.Environment](w)(w.Environment(w.ctx, want.ID)), want)
}

func environmentsListed(w *world) {
	second := w.newEnvironment(w.project)
	w.do(w.CreateEnvironment(w.ctx, second, 0))
	project := w.newProject(w.workspace)
	third := w.newEnvironment(project)
	w.do(w.CreateProject(w.ctx, project, third, 0, 0))
	other := w.neighbour()
	list := func(q store.EnvironmentQuery) func(posthorn.Page) []posthorn.Environment {
		return func(page posthorn.Page) []posthorn.Environment {
			q.Page = page
			return must[[]posthorn.Environment](w)(w.Environments(w.ctx, q))
		}
	}
	id := func(e posthorn.Environment) [16]byte { return e.ID }
	wantPaged(w, list(store.EnvironmentQuery{}), []posthorn.Environment{other.environment, third, second, w.environment}, id)
	wantPaged(w, list(store.EnvironmentQuery{WorkspaceID: w.workspace.ID}), []posthorn.Environment{third, second, w.environment}, id)
	wantPaged(w, list(store.EnvironmentQuery{ProjectID: w.project.ID}), []posthorn.Environment{second, w.environment}, id)
	wantPaged(w, list(store.EnvironmentQuery{WorkspaceID: other.workspace.ID, ProjectID: w.project.ID}), nil, id)
}

func oldestEnvironment(w *world) {
	other := w.neighbour()
	// Made before all others, but in the younger workspace.
	early := w.newEnvironment(other.project)
	early.ID = posthorn.NewID[posthorn.EnvironmentID](w.now.Add(-time.Hour), w.random)
	w.do(w.CreateEnvironment(w.ctx, early, 0))
	w.do(w.CreateEnvironment(w.ctx, w.newEnvironment(w.project), 0))
	for _, c := range []struct {
		of   posthorn.WorkspaceID
		want posthorn.Environment
	}{{posthorn.WorkspaceID{}, w.environment}, {w.workspace.ID, w.environment}, {other.workspace.ID, early}} {
		w.want("the oldest environment", must[posthorn.Environment](w)(w.OldestEnvironment(w.ctx, c.of)), c.want)
	}
}

func changesRefused(w *world) {
	webhook := w.webhook()
	must[int](w)(w.CreateEventTypes(w.ctx, w.environment.ID, []posthorn.EventType{w.newEventType("a")}, 0))
	before := must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID))
	for what, refused := range map[string]func() error{
		"UpdateWorkspace": func() error {
			_, err := w.UpdateWorkspace(w.ctx, w.workspace.ID, func(posthorn.Workspace) (posthorn.Workspace, error) { return posthorn.Workspace{}, errUnwilling })
			return err
		},
		"UpdateProject": func() error {
			_, err := w.UpdateProject(w.ctx, w.project.ID, func(posthorn.Project) (posthorn.Project, error) { return posthorn.Project{}, errUnwilling })
			return err
		},
		"UpdateEnvironment": func() error {
			_, err := w.UpdateEnvironment(w.ctx, w.environment.ID, func(posthorn.Environment) (posthorn.Environment, error) {
				return posthorn.Environment{}, errUnwilling
			})
			return err
		},
		"UpdateWebhook": func() error {
			_, err := w.UpdateWebhook(w.ctx, webhook.ID, func(changed posthorn.Webhook) (posthorn.Webhook, error) {
				changed.Events[0], changed.Metadata["team"], changed.Headers[0].Value, *changed.Retries = "x", "x", "x", 9
				return changed, errUnwilling
			})
			return err
		},
		"UpdateEventType": func() error {
			_, err := w.UpdateEventType(w.ctx, w.environment.ID, "a", func(changed posthorn.EventType) (posthorn.EventType, error) {
				changed.Example[0] = 'x'
				return posthorn.EventType{}, errUnwilling
			})
			return err
		},
	} {
		// The very error, not one that wraps it.
		if err := refused(); err != errUnwilling { //nolint:errorlint // as it is
			w.t.Errorf("%s: error = %v, want the change's own", what, err)
		}
	}
	w.want("the directory", must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID)), before)
	w.want("the workspace", must[posthorn.Workspace](w)(w.Workspace(w.ctx, w.workspace.ID)), w.workspace)
	w.want("the project", must[posthorn.Project](w)(w.Project(w.ctx, w.project.ID)), w.project)
}

func tenantsAbsent(w *world) {
	workspace, project, environment := w.newTenant("")
	_, err := w.Workspace(w.ctx, workspace.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Project(w.ctx, project.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Environment(w.ctx, environment.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.OldestEnvironment(w.ctx, workspace.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Snapshot(w.ctx, environment.ID)
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.UpdateWorkspace(w.ctx, workspace.ID, func(before posthorn.Workspace) (posthorn.Workspace, error) { return before, nil })
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.UpdateProject(w.ctx, project.ID, func(before posthorn.Project) (posthorn.Project, error) { return before, nil })
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.UpdateEnvironment(w.ctx, environment.ID, func(before posthorn.Environment) (posthorn.Environment, error) { return before, nil })
	w.wantError(err, posthorn.ErrNotFound)
}
