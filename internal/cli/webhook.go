package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) webhookCommand() *cobra.Command {
	return s.noun("webhook", "Register URLs and say which events they want",
		s.webhookCreate(), s.webhookList(), s.webhookGet(), s.webhookUpdate(), s.webhookFilterTest(), s.webhookTest(), s.webhookDelete(),
		s.webhookPause(), s.webhookResume(), s.webhookReplay(), s.webhookHandshake(), s.webhookRotateSecret(), s.webhookSecret())
}

func (s *session) webhookList() *cobra.Command {
	var list listFlags
	var environment string
	command := &cobra.Command{
		Use: "list", Short: "List webhooks", Args: needs(),
		Example: "  posthorn webhook list\n  posthorn webhook list --all -o jsonl",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			limit, err := list.shown()
			if err != nil {
				return err
			}
			c, environmentID, err := s.connectIn(environment)
			if err != nil {
				return err
			}
			return showList(s, listing[client.Webhook]{
				items: c.Webhooks(ctx, client.ListQuery{EnvironmentID: environmentID, Limit: list.page()}),
				limit: limit, empty: "There are no webhooks yet. Make one: posthorn webhook create --url URL --events '*'",
				columns: []column[client.Webhook]{
					{"id", func(w client.Webhook) string { return w.ID }},
					{"name", func(w client.Webhook) string { return w.Name }},
					{"url", func(w client.Webhook) string { return w.URL }},
					{"events", func(w client.Webhook) string { return strings.Join(w.Events, ",") }},
					{"format", func(w client.Webhook) string { return w.Format }},
					{"status", func(w client.Webhook) string { return w.Status }},
					{"pending", func(w client.Webhook) string { return strconv.FormatInt(w.Stats.Pending, 10) }},
				},
			})
		}),
	}
	list.addTo(command)
	environmentFlag(command, &environment)
	return command
}

func (s *session) webhookGet() *cobra.Command {
	return &cobra.Command{
		Use: "get WEBHOOK_ID", Short: "Show a webhook", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook get whc_abc123\n  posthorn webhook get whc_abc123 -o json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.onWebhook(func(c *client.Client) (client.Webhook, error) { return c.GetWebhook(ctx, args[0]) }, "")
		}),
	}
}

func (s *session) webhookDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete WEBHOOK_ID", Short: "Delete a webhook and cancel its open deliveries", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook delete whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.deleting("Deleted", func(c *client.Client) (client.Deleted, error) { return c.DeleteWebhook(ctx, args[0]) })
		}),
	}
}

func (s *session) webhookPause() *cobra.Command {
	return &cobra.Command{
		Use: "pause WEBHOOK_ID", Short: "Stop sending to a webhook; its deliveries wait", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook pause whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.onWebhook(func(c *client.Client) (client.Webhook, error) { return c.PauseWebhook(ctx, args[0]) },
				"Paused. New deliveries wait until: posthorn webhook resume "+args[0])
		}),
	}
}

func (s *session) webhookResume() *cobra.Command {
	return &cobra.Command{
		Use: "resume WEBHOOK_ID", Short: "Send again to a webhook that is paused, disabled or only probed", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook resume whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.onWebhook(func(c *client.Client) (client.Webhook, error) { return c.ResumeWebhook(ctx, args[0]) }, "Resumed.")
		}),
	}
}

// onWebhook asks for a webhook in some way, shows it and says what was done.
func (s *session) onWebhook(ask func(*client.Client) (client.Webhook, error), done string) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	webhook, err := ask(c)
	if err != nil {
		return err
	}
	if err := showOne(s, webhook, webhookFields(webhook)); err != nil {
		return err
	}
	s.sayDone(done)
	return nil
}

// deleting asks for something to be deleted and says that it was.
func (s *session) deleting(done string, ask func(*client.Client) (client.Deleted, error)) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	deleted, err := ask(c)
	if err != nil {
		return err
	}
	if s.output != asTable {
		return s.writeJSON(deleted.JSON())
	}
	s.say("%s %s.", done, escape(deleted.ID))
	return nil
}

// sayDone says what was done to a person, not beside JSON.
func (s *session) sayDone(done string) {
	if done != "" && s.output == asTable {
		s.say("%s", escape(strings.ReplaceAll(done, "posthorn ", s.program+" ")))
	}
}

// connectIn is connect with the environment to work in.
func (s *session) connectIn(environmentFlag string) (*client.Client, string, error) {
	id, err := s.environment(environmentFlag)
	if err != nil {
		return nil, "", err
	}
	c, err := s.connect()
	return c, id, err
}

