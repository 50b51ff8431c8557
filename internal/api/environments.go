package api

import (
	"context"
	"net/http"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/manage"
	"github.com/posthorn/posthorn/internal/store"
)

// EnvironmentFields is what may be said of an environment.
type EnvironmentFields struct {
	Name              optional[string] `json:"name,omitzero"`
	Kind              optional[string] `json:"kind,omitzero" doc:"production or development."`
	DefaultFormat     optional[string] `json:"defaultFormat,omitzero" doc:"The format of webhooks that name none."`
	DefaultRetries    optional[int64]  `json:"defaultRetries,omitzero" doc:"Retries where webhook, event type and format say nothing, 0 to 50; 3 when left out."`
	DefaultValidation optional[string] `json:"defaultValidation,omitzero" doc:"What is done about data that doesn't match the schema of its type, where the type says nothing: off, warn or reject; off when left out."`
}

// environmentInput is an environment to be made.
type environmentInput struct {
	EnvironmentFields
	ProjectID optional[posthorn.ProjectID] `json:"projectId,omitzero" doc:"The project of the oldest environment in reach when left out."`
}

// environmentBody is an environment as it is shown.
type environmentBody struct {
	ID                string `json:"id"`
	WorkspaceID       string `json:"workspaceId"`
	ProjectID         string `json:"projectId"`
	Name              string `json:"name"`
	Kind              string `json:"kind" enum:"production,development"`
	DefaultFormat     string `json:"defaultFormat"`
	DefaultRetries    int    `json:"defaultRetries"`
	DefaultValidation string `json:"defaultValidation" enum:"off,warn,reject"`
	CreatedAt         string `json:"createdAt" format:"date-time"`
	UpdatedAt         string `json:"updatedAt" format:"date-time"`
}

func (f *EnvironmentFields) change() manage.EnvironmentChange {
	return manage.EnvironmentChange{
		Name: f.Name.Setting, DefaultFormat: f.DefaultFormat.Setting,
		Kind:              mapped(f.Kind, func(s string) posthorn.EnvironmentKind { return posthorn.EnvironmentKind(s) }),
		DefaultRetries:    mapped(f.DefaultRetries, clampToInt),
		DefaultValidation: mapped(f.DefaultValidation, asValidation),
	}
}

func (s *Server) environmentRoutes() []route {
	const tag = "Environments"
	return []route{
		writing(http.MethodPost, "/v1/environments", http.StatusCreated, "Create an environment", createEnvironment).in(tag).needs("name"),
		listing("/v1/environments", "List environments", listEnvironments).in(tag).asks(workspaceParameter(),
			parameter{name: "projectId", summary: "Only those of this project."}),
		reading("/v1/environments/{environmentId}", "Get an environment", getEnvironment).in(tag),
		writing(http.MethodPatch, "/v1/environments/{environmentId}", http.StatusOK, "Change an environment", updateEnvironment).in(tag),
	}
}

func createEnvironment(ctx context.Context, c *call, in *environmentInput) (environmentBody, error) {
	e, err := c.Manager.CreateEnvironment(ctx, c.principal, in.ProjectID.Value, in.change())
	if err != nil {
		return environmentBody{}, err
	}
	return showEnvironment(e), nil
}

func listEnvironments(ctx context.Context, c *call) (page[environmentBody], error) {
	asked, err := c.paging()
	if err != nil {
		return page[environmentBody]{}, err
	}
	q := store.EnvironmentQuery{Page: asked}
	if q.WorkspaceID, err = queryID[posthorn.WorkspaceID](c, "workspaceId"); err != nil {
		return page[environmentBody]{}, err
	}
	if q.ProjectID, err = queryID[posthorn.ProjectID](c, "projectId"); err != nil {
		return page[environmentBody]{}, err
	}
	environments, err := c.Manager.Environments(ctx, c.principal, q)
	if err != nil {
		return page[environmentBody]{}, err
	}
	return pageOf(c, asked, environments, func(e posthorn.Environment) [16]byte { return e.ID }, showEnvironment), nil
}

func getEnvironment(ctx context.Context, c *call) (environmentBody, error) {
	id, err := pathID[posthorn.EnvironmentID](c, "environmentId")
	if err != nil {
		return environmentBody{}, err
	}
	e, err := c.Manager.Environment(ctx, c.principal, id)
	if err != nil {
		return environmentBody{}, err
	}
	return showEnvironment(e), nil
}

func updateEnvironment(ctx context.Context, c *call, in *EnvironmentFields) (environmentBody, error) {
	id, err := pathID[posthorn.EnvironmentID](c, "environmentId")
	if err != nil {
		return environmentBody{}, err
	}
	e, err := c.Manager.UpdateEnvironment(ctx, c.principal, id, in.change())
	if err != nil {
		return environmentBody{}, err
	}
	return showEnvironment(e), nil
}

func showEnvironment(e posthorn.Environment) environmentBody {
	return environmentBody{
		ID: e.ID.String(), WorkspaceID: e.WorkspaceID.String(), ProjectID: e.ProjectID.String(), Name: e.Name,
		Kind: string(e.Kind), DefaultFormat: e.DefaultFormat, DefaultRetries: e.DefaultRetries, DefaultValidation: string(e.DefaultValidation),
		CreatedAt: showTime(e.CreatedAt), UpdatedAt: showTime(e.UpdatedAt),
	}
}
