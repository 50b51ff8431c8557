package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) webhookFilterTest() *cobra.Command {
	var question client.FilterQuestion
	command := &cobra.Command{
		Use: "filter-test [FILTER]", Short: "Try a filter on recent events", Args: cobra.MaximumNArgs(1),
		Long: "Try a filter on the last hundred events of the types that it is for, and show how many would match. FILTER is\n" +
			"a CEL expression over event.type, event.data and event.timestamp; @FILE reads it from a file, - from stdin.\n" +
			"With --webhook it is tried in the place of that webhook's filter, or that filter itself is tried.\n" +
			"Nothing is kept or sent. The exit code is 1 when the filter fails on every event.",
		Example: "  posthorn webhook filter-test 'event.data.amount > 100' --events 'invoice.*'\n  posthorn webhook filter-test --webhook whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			if len(args) == 0 && question.WebhookID == "" {
				return usage("webhook filter-test needs FILTER or --webhook", "webhook filter-test --help")
			}
			if len(args) == 1 {
				text, err := s.readInput(args[0])
				if err != nil {
					return err
				}
				question.Filter = strings.TrimSpace(string(text))
			}
			return s.tryFilter(ctx, question)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&question.WebhookID, "webhook", "", "webhook whose environment, filter and event types are meant")
	flags.StringSliceVar(&question.Events, "events", nil, "event types to try it on, separated by commas (default all, or those of the webhook)")
	environmentFlag(command, &question.EnvironmentID)
	return command
}

func (s *session) tryFilter(ctx context.Context, question client.FilterQuestion) error {
	c, environmentID, err := s.connectIn(question.EnvironmentID)
	if err != nil {
		return err
	}
	question.Events = trimmed(question.Events)
	if question.WebhookID == "" {
		question.EnvironmentID = environmentID
	}
	trial, err := c.TestFilter(ctx, question)
	if err != nil {
		return err
	}
	if err := showOne(s, trial, trialFields(trial)); err != nil {
		return err
	}
	if trial.Tried > 0 && trial.Failed == trial.Tried {
		return &failure{code: exitFailed, message: "the filter fails on every event it was tried on", hint: "Check the names in it, and ask with has() for what not every event has."}
	}
	return nil
}

func trialFields(trial client.FilterTrial) []field {
	fields := []field{
		{"filter", trial.Filter},
		{"events", strings.Join(trial.Events, ", ")},
		{"tried", fmt.Sprintf("%d recent events", trial.Tried)},
		{"match", strconv.Itoa(trial.Matched)},
		{"don't match", strconv.Itoa(trial.Unmatched)},
		{"fail", strconv.Itoa(trial.Failed)},
	}
	for _, f := range trial.Failures {
		fields = append(fields, field{"failure", fmt.Sprintf("%s (%d, newest %s)", f.Detail, f.Count, f.EventID)})
	}
	return append(fields, field{"cost", fmt.Sprintf("up to %d units, of %d", trial.EstimatedCost, trial.CostLimit)})
}

func (s *session) eventExplain() *cobra.Command {
	var environment, webhook string
	command := &cobra.Command{
		Use: "explain EVENT_ID --webhook WEBHOOK_ID", Short: "Say why an event has or has no delivery to a webhook", Args: needs("EVENT_ID"),
		Example: "  posthorn event explain evt_abc123 --webhook whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			if webhook == "" {
				return usage("event explain needs --webhook", "event explain "+args[0]+" --webhook whc_abc123")
			}
			c, environmentID, err := s.connectIn(environment)
			if err != nil {
				return err
			}
			explained, err := c.ExplainEvent(ctx, environmentID, args[0], webhook)
			if err != nil {
				return err
			}
			return showOne(s, explained, explanationFields(explained))
		}),
	}
	command.Flags().StringVar(&webhook, "webhook", "", "the webhook")
	environmentFlag(command, &environment)
	return command
}

func explanationFields(e client.Explanation) []field {
	fields := []field{
		{"event", e.EventID},
		{"webhook", e.WebhookID},
		{"because", e.Because},
		{"detail", e.Detail},
		{"delivery", textIf(e.DeliveryID)},
		{"delivery status", textIf(e.DeliveryStatus)},
		{"filter", e.Filter},
		{"failure", e.Failure},
	}
	if e.WebhookChanged {
		fields = append(fields, field{"webhook", "has changed since the event was accepted"})
	}
	return fields
}
