package cli

import (
	"context"
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// triggerFlags are the flags of trigger.
type triggerFlags struct {
	data, webhook, environment string
	sets                       []string
}

func (s *session) triggerCommand() *cobra.Command {
	var flags triggerFlags
	command := &cobra.Command{
		Use: "trigger TYPE", Short: "Publish the example of an event type, with changes", Args: needs("TYPE"),
		Long: "Publish an event of a type with the example that the catalogue has of it, or, if there is none, with\n" +
			"data made of its schema. --set changes a value: the path has member names and, for arrays, positions\n" +
			"from 0, separated by dots; the value is JSON, or else a text. A backslash before a dot, an equals sign\n" +
			"or a backslash makes it a part of the name.\n\n" +
			"With --webhook nothing is published: the event is sent to that webhook alone, once, now, and what\n" +
			"came back is shown.",
		Example: "  posthorn trigger invoice.paid\n  posthorn trigger invoice.paid --set amount=150 --set customer.email=ada@example.com --set items.0.sku=null\n  posthorn trigger invoice.paid --data @invoice.json --webhook whc_abc123",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		c, environmentID, err := s.connectIn(flags.environment)
		if err != nil {
			return err
		}
		data, err := s.triggerData(ctx, c, environmentID, args[0], flags)
		if err != nil {
			return err
		}
		if flags.webhook != "" {
			return s.triggerOne(ctx, c, flags.webhook, client.TestEvent{Type: args[0], Data: data})
		}
		return s.triggerAll(ctx, c, client.EventInput{EnvironmentID: environmentID, Type: args[0], Data: data})
	})
	set := command.Flags()
	set.StringArrayVar(&flags.sets, "set", nil, "PATH=VALUE to change; repeat it for several (a.b=1, items.0.sku=null, name=Ada, 'zip=\"012\"')")
	set.StringVar(&flags.data, "data", "", "data instead of the example: JSON, @FILE, or - for stdin")
	set.StringVar(&flags.webhook, "webhook", "", "send it to this webhook alone, and keep nothing")
	environmentFlag(command, &flags.environment)
	return command
}

// triggerData is the data to send, and says where it comes from if that may surprise.
func (s *session) triggerData(ctx context.Context, c *client.Client, environmentID, eventType string, flags triggerFlags) ([]byte, error) {
	if flags.data != "" {
		data, err := s.readInput(flags.data)
		if err != nil {
			return nil, err
		}
		return changed(data, flags.sets)
	}
	example, err := c.ExampleOf(ctx, environmentID, eventType)
	var problem *client.Error
	switch {
	case errors.As(err, &problem) && problem.Status == http.StatusNotFound:
		return nil, &failure{code: exitNotFound, message: "the catalogue has no event type " + escape(eventType), hint: "Give --data, or add it: posthorn event-type create " + escape(eventType) + " --example '{…}'.", next: "event-type list"}
	case errors.As(err, &problem) && problem.Status == http.StatusConflict:
		return nil, &failure{code: exitConflict, message: "the event type has no example, and no schema to make one of", hint: "Give --data, or add one: posthorn event-type update " + escape(eventType) + " --example '{…}'."}
	case err != nil:
		return nil, err
	}
	if example.Generated {
		s.say("The event type has no example; this one was made of its schema: %s", escape(string(example.Data)))
	}
	if !example.Matches {
		s.say("It doesn't match the schema in all; give what is missing with --set, or save an example.")
	}
	return changed(example.Data, flags.sets)
}

// triggerOne sends to one webhook and shows what came back.
func (s *session) triggerOne(ctx context.Context, c *client.Client, webhook string, event client.TestEvent) error {
	result, err := c.TestWebhook(ctx, webhook, event)
	if err != nil {
		return err
	}
	return s.showTest(webhook, result)
}

// triggerAll publishes, and shows which webhooks the event goes to.
func (s *session) triggerAll(ctx context.Context, c *client.Client, input client.EventInput) error {
	event, err := c.Publish(ctx, input)
	if err != nil {
		return err
	}
	if err := showOne(s, event, eventFields(event)); err != nil {
		return err
	}
	if s.output == asTable && event.Deliveries > 0 {
		event.Data = input.Data
		if err := s.showDeliveriesOf(ctx, c, event); err != nil {
			return err
		}
	}
	s.sayDone("Published. See what becomes of it: posthorn event get " + event.ID)
	return nil
}
