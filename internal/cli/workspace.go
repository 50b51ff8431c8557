package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) workspaceCommand() *cobra.Command {
	return s.noun("workspace", "Tenants: who owns webhooks and keys", s.workspaceCreate(),
		listCommand(s, lister[client.Workspace]{
			short: "List workspaces", example: "  posthorn workspace list", empty: "There are no workspaces.",
			items: (*client.Client).Workspaces,
			columns: []column[client.Workspace]{
				{"id", func(w client.Workspace) string { return w.ID }},
				{"name", func(w client.Workspace) string { return w.Name }},
				{"external id", func(w client.Workspace) string { return textIf(w.ExternalID) }},
				{"created", func(w client.Workspace) string { return stamp(w.CreatedAt) }},
			},
		}),
		getCommand(s, "WORKSPACE_ID", "Show a workspace", "  posthorn workspace get ws_abc123", (*client.Client).GetWorkspace, workspaceFields),
		s.workspaceUpdate())
}

func (s *session) workspaceCreate() *cobra.Command {
	var externalID string
	command := &cobra.Command{
		Use: "create NAME", Short: "Make a workspace with a project and an environment", Args: needs("NAME"),
		Example: "  posthorn workspace create 'Acme Inc' --external-id customer-42",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			workspace, err := c.CreateWorkspace(ctx, client.WorkspaceInput{Name: args[0], ExternalID: externalID})
			if err != nil {
				return err
			}
			if err := showOne(s, workspace, workspaceFields(workspace)); err != nil {
				return err
			}
			s.sayDone("Made. Give it a key: posthorn key create backend --workspace " + workspace.ID)
			return nil
		}),
	}
	command.Flags().StringVar(&externalID, "external-id", "", "the tenant's id in your own system")
	return command
}

func (s *session) workspaceUpdate() *cobra.Command {
	var name, externalID string
	command := &cobra.Command{
		Use: "update WORKSPACE_ID", Short: "Change a workspace", Args: needs("WORKSPACE_ID"),
		Example: "  posthorn workspace update ws_abc123 --name 'Acme Ltd'",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		given := command.Flags().Changed
		changes := client.WorkspaceChanges{Name: optionalIf(given("name"), name), ExternalID: optionalIf(given("external-id"), externalID)}
		if changes == (client.WorkspaceChanges{}) {
			return usage("workspace update needs --name or --external-id", "workspace update --help")
		}
		return asking(s, func(c *client.Client) (client.Workspace, error) { return c.UpdateWorkspace(ctx, args[0], changes) }, workspaceFields, "Updated.")
	})
	command.Flags().StringVar(&name, "name", "", "new name")
	command.Flags().StringVar(&externalID, "external-id", "", "the tenant's id in your own system")
	return command
}

func workspaceFields(w client.Workspace) []field {
	fields := []field{{"id", w.ID}, {"name", w.Name}, {"external id", textIf(w.ExternalID)}, {"created", stamp(w.CreatedAt)}, {"updated", stamp(w.UpdatedAt)}}
	if w.Project != nil {
		fields = append(fields, field{"project", w.Project.ID})
	}
	if w.Environment != nil {
		fields = append(fields, field{"environment", w.Environment.ID})
	}
	return fields
}
