package api

import (
	"context"
	"net/http"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
)

// workspaceInput is what may be said of a workspace.
type workspaceInput struct {
	Name       optional[string] `json:"name,omitzero"`
	ExternalID optional[string] `json:"externalId,omitzero" doc:"Its id in your own system; unique."`
}

func (in *workspaceInput) change() manage.WorkspaceChange {
	return manage.WorkspaceChange{Name: in.Name.Setting, ExternalID: in.ExternalID.Setting}
}

// WorkspaceBody is a workspace as it is shown.
type WorkspaceBody struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	ExternalID *string `json:"externalId"`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	UpdatedAt  string  `json:"updatedAt" format:"date-time"`
}

// foundedBody is a new workspace with what comes with it.
type foundedBody struct {
	WorkspaceBody
	Project     ProjectBody     `json:"project"`
	Environment environmentBody `json:"environment"`
}

// projectInput is a project to be made.
type projectInput struct {
	Name        string                         `json:"name"`
	WorkspaceID optional[posthorn.WorkspaceID] `json:"workspaceId,omitzero" doc:"The oldest in reach when left out."`
}

// projectPatch changes a project.
type projectPatch struct {
	Name optional[string] `json:"name,omitzero"`
}

// ProjectBody is a project as it is shown.
type ProjectBody struct {
	ID          string `json:"id"`
	WorkspaceID string `json:"workspaceId"`
	Name        string `json:"name"`
	CreatedAt   string `json:"createdAt" format:"date-time"`
	UpdatedAt   string `json:"updatedAt" format:"date-time"`
}

// foundedProjectBody is a new project with its first environment.
type foundedProjectBody struct {
	ProjectBody
	Environment environmentBody `json:"environment"`
}

func workspaceParameter() parameter {
	return parameter{name: "workspaceId", summary: "Only those of this workspace."}
}

func (s *Server) tenantRoutes() []route {
	const workspaces, projects = "Workspaces", "Projects"
	return []route{
		writing(http.MethodPost, "/v1/workspaces", http.StatusCreated, "Create a workspace with a project and an environment", createWorkspace).in(workspaces),
		listing("/v1/workspaces", "List workspaces", listWorkspaces).in(workspaces),
		reading("/v1/workspaces/{workspaceId}", "Get a workspace", getWorkspace).in(workspaces),
		writing(http.MethodPatch, "/v1/workspaces/{workspaceId}", http.StatusOK, "Change a workspace", updateWorkspace).in(workspaces),
		writing(http.MethodPost, "/v1/projects", http.StatusCreated, "Create a project with an environment", createProject).in(projects),
		listing("/v1/projects", "List projects", listProjects).in(projects).asks(workspaceParameter()),
		reading("/v1/projects/{projectId}", "Get a project", getProject).in(projects),
		writing(http.MethodPatch, "/v1/projects/{projectId}", http.StatusOK, "Rename a project", updateProject).in(projects),
	}
}

func createWorkspace(ctx context.Context, c *call, in *workspaceInput) (foundedBody, error) {
	f, err := c.Manager.CreateWorkspace(ctx, c.principal, in.change())
	if err != nil {
		return foundedBody{}, err
	}
	return foundedBody{WorkspaceBody: showWorkspace(f.Workspace), Project: showProject(f.Project), Environment: showEnvironment(f.Environment)}, nil
}

func listWorkspaces(ctx context.Context, c *call) (page[WorkspaceBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[WorkspaceBody]{}, err
	}
	workspaces, err := c.Manager.Workspaces(ctx, c.principal, asked)
	if err != nil {
		return page[WorkspaceBody]{}, err
	}
	return pageOf(c, asked, workspaces, func(w posthorn.Workspace) [16]byte { return w.ID }, showWorkspace), nil
}

func getWorkspace(ctx context.Context, c *call) (WorkspaceBody, error) {
	id, err := pathID[posthorn.WorkspaceID](c, "workspaceId")
	if err != nil {
		return WorkspaceBody{}, err
	}
	w, err := c.Manager.Workspace(ctx, c.principal, id)
	if err != nil {
		return WorkspaceBody{}, err
	}
	return showWorkspace(w), nil
}

func updateWorkspace(ctx context.Context, c *call, in *workspaceInput) (WorkspaceBody, error) {
	id, err := pathID[posthorn.WorkspaceID](c, "workspaceId")
	if err != nil {
		return WorkspaceBody{}, err
	}
	w, err := c.Manager.UpdateWorkspace(ctx, c.principal, id, in.change())
	if err != nil {
		return WorkspaceBody{}, err
	}
	return showWorkspace(w), nil
}

func createProject(ctx context.Context, c *call, in *projectInput) (foundedProjectBody, error) {
	f, err := c.Manager.CreateProject(ctx, c.principal, in.WorkspaceID.Value, in.Name)
	if err != nil {
		return foundedProjectBody{}, err
	}
	return foundedProjectBody{ProjectBody: showProject(f.Project), Environment: showEnvironment(f.Environment)}, nil
}

func listProjects(ctx context.Context, c *call) (page[ProjectBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[ProjectBody]{}, err
	}
	workspace, err := queryID[posthorn.WorkspaceID](c, "workspaceId")
	if err != nil {
		return page[ProjectBody]{}, err
	}
	projects, err := c.Manager.Projects(ctx, c.principal, workspace, asked)
	if err != nil {
		return page[ProjectBody]{}, err
	}
	return pageOf(c, asked, projects, func(p posthorn.Project) [16]byte { return p.ID }, showProject), nil
}

func getProject(ctx context.Context, c *call) (ProjectBody, error) {
	id, err := pathID[posthorn.ProjectID](c, "projectId")
	if err != nil {
		return ProjectBody{}, err
	}
	p, err := c.Manager.Project(ctx, c.principal, id)
	if err != nil {
		return ProjectBody{}, err
	}
	return showProject(p), nil
}

func updateProject(ctx context.Context, c *call, in *projectPatch) (ProjectBody, error) {
	id, err := pathID[posthorn.ProjectID](c, "projectId")
	if err != nil {
		return ProjectBody{}, err
	}
	p, err := c.Manager.UpdateProject(ctx, c.principal, id, in.Name.Setting)
	if err != nil {
		return ProjectBody{}, err
	}
	return showProject(p), nil
}

func showWorkspace(w posthorn.Workspace) WorkspaceBody {
	body := WorkspaceBody{ID: w.ID.String(), Name: w.Name, CreatedAt: showTime(w.CreatedAt), UpdatedAt: showTime(w.UpdatedAt)}
	if w.ExternalID != "" {
		body.ExternalID = &w.ExternalID
	}
	return body
}

func showProject(p posthorn.Project) ProjectBody {
	return ProjectBody{
		ID: p.ID.String(), WorkspaceID: p.WorkspaceID.String(), Name: p.Name,
		CreatedAt: showTime(p.CreatedAt), UpdatedAt: showTime(p.UpdatedAt),
	}
}