func webhookFields(w client.Webhook) []field {
	fields := []field{
		{"id", w.ID},
		{"name", w.Name},
		{"url", w.URL},
		{"events", strings.Join(w.Events, ", ")},
		{"filter", w.Filter},
		{"format", w.Format},
		{"status", w.Status},
		{"status reason", w.StatusReason},
		{"held until", stampIf(w.HoldUntil)},
		{"breaker", breakerText(w.Breaker)},
		{"description", w.Description},
		{"secret", w.Secret},
		{"standard secret", w.StandardSecret},
		{"previous secret until", stampIf(w.PreviousSecretExpiresAt)},
		{"headers", pairs(w.Headers, masked)},
		{"metadata", pairs(w.Metadata, strings.Clone)},
		{"retry attempts", strconv.Itoa(w.RetryAttempts)},
		{"retry schedule", seconds(w.RetrySchedule)},
		{"timeout", strconv.FormatFloat(float64(w.TimeoutMs)/1000, 'f', -1, 64) + " s"},
		{"concurrency", strconv.Itoa(w.Concurrency)},
		{"rate limit", perSecond(w.RateLimit)},
		{"use signing keys", yesIf(w.UseSigningKeys)},
		{"consent", consentText(w)},
		{"environment", w.EnvironmentID},
		{"project", w.ProjectID},
		{"workspace", w.WorkspaceID},
		{"created", strings.TrimSuffix(stamp(w.CreatedAt)+" by "+w.CreatedBy, " by ")},
		{"updated", stamp(w.UpdatedAt)},
	}
	return append(fields, statsFields(w.Stats)...)
}

func yesIf(flag bool) string {
	if flag {
		return "yes"
	}
	return ""
}

func perSecond(limit *int) string {
	if limit == nil {
		return ""
	}
	return strconv.Itoa(*limit) + " a second"
}

func (s *session) webhookHandshake() *cobra.Command {
	return &cobra.Command{
		Use: "handshake WEBHOOK_ID", Short: "Ask a webhook's receiver again whether it wants requests", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook handshake whc_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.onWebhook(func(c *client.Client) (client.Webhook, error) { return c.AskForConsent(ctx, args[0]) }, "Asked.")
		}),
	}
}

// consentText tells of the handshake, if there is one.
func consentText(w client.Webhook) string {
	switch {
	case !w.Handshake:
		return ""
	case w.Consent == nil:
		return "not given: nothing is sent"
	case w.Consent.AllowedPerMinute == nil:
		return "given at " + stamp(w.Consent.GivenAt)
	default:
		return fmt.Sprintf("given at %s for %d requests a minute", stamp(w.Consent.GivenAt), *w.Consent.AllowedPerMinute)
	}
}

// breakerText says more than closed only of a breaker that is open.
func breakerText(b client.WebhookBreaker) string {
	if b.OpenedAt == nil || b.NextProbeAt == nil {
		return b.State
	}
	return fmt.Sprintf("%s since %s, %d failures in a row, next probe at %s", b.State, stamp(*b.OpenedAt), b.Failures, stamp(*b.NextProbeAt))
}

func statsFields(stats client.WebhookStats) []field {
	deliveries := fmt.Sprintf("%d accepted = %d succeeded + %d pending + %d exhausted + %d cancelled + %d expired + %d quarantined",
		stats.Accepted, stats.Succeeded, stats.Pending, stats.Exhausted, stats.Cancelled, stats.Expired, stats.Quarantined)
	return []field{
		{"deliveries", deliveries},
		{"attempts", strconv.FormatInt(stats.Attempts, 10)},
		{"last attempt", stampIf(stats.LastAttemptAt)},
		{"last success", stampIf(stats.LastSuccessAt)},
		{"last failure", stampIf(stats.LastFailureAt)},
	}
}

func pairs(values map[string]string, show func(string) string) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		texts = append(texts, name+"="+show(values[name]))
	}
	return strings.Join(texts, ", ")
}

// masked shows the beginning of what may be a secret, and nothing of a short one.
func masked(value string) string {
	const shown = 4
	runes := []rune(value)
	if len(runes) <= 2*shown {
		return "…"
	}
	return string(runes[:shown]) + "…"
}

func seconds(delays []int) string {
	texts := make([]string, 0, len(delays))
	for _, delay := range delays {
		texts = append(texts, strconv.Itoa(delay)+" s")
	}
	return strings.Join(texts, ", ")
}
