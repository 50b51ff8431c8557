package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/internal/demo"
)

func (s *session) demoCommand() *cobra.Command {
	var events string
	var keep bool
	command := &cobra.Command{
		Use: "demo", Short: "Watch events go out, be verified, fail and be retried", Args: needs(),
		Long: "Starts a server on a temporary database and a small receiver, registers a webhook of every built-in\n" +
			"format and one that refuses the first events twice each, publishes a stream of events, verifies every signature\n" +
			"at the receiver, and reports what happened. It fails if anything is missing.",
		Example: "  posthorn demo\n  posthorn demo --events my-events.jsonl\n  posthorn demo --keep",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			complete := false
			show := func(summary demo.Summary) error {
				complete = summary.Complete()
				return s.showSummary(summary)
			}
			err := demo.Run(ctx, demo.Options{Talk: s.stderr, Events: events, Keep: keep, Version: version()}, show)
			if err != nil {
				return err
			}
			if !complete {
				return &failure{code: exitFailed, message: "something is missing: see the table above"}
			}
			return nil
		}),
	}
	command.Flags().StringVar(&events, "events", "", "file with events of your own, one JSON object a line with type and data")
	command.Flags().BoolVar(&keep, "keep", false, "leave the server running and print how to go on")
	return command
}

func (s *session) showSummary(summary demo.Summary) error {
	if s.output != asTable {
		text, err := json.Marshal(summary)
		if err != nil {
			return fmt.Errorf("writing the summary: %w", err)
		}
		return s.writeJSON(text)
	}
	rows := [][]string{{"WEBHOOK", "FORMAT", "DELIVERIES", "ATTEMPTS", "VERIFIED", "BYTES INTACT", "RETRIED", "LOST"}}
	for _, webhook := range summary.Webhooks {
		rows = append(rows, []string{
			webhook.Name, webhook.Format, strconv.FormatInt(webhook.Deliveries, 10), strconv.FormatInt(webhook.Attempts, 10),
			strconv.Itoa(webhook.Verified), strconv.Itoa(webhook.Intact), strconv.FormatInt(webhook.Retried, 10), strconv.FormatInt(webhook.Lost, 10),
		})
	}
	rows = append(rows, []string{
		"all", "", strconv.FormatInt(summary.Deliveries, 10), strconv.FormatInt(summary.Attempts, 10),
		strconv.Itoa(summary.Verified), strconv.Itoa(summary.Intact), strconv.FormatInt(summary.Retried, 10), strconv.FormatInt(summary.Lost, 10),
	})
	s.say("")
	if err := s.writeRows(rows); err != nil {
		return err
	}
	s.say("\n%d events, %d deliveries, %d attempts in %.1f s: %d verified, %d retried, %d lost",
		summary.Events, summary.Deliveries, summary.Attempts, summary.Seconds, summary.Verified, summary.Retried, summary.Lost)
	return nil
}
