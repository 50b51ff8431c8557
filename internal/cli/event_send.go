package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

// sendFlags are the flags of event send.
type sendFlags struct{ data, id, timestamp, batch, environment string }

func (s *session) eventSend() *cobra.Command {
	var flags sendFlags
	command := &cobra.Command{
		Use: "send TYPE", Short: "Publish an event, or many from a file",
		Long: "Publish an event. Its data is any JSON value and arrives byte for byte: from --data, from a file\n" +
			"(--data @FILE) or from stdin.\n\n" +
			"With --batch, publish the events of an NDJSON file, one object a line with the members type, data and,\n" +
			"if wanted, id and timestamp. A line that is rejected keeps no other back; the exit code is 1 then. As JSON, each result\n" +
			"has the number of its line.",
		Example: "  posthorn event send user.created --data '{\"userId\":\"usr_1\"}'\n  posthorn event send user.created --data @event.json --id order-42\n  echo '{}' | posthorn event send user.login\n  posthorn event send --batch events.ndjson",
		Args:    cobra.ArbitraryArgs,
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		if flags.batch == "" {
			if err := needs("TYPE")(command, args); err != nil {
				return err
			}
			return s.sendOne(ctx, args[0], flags, command.Flags().Changed("data"))
		}
		if len(args) > 0 || flags.data != "" || flags.id != "" || flags.timestamp != "" {
			return usage("--batch takes type, data, id and timestamp from its lines", "event send --batch FILE")
		}
		return s.sendBatch(ctx, flags)
	})
	environmentFlag(command, &flags.environment)
	set := command.Flags()
	set.StringVar(&flags.data, "data", "", "JSON value, @FILE, or - for stdin (default stdin)")
	set.StringVar(&flags.id, "id", "", "your own id of the event; publishing it again does nothing")
	set.StringVar(&flags.timestamp, "timestamp", "", "when it happened (RFC 3339; default now)")
	set.StringVar(&flags.batch, "batch", "", "NDJSON file of events, or - for stdin")
	return command
}

func (s *session) sendOne(ctx context.Context, eventType string, flags sendFlags, dataGiven bool) error {
	moment, err := parseTime("timestamp", flags.timestamp)
	if err != nil {
		return err
	}
	if !dataGiven {
		if isTerminal(s.stdin) {
			return usage("the event has no data", "event send "+escape(eventType)+" --data '{}'")
		}
		flags.data = "-"
	}
	data, err := s.readInput(flags.data)
	if err != nil {
		return err
	}
	c, environmentID, err := s.connectIn(flags.environment)
	if err != nil {
		return err
	}
	event, err := c.Publish(ctx, client.EventInput{EnvironmentID: environmentID, Type: eventType, Data: data, ID: flags.id, Timestamp: moment})
	if err != nil {
		return err
	}
	if err := showOne(s, event, eventFields(event)); err != nil {
		return err
	}
	s.sayDone("Accepted. See what becomes of it: posthorn event get " + event.ID)
	return nil
}
