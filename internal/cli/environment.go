package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// environmentSettings are the flags that create and update share.
type environmentSettings struct {
	kind, defaultFormat, defaultValidation string
	defaultRetries                         int
}

func (e *environmentSettings) addTo(s *session, command *cobra.Command, defaultKind string) {
	flags := command.Flags()
	flags.StringVar(&e.kind, "kind", defaultKind, "production (https and public addresses only) or development")
	flags.StringVar(&e.defaultFormat, "default-format", "", "format of webhooks that name none")
	flags.IntVar(&e.defaultRetries, "default-retries", 0, "retries where webhook, event type and format say nothing")
	flags.StringVar(&e.defaultValidation, "default-validation", "", "what is done about data that doesn't match its type's schema, where the type says nothing: off, warn or reject")
	s.completeFlag(command, "default-validation", validations()...)
	s.completeFlag(command, "kind", "production", "development")
}

func (s *session) environmentCommand() *cobra.Command {
	return s.noun("environment", "Environments of a project: where webhooks and events live", s.environmentCreate(),
		listCommand(s, lister[client.Environment]{
			short: "List environments", example: "  posthorn environment list", empty: "There are no environments.", scoped: true,
			items: (*client.Client).Environments,
			columns: []column[client.Environment]{
				{"id", func(e client.Environment) string { return e.ID }},
				{"name", func(e client.Environment) string { return e.Name }},
				{"kind", func(e client.Environment) string { return e.Kind }},
				{"format", func(e client.Environment) string { return e.DefaultFormat }},
				{"retries", func(e client.Environment) string { return strconv.Itoa(e.DefaultRetries) }},
				{"project", func(e client.Environment) string { return e.ProjectID }},
				{"workspace", func(e client.Environment) string { return e.WorkspaceID }},
			},
		}),
		getCommand(s, "ENVIRONMENT_ID", "Show an environment", "  posthorn environment get env_abc123", (*client.Client).GetEnvironment, environmentFields),
		s.environmentUpdate())
}

func (s *session) environmentCreate() *cobra.Command {
	var settings environmentSettings
	var project string
	command := &cobra.Command{
		Use: "create NAME", Short: "Make an environment", Args: needs("NAME"),
		Example: "  posthorn environment create Staging --kind development --project prj_abc123",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		input := client.EnvironmentInput{
			ProjectID: project, Name: args[0], Kind: settings.kind, DefaultFormat: settings.defaultFormat, DefaultValidation: settings.defaultValidation,
			DefaultRetries: optionalIf(command.Flags().Changed("default-retries"), settings.defaultRetries),
		}
		return asking(s, func(c *client.Client) (client.Environment, error) { return c.CreateEnvironment(ctx, input) }, environmentFields, "Made.")
	})
	settings.addTo(s, command, "production")
	command.Flags().StringVar(&project, "project", "", "id of the project; needed where the key reaches several")
	return command
}

func (s *session) environmentUpdate() *cobra.Command {
	var settings environmentSettings
	var name string
	command := &cobra.Command{
		Use: "update ENVIRONMENT_ID", Short: "Change an environment", Args: needs("ENVIRONMENT_ID"),
		Example: "  posthorn environment update env_abc123 --default-retries 9",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		given := command.Flags().Changed
		changes := client.EnvironmentChanges{
			Name: optionalIf(given("name"), name), Kind: optionalIf(given("kind"), settings.kind),
			DefaultFormat: optionalIf(given("default-format"), settings.defaultFormat), DefaultRetries: optionalIf(given("default-retries"), settings.defaultRetries),
			DefaultValidation: optionalIf(given("default-validation"), settings.defaultValidation),
		}
		if changes == (client.EnvironmentChanges{}) {
			return usage("environment update needs --name, --kind, --default-format, --default-retries or --default-validation", "environment update --help")
		}
		return asking(s, func(c *client.Client) (client.Environment, error) { return c.UpdateEnvironment(ctx, args[0], changes) }, environmentFields, "Updated.")
	})
	settings.addTo(s, command, "")
	command.Flags().StringVar(&name, "name", "", "new name")
	return command
}

func environmentFields(e client.Environment) []field {
	return []field{
		{"id", e.ID},
		{"name", e.Name},
		{"kind", e.Kind},
		{"default format", e.DefaultFormat},
		{"default retries", strconv.Itoa(e.DefaultRetries)},
		{"default validation", e.DefaultValidation},
		{"project", e.ProjectID},
		{"workspace", e.WorkspaceID},
		{"created", stamp(e.CreatedAt)},
		{"updated", stamp(e.UpdatedAt)},
	}
}
