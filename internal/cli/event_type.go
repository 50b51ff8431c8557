package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posthorn/posthorn/client"
)

// eventTypeSettings are the flags that create and update share.
type eventTypeSettings struct {
	description, since, status, example, schema, validation string
	retries                                                 int
}

func (e *eventTypeSettings) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&e.description, "description", "", "what happened when it is sent")
	flags.StringVar(&e.since, "since", "", "version that brought it")
	flags.StringVar(&e.status, "status", "", "how settled it is, for example GA or Beta")
	flags.IntVar(&e.retries, "retries", 0, "retries of its deliveries, unless a webhook says otherwise")
	flags.StringVar(&e.example, "example", "", "example of its data: JSON, @FILE or - for stdin")
	flags.StringVar(&e.schema, "schema", "", "JSON Schema of its data: JSON, @FILE or - for stdin")
	flags.StringVar(&e.validation, "validation", "", "what is done about data that doesn't match the schema: off, warn or reject (default: as the environment says)")
}

// validations are the values of the flag.
func validations() []string { return []string{"off", "warn", "reject"} }

// texts reads example and schema.
func (e *eventTypeSettings) texts(s *session) ([]byte, []byte, error) {
	if e.example == "-" && e.schema == "-" {
		return nil, nil, usage("--example and --schema can't both be on stdin", "")
	}
	example, err := s.readInput(e.example)
	if err != nil {
		return nil, nil, err
	}
	schema, err := s.readInput(e.schema)
	if err != nil {
		return nil, nil, err
	}
	if err := checkJSON("--example", example); err != nil {
		return nil, nil, err
	}
	return example, schema, checkJSON("--schema", schema)
}

func (s *session) eventTypeCommand() *cobra.Command {
	return s.noun("event-type", "The catalogue of event types",
		listCommand(s, lister[client.EventType]{
			short: "List the catalogue", example: "  posthorn event-type list", inEnvironment: true,
			empty: "The catalogue is empty. Fill it: posthorn event-type import --preset ascendkit",
			items: (*client.Client).EventTypes,
			columns: []column[client.EventType]{
				{"name", func(e client.EventType) string { return e.Name }},
				{"since", func(e client.EventType) string { return e.Since }},
				{"retries", func(e client.EventType) string { return numberIf(e.Retries) }},
				{"status", func(e client.EventType) string { return e.Status }},
				{"description", func(e client.EventType) string { return e.Description }},
			},
		}),
		s.eventTypeGet(), s.eventTypeCreate(), s.eventTypeUpdate(), s.eventTypeDelete(), s.eventTypeImport())
}

func (s *session) eventTypeGet() *cobra.Command {
	var environment string
	command := &cobra.Command{
		Use: "get NAME", Short: "Show an event type", Args: needs("NAME"), Example: "  posthorn event-type get user.created",
		RunE: s.does(func(ctx context.Context, args []string) error {
			environmentID, err := s.environment(environment)
			if err != nil {
				return err
			}
			return asking(s, func(c *client.Client) (client.EventType, error) { return c.GetEventType(ctx, environmentID, args[0]) }, eventTypeFields, "")
		}),
	}
	environmentFlag(command, &environment)
	return command
}

func (s *session) eventTypeCreate() *cobra.Command {
	var settings eventTypeSettings
	var environment string
	command := &cobra.Command{
		Use: "create NAME", Short: "Add an event type", Args: needs("NAME"),
		Example: "  posthorn event-type create order.paid --description 'An order was paid' --retries 5 --example '{\"orderId\":\"o_1\"}'",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		example, schema, err := settings.texts(s)
		if err != nil {
			return err
		}
		environmentID, err := s.environment(environment)
		if err != nil {
			return err
		}
		input := client.EventTypeInput{
			EnvironmentID: environmentID, Name: args[0], Description: settings.description, Since: settings.since, Status: settings.status,
			Example: example, Schema: schema, Validation: settings.validation,
		}
		if command.Flags().Changed("retries") {
			input.Retries = &settings.retries
		}
		return asking(s, func(c *client.Client) (client.EventType, error) { return c.CreateEventType(ctx, input) }, eventTypeFields, "Added.")
	})
	settings.addTo(command.Flags())
	s.completeFlag(command, "validation", validations()...)
	environmentFlag(command, &environment)
	return command
}

func (s *session) eventTypeUpdate() *cobra.Command {
	var settings eventTypeSettings
	var environment string
	command := &cobra.Command{
		Use: "update NAME", Short: "Change an event type", Args: needs("NAME"),
		Example: "  posthorn event-type update order.paid --status GA",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		example, schema, err := settings.texts(s)
		if err != nil {
			return err
		}
		given := command.Flags().Changed
		changes := client.EventTypeChanges{
			Description: optionalIf(given("description"), settings.description), Since: optionalIf(given("since"), settings.since),
			Status: optionalIf(given("status"), settings.status), Retries: optionalIf(given("retries"), settings.retries),
			Example: rawIf(given("example"), example), Schema: rawIf(given("schema"), schema), Validation: validationIf(given("validation"), settings.validation),
		}
		if changes == (client.EventTypeChanges{}) {
			return usage("event-type update changes nothing without a flag such as --description", "event-type update --help")
		}
		if changes.EnvironmentID, err = s.environment(environment); err != nil {
			return err
		}
		return asking(s, func(c *client.Client) (client.EventType, error) {
			return c.UpdateEventType(ctx, args[0], changes)
		}, eventTypeFields, "Updated.")
	})
	settings.addTo(command.Flags())
	s.completeFlag(command, "validation", validations()...)
	environmentFlag(command, &environment)
	return command
}

func (s *session) eventTypeDelete() *cobra.Command {
	var environment string
	command := &cobra.Command{
		Use: "delete NAME", Short: "Remove an event type", Args: needs("NAME"), Example: "  posthorn event-type delete order.paid",
		RunE: s.does(func(ctx context.Context, args []string) error {
			environmentID, err := s.environment(environment)
			if err != nil {
				return err
			}
			return s.deleting("Deleted", func(c *client.Client) (client.Deleted, error) { return c.DeleteEventType(ctx, environmentID, args[0]) })
		}),
	}
	environmentFlag(command, &environment)
	return command
}

// validationIf is a change of validation; an empty one leaves it to the environment
// again.
func validationIf(given bool, value string) client.Optional[string] {
	if given && value == "" {
		return client.Reset[string]()
	}
	return optionalIf(given, value)
}

func eventTypeFields(e client.EventType) []field {
	return []field{
		{"name", e.Name},
		{"description", e.Description},
		{"since", e.Since},
		{"status", e.Status},
		{"retries", numberIf(e.Retries)},
		{"example", jsonIf(e.Example)},
		{"schema", jsonIf(e.Schema)},
		{"validation", first(e.Validation, "as the environment says")},
		{"environment", e.EnvironmentID},
		{"created", stamp(e.CreatedAt)},
		{"updated", stamp(e.UpdatedAt)},
	}
}
