package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) deliveryCommand() *cobra.Command {
	return s.noun("delivery", "See what became of events, and try again", s.deliveryList(), s.deliveryGet(),
		s.deliveryAction("retry", "Try a delivery again now", retried, (*client.Client).RetryDelivery),
		s.deliveryAction("cancel", "Stop a delivery that waits or is quarantined", cancelled, (*client.Client).CancelDelivery))
}

func retried(d client.Delivery) string {
	if d.WaitingFor != "" {
		return "It waits: " + d.WaitingFor + "."
	}
	return "Another try is due now."
}

func cancelled(client.Delivery) string { return "Cancelled." }

// deliveryColumns are few enough for a usual screen: the event's id is not among
// them.
func (s *session) deliveryColumns() []column[client.Delivery] {
	return []column[client.Delivery]{
		{"id", func(d client.Delivery) string { return d.ID }},
		{"type", func(d client.Delivery) string { return d.EventType }},
		{"webhook", func(d client.Delivery) string { return d.WebhookID }},
		{"status", func(d client.Delivery) string { return d.Status }},
		{"attempts", func(d client.Delivery) string { return strconv.Itoa(d.Attempts) }},
		{"last", func(d client.Delivery) string { return textIf(d.LastReason) }},
		{"next", func(d client.Delivery) string { return s.nextAttempt(d, shortStamp) }},
	}
}

func (s *session) deliveryList() *cobra.Command {
	var list listFlags
	var environment, after, before string
	var query client.DeliveryQuery
	command := &cobra.Command{
		Use: "list", Short: "List deliveries, newest first", Args: needs(),
		Example: "  posthorn delivery list --status exhausted\n  posthorn delivery list --webhook whc_abc123 --after 2026-01-02T03:04:05Z",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			limit, err := list.shown()
			if err != nil {
				return err
			}
			query.Limit = list.page()
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
			return showList(s, listing[client.Delivery]{items: c.Deliveries(ctx, query), limit: limit, columns: s.deliveryColumns(), empty: "There are no such deliveries."})
		}),
	}
	list.addTo(command)
	environmentFlag(command, &environment)
	flags := command.Flags()
	flags.StringVar(&query.WebhookID, "webhook", "", "only deliveries to this webhook")
	flags.StringVar(&query.EventID, "event", "", "only deliveries of this event")
	flags.StringVar(&query.Status, "status", "", "only deliveries in this status: pending, leased, succeeded, exhausted, cancelled, expired or quarantined")
	flags.StringVar(&after, "after", "", "only deliveries made after this time (RFC 3339, or a date)")
	flags.StringVar(&before, "before", "", "only deliveries made before this time (RFC 3339, or a date)")
	s.completeFlag(command, "status", "pending", "leased", "succeeded", "exhausted", "cancelled", "expired", "quarantined")
	return command
}

func (s *session) deliveryGet() *cobra.Command {
	return &cobra.Command{
		Use: "get DELIVERY_ID", Short: "Show a delivery and every attempt", Args: needs("DELIVERY_ID"),
		Example: "  posthorn delivery get dlv_abc123\n  posthorn delivery get dlv_abc123 -o json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			delivery, err := c.GetDelivery(ctx, args[0])
			if err != nil {
				return err
			}
			if err := showOne(s, delivery, s.deliveryFields(delivery)); err != nil || s.output != asTable {
				return err
			}
			return s.showAttempts(delivery.AttemptList)
		}),
	}
}

func (s *session) showAttempts(attempts []client.Attempt) error {
	if len(attempts) == 0 {
		s.say("There was no attempt yet.")
		return nil
	}
	rows := [][]string{{"ATTEMPT", "STARTED", "REASON", "STATUS", "TOTAL", "DETAIL"}}
	for _, a := range attempts {
		rows = append(rows, []string{strconv.Itoa(a.Number), stamp(a.StartedAt), a.Reason, numberIf(a.StatusCode), milliseconds(a.Timings.TotalMs), a.Detail})
	}
	if err := s.write([]byte("\n")); err != nil {
		return err
	}
	if err := s.writeRows(rows); err != nil {
		return err
	}
	last := attempts[len(attempts)-1]
	if last.ResponseBody == "" {
		return nil
	}
	title := "\nlast answer"
	if last.ResponseBodyEncoding != "" {
		title += " (" + escape(last.ResponseBodyEncoding) + ")"
	}
	if last.ResponseBodyTruncated {
		title += " (its beginning)"
	}
	return s.write([]byte(title + "\n" + strings.TrimRight(escapeLines(last.ResponseBody), "\n") + "\n"))
}

func (s *session) deliveryAction(verb, short string, done func(client.Delivery) string, act func(*client.Client, context.Context, string) (client.Delivery, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " DELIVERY_ID", Short: short, Args: needs("DELIVERY_ID"),
		Example: "  posthorn delivery " + verb + " dlv_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			delivery, err := act(c, ctx, args[0])
			if err != nil {
				return err
			}
			if err := showOne(s, delivery, s.deliveryFields(delivery)); err != nil {
				return err
			}
			s.sayDone(done(delivery) + " See: posthorn delivery get " + delivery.ID)
			return nil
		}),
	}
}

func (s *session) deliveryFields(d client.Delivery) []field {
	return []field{
		{"id", d.ID},
		{"event", d.EventID},
		{"type", d.EventType},
		{"webhook", d.WebhookID},
		{"environment", d.EnvironmentID},
		{"status", d.Status},
		{"status reason", d.StatusReason},
		{"attempts", strconv.Itoa(d.Attempts)},
		{"last reason", textIf(d.LastReason)},
		{"last status code", numberIf(d.LastStatusCode)},
		{"next attempt", s.nextAttempt(d, func(moment, _ time.Time) string { return stamp(moment) })},
		{"crashes", strings.TrimPrefix(strconv.Itoa(d.Crashes), "0")},
		{"created", stamp(d.CreatedAt)},
		{"updated", stamp(d.UpdatedAt)},
	}
}

// nextAttempt says when a delivery is sent next, or what it waits for. A time
// that has passed would look like a mistake: it is due.
func (s *session) nextAttempt(d client.Delivery, show func(moment, now time.Time) string) string {
	now := s.now()
	switch {
	case d.WaitingFor != "":
		return d.WaitingFor
	case d.DueAt == nil:
		return ""
	case d.DueAt.After(now):
		return show(*d.DueAt, now)
	default:
		return "now"
	}
}
