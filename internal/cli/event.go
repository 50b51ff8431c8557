package cli

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) eventCommand() *cobra.Command {
	return s.noun("event", "Publish events and look at them", s.eventSend(), s.eventList(), s.eventGet(), s.eventExplain())
}

func (s *session) eventList() *cobra.Command {
	var list listFlags
	var environment, eventType, after, before string
	command := &cobra.Command{
		Use: "list", Short: "List events, newest first", Args: needs(),
		Example: "  posthorn event list --type user.created\n  posthorn event list --after 2026-01-02T03:04:05Z --all -o jsonl",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			limit, err := list.shown()
			if err != nil {
				return err
			}
			query := client.EventQuery{Type: eventType, Limit: list.page()}
			if query.After, err = parseTime("after", after); err != nil {
				return err
			}
			if query.Before, err = parseTime("before", before); err != nil {
				return err
			}
			c, environmentID, err := s.connectIn(environment)
			if err != nil {
				return err
			}
			query.EnvironmentID = environmentID
			return showList(s, listing[client.Event]{
				items: c.Events(ctx, query), limit: limit, empty: "There are no such events. Publish one: posthorn event send user.created --data '{}'",
				columns: []column[client.Event]{
					{"id", func(e client.Event) string { return e.ID }},
					{"type", func(e client.Event) string { return e.Type }},
					{"timestamp", func(e client.Event) string { return stamp(e.Timestamp) }},
					{"accepted", func(e client.Event) string { return stamp(e.AcceptedAt) }},
					{"deliveries", func(e client.Event) string { return strconv.Itoa(e.Deliveries) }},
				},
			})
		}),
	}
	list.addTo(command)
	environmentFlag(command, &environment)
	flags := command.Flags()
	flags.StringVar(&eventType, "type", "", "only events of this type")
	flags.StringVar(&after, "after", "", "only events after this time (RFC 3339, or a date)")
	flags.StringVar(&before, "before", "", "only events before this time (RFC 3339, or a date)")
	return command
}

func (s *session) eventGet() *cobra.Command {
	return &cobra.Command{
		Use: "get EVENT_ID", Short: "Show an event, its data and its deliveries", Args: needs("EVENT_ID"),
		Example: "  posthorn event get evt_abc123\n  posthorn event get evt_abc123 -o json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			event, err := c.GetEvent(ctx, args[0])
			if err != nil {
				return err
			}
			if err := showOne(s, event, eventFields(event)); err != nil || s.output != asTable {
				return err
			}
			return s.showDeliveriesOf(ctx, c, event)
		}),
	}
}

func (s *session) showDeliveriesOf(ctx context.Context, c *client.Client, event client.Event) error {
	data := append(bytes.TrimSpace(event.Data), '\n')
	if err := s.write([]byte("\ndata\n" + escapeLines(string(data)) + "\n")); err != nil {
		return err
	}
	columns := slices.DeleteFunc(s.deliveryColumns(), func(c column[client.Delivery]) bool { return c.title == "type" })
	return showList(s, listing[client.Delivery]{items: c.EventDeliveries(ctx, event.ID), columns: columns, empty: "No webhook wanted this event."})
}

func eventFields(e client.Event) []field {
	deliveries := strconv.Itoa(e.Deliveries)
	if e.Duplicate {
		deliveries += " (the event was there already)"
	}
	return []field{
		{"id", e.ID},
		{"type", e.Type},
		{"timestamp", stamp(e.Timestamp)},
		{"accepted", stamp(e.AcceptedAt)},
		{"environment", e.EnvironmentID},
		{"deliveries", deliveries},
		{"note", inFlags(strings.TrimSpace(e.Note))},
		{"warnings", joinWarnings(e.Warnings)},
	}
}

func joinWarnings(warnings []client.ErrorAtPlace) string {
	texts := make([]string, 0, len(warnings))
	for _, w := range warnings {
		texts = append(texts, w.Pointer+": "+w.Detail)
	}
	return strings.Join(texts, "; ")
}
