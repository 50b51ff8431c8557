package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) projectCommand() *cobra.Command {
	return s.noun("project", "Projects of a workspace", s.projectCreate(),
		listCommand(s, lister[client.Project]{
			short: "List projects", example: "  posthorn project list --workspace ws_abc123", empty: "There are no projects.", scoped: true,
			items: (*client.Client).Projects,
			columns: []column[client.Project]{
				{"id", func(p client.Project) string { return p.ID }},
				{"name", func(p client.Project) string { return p.Name }},
				{"workspace", func(p client.Project) string { return p.WorkspaceID }},
				{"created", func(p client.Project) string { return stamp(p.CreatedAt) }},
			},
		}),
		getCommand(s, "PROJECT_ID", "Show a project", "  posthorn project get prj_abc123", (*client.Client).GetProject, projectFields),
		s.projectUpdate())
}

func (s *session) projectCreate() *cobra.Command {
	var workspace string
	command := &cobra.Command{
		Use: "create NAME", Short: "Make a project", Args: needs("NAME"),
		Example: "  posthorn project create Shop --workspace ws_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return asking(s, func(c *client.Client) (client.Project, error) {
				return c.CreateProject(ctx, client.ProjectInput{WorkspaceID: workspace, Name: args[0]})
			}, projectFields, "Made, with an environment in it.")
		}),
	}
	command.Flags().StringVar(&workspace, "workspace", "", "id of the workspace; needed where the key reaches several")
	return command
}

func (s *session) projectUpdate() *cobra.Command {
	var name string
	command := &cobra.Command{
		Use: "update PROJECT_ID --name NAME", Short: "Rename a project", Args: needs("PROJECT_ID"),
		Example: "  posthorn project update prj_abc123 --name Shop",
		RunE: s.does(func(ctx context.Context, args []string) error {
			if name == "" {
				return usage("project update needs --name", "project update --help")
			}
			return asking(s, func(c *client.Client) (client.Project, error) {
				return c.UpdateProject(ctx, args[0], client.ProjectChanges{Name: client.Set(name)})
			}, projectFields, "Updated.")
		}),
	}
	command.Flags().StringVar(&name, "name", "", "new name")
	return command
}

func projectFields(p client.Project) []field {
	fields := []field{{"id", p.ID}, {"name", p.Name}, {"workspace", p.WorkspaceID}, {"created", stamp(p.CreatedAt)}, {"updated", stamp(p.UpdatedAt)}}
	if p.Environment != nil {
		fields = append(fields, field{"environment", p.Environment.ID})
	}
	return fields
}
