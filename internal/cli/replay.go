package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) replayCommand() *cobra.Command {
	return s.noun("replay", "See how far sending many deliveries again is, and stop it; webhook replay begins it",
		s.replayList(),
		getCommand(s, "REPLAY_ID", "Show how far a replay is", "  posthorn replay get rpl_abc123", (*client.Client).GetReplay, replayFields),
		s.replayCancel())
}

// manyDeliveries is how many a replay sends again without being asked whether it is
// meant.
const manyDeliveries = 1000

func (s *session) webhookReplay() *cobra.Command {
	var statuses, after, before string
	var isDryRun, isMeant bool
	command := &cobra.Command{
		Use: "replay WEBHOOK_ID", Short: "Send many deliveries of a webhook again, behind what is new", Args: needs("WEBHOOK_ID"),
		Long: "Send deliveries of a webhook again: those that are exhausted or expired, or what --status says. The server\n" +
			"does it little by little, so that new events don't wait for it, and goes on after a restart. It says first\n" +
			"how many they are; more than " + strconv.Itoa(manyDeliveries) + " are sent only with --yes.",
		Example: "  posthorn webhook replay whc_abc123 --dry-run\n  posthorn webhook replay whc_abc123 --status exhausted --after 2026-01-02",
		RunE: s.does(func(ctx context.Context, args []string) error {
			input := client.ReplayInput{DryRun: true}
			for status := range strings.SplitSeq(statuses, ",") {
				if status = strings.TrimSpace(status); status != "" {
					input.Statuses = append(input.Statuses, status)
				}
			}
			var err error
			if input.After, err = parseTime("after", after); err != nil {
				return err
			}
			if input.Before, err = parseTime("before", before); err != nil {
				return err
			}
			return s.replay(ctx, args[0], input, isDryRun, isMeant)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&statuses, "status", "", "which deliveries, by status, separated by commas: exhausted, expired, cancelled, quarantined, succeeded; without it exhausted,expired")
	flags.StringVar(&after, "after", "", "only deliveries made at this time or later (RFC 3339, or a date)")
	flags.StringVar(&before, "before", "", "only deliveries made before this time (RFC 3339, or a date)")
	flags.BoolVar(&isDryRun, "dry-run", false, "say how many they are, and do nothing")
	flags.BoolVar(&isMeant, "yes", false, "send them again however many they are")
	return command
}

// replay counts first, and then does what was counted unless that is all.
func (s *session) replay(ctx context.Context, webhook string, input client.ReplayInput, isDryRun, isMeant bool) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	counted, err := c.CreateReplay(ctx, webhook, input)
	if isMeant && !isDryRun && isTooLongToCount(err) {
		s.sayDone("They are too many to be counted.")
		return s.makeReplay(ctx, c, webhook, input)
	}
	if err != nil {
		return err
	}
	count := 0
	if counted.Matching != nil {
		count = *counted.Matching
	}
	switch {
	case isDryRun, count == 0:
		if err := showOne(s, counted, replayFields(counted)); err != nil || count > 0 {
			return err
		}
		s.sayDone("No delivery matches: there is nothing to send again.")
		return nil
	case count > manyDeliveries && !isMeant:
		return usage(fmt.Sprintf("%s deliveries would be sent again; say --yes if that is meant, or narrow it with --status, --after and --before", matching(count)), "webhook replay "+escape(webhook)+" --dry-run")
	}
	s.sayDone("Deliveries that match: " + matching(count) + ".")
	return s.makeReplay(ctx, c, webhook, input)
}

// isTooLongToCount reports whether the dry run, and nothing else, was refused.
func isTooLongToCount(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && len(refused.Errors) == 1 && refused.Errors[0].Pointer == "/dryRun"
}

// matching says how many a dry run counted.
func matching(count int) string {
	if count >= client.MaxMatching {
		return strconv.Itoa(client.MaxMatching) + " or more"
	}
	return strconv.Itoa(count)
}

func (s *session) makeReplay(ctx context.Context, c *client.Client, webhook string, input client.ReplayInput) error {
	input.DryRun = false
	made, err := c.CreateReplay(ctx, webhook, input)
	if err != nil {
		return err
	}
	if err := showOne(s, made, replayFields(made)); err != nil {
		return err
	}
	s.sayDone("They are sent again, behind what is new. How far it is: posthorn replay get " + made.ID)
	return nil
}

func (s *session) replayList() *cobra.Command {
	var list listFlags
	command := &cobra.Command{
		Use: "list WEBHOOK_ID", Short: "List a webhook's replays, newest first", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn replay list whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			limit, err := list.shown()
			if err != nil {
				return err
			}
			c, err := s.connect()
			if err != nil {
				return err
			}
			return showList(s, listing[client.Replay]{
				items: c.Replays(ctx, args[0], client.ListQuery{Limit: list.page()}), limit: limit, empty: "There are no replays of this webhook.",
				columns: []column[client.Replay]{
					{"id", func(r client.Replay) string { return r.ID }},
					{"status", func(r client.Replay) string { return r.Status }},
					{"statuses", func(r client.Replay) string { return strings.Join(r.Statuses, ",") }},
					{"examined", func(r client.Replay) string { return strconv.FormatInt(r.Examined, 10) }},
					{"replayed", func(r client.Replay) string { return strconv.FormatInt(r.Replayed, 10) }},
					{"created", func(r client.Replay) string { return stamp(r.CreatedAt) }},
				},
			})
		}),
	}
	list.addTo(command)
	return command
}

func (s *session) replayCancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel REPLAY_ID", Short: "Stop a replay; what it has made due is sent all the same", Args: needs("REPLAY_ID"),
		Example: "  posthorn replay cancel rpl_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return asking(s, func(c *client.Client) (client.Replay, error) { return c.CancelReplay(ctx, args[0]) }, replayFields, "Cancelled.")
		}),
	}
}

func replayFields(r client.Replay) []field {
	fields := []field{
		{"id", r.ID},
		{"webhook", r.WebhookID},
		{"environment", r.EnvironmentID},
		{"statuses", strings.Join(r.Statuses, ", ")},
		{"after", stampIf(r.After)},
		{"before", stampIf(r.Before)},
	}
	if r.Matching != nil {
		return append(fields, field{"matching", matching(*r.Matching)})
	}
	return append(fields,
		field{"status", r.Status},
		field{"waiting for", r.WaitingFor},
		field{"examined", strconv.FormatInt(r.Examined, 10)},
		field{"replayed", strconv.FormatInt(r.Replayed, 10)},
		field{"created", stamp(r.CreatedAt)},
		field{"updated", stamp(r.UpdatedAt)},
	)
}
