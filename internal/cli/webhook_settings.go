package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/posthorn/posthorn/client"
)

// webhookSettings are the flags that create and update share.
type webhookSettings struct {
	url, name, format, description, secretFile string
	filter                                     string
	forceFilter                                bool
	events, headers, metadata                  []string
	secretStdin                                bool
	retryAttempts, timeoutMs, concurrency      int
	rateLimit                                  int
	retrySchedule                              []int
	useSigningKeys, handshake                  bool
}

func (w *webhookSettings) addTo(flags *pflag.FlagSet, withoutSecret string) {
	flags.StringVar(&w.secretFile, "secret-file", "", "file that holds the signing secret; "+withoutSecret)
	flags.StringVar(&w.url, "url", "", "where to send to; https in a production environment")
	flags.StringSliceVar(&w.events, "events", nil, "event types it wants, separated by commas: a type, a family (user.*) or all (*)")
	flags.StringVar(&w.filter, "filter", "", "CEL expression that decides which of those events it wants, or @FILE: 'event.data.amount > 100'")
	flags.BoolVar(&w.forceFilter, "force-filter", false, "keep a filter although it fails on every recent event")
	flags.StringVar(&w.name, "name", "", "name; without one it is called after its host")
	flags.StringVar(&w.format, "format", "", "dialect of the requests (see: format list)")
	flags.StringVar(&w.description, "description", "", "what it is for")
	flags.BoolVar(&w.secretStdin, "secret-stdin", false, "read the signing secret from stdin")
	flags.StringArrayVar(&w.headers, "header", nil, "NAME=VALUE to send with every request, or NAME=@FILE; may be repeated")
	flags.StringArrayVar(&w.metadata, "metadata", nil, "NAME=VALUE to keep with it; may be repeated")
	flags.IntVar(&w.retryAttempts, "retry-attempts", 0, "retries after the first attempt, 0 to 50")
	flags.IntSliceVar(&w.retrySchedule, "retry-schedule", nil, "seconds before each retry, separated by commas; the last one repeats")
	flags.IntVar(&w.timeoutMs, "timeout-ms", 0, "longest time of one attempt in milliseconds")
	flags.IntVar(&w.concurrency, "concurrency", 0, "how many requests may be under way at once")
	flags.IntVar(&w.rateLimit, "rate-limit", 0, "how many requests may go out in a second; without it as many as the receiver takes")
	flags.BoolVar(&w.useSigningKeys, "use-signing-keys", false, "sign with the environment's signing keys, too, where the format can")
	flags.BoolVar(&w.handshake, "handshake", false, "ask the receiver whether it wants requests, and send nothing before it has consented")
}

func (s *session) webhookCreate() *cobra.Command {
	var settings webhookSettings
	var environment string
	command := &cobra.Command{
		Use: "create --url URL --events TYPES", Short: "Register a webhook", Args: needs(),
		Long:    "Register a webhook. The answer holds the secret that signs its requests: give it to the receiver.",
		Example: "  posthorn webhook create --url https://example.com/webhooks --events user.created,user.login\n  posthorn webhook create --url https://example.com/hooks --events '*' --format standard --secret-file ./secret",
	}
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		if settings.url == "" || len(settings.events) == 0 {
			return usage("webhook create needs --url and --events", "webhook create --url https://example.com/webhooks --events '*'")
		}
		input, err := s.webhookInput(command.Flags(), settings)
		if err != nil {
			return err
		}
		c, environmentID, err := s.connectIn(environment)
		if err != nil {
			return err
		}
		input.EnvironmentID = environmentID
		webhook, err := c.CreateWebhook(ctx, input)
		if err != nil {
			return err
		}
		if err := showOne(s, webhook, webhookFields(webhook)); err != nil {
			return err
		}
		s.sayDone("The secret signs every request. " + secretToGive(webhook))
		s.sayDone("Test the webhook: posthorn webhook test " + webhook.ID)
		return nil
	})
	settings.addTo(command.Flags(), "without one a random secret is made")
	environmentFlag(command, &environment)
	return command
}

func (s *session) webhookInput(flags *pflag.FlagSet, settings webhookSettings) (client.WebhookInput, error) {
	for name, value := range map[string]int{"concurrency": settings.concurrency, "timeout-ms": settings.timeoutMs} {
		if flags.Changed(name) && value == 0 {
			return client.WebhookInput{}, usage("--"+name+" can't be 0; leave it out for the default", "webhook create --help")
		}
	}
	headers, metadata, secret, err := s.webhookTexts(&settings)
	return client.WebhookInput{
		Name: settings.name, URL: settings.url, Events: trimmed(settings.events), Secret: secret, Format: settings.format, Description: settings.description,
		Headers: headers, Metadata: metadata, RetryAttempts: optionalIf(flags.Changed("retry-attempts"), settings.retryAttempts),
		RetrySchedule: settings.retrySchedule, TimeoutMs: settings.timeoutMs, Concurrency: settings.concurrency,
		RateLimit: optionalIf(flags.Changed("rate-limit"), settings.rateLimit), Filter: settings.filter, ForceFilter: settings.forceFilter,
		UseSigningKeys: settings.useSigningKeys, Handshake: settings.handshake,
	}, err
}

// webhookTexts reads what may come from files: the filter, which it puts in its
// place, headers, metadata and the secret.
func (s *session) webhookTexts(settings *webhookSettings) (map[string]string, map[string]string, string, error) {
	filter, err := s.readInput(settings.filter)
	if err != nil {
		return nil, nil, "", err
	}
	settings.filter = strings.TrimSpace(string(filter))
	headers, err := s.readPairs("header", settings.headers, true)
	if err != nil {
		return nil, nil, "", err
	}
	metadata, err := s.readPairs("metadata", settings.metadata, false)
	if err != nil {
		return nil, nil, "", err
	}
	secret, err := s.readSecret(settings.secretFile, settings.secretStdin)
	return headers, metadata, secret, err
}

func (s *session) webhookUpdate() *cobra.Command {
	var settings webhookSettings
	var reset []string
	command := &cobra.Command{
		Use: "update WEBHOOK_ID", Short: "Change a webhook", Args: needs("WEBHOOK_ID"),
		Long:    "Change a webhook. What no flag names stays; --reset sets a setting back to its default.",
		Example: "  posthorn webhook update whc_abc123 --url https://example.com/v2 --events user.created\n  posthorn webhook update whc_abc123 --reset retry-attempts,retry-schedule",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		changes, err := s.webhookChanges(command.Flags(), settings)
		if err != nil {
			return err
		}
		for _, name := range reset {
			if err := resetWebhook(&changes, command.Flags(), strings.TrimSpace(name)); err != nil {
				return err
			}
		}
		if changes == (client.WebhookChanges{}) {
			return usage("webhook update changes nothing without a flag such as --url or --events", "webhook update --help")
		}
		return s.onWebhook(func(c *client.Client) (client.Webhook, error) { return c.UpdateWebhook(ctx, args[0], changes) }, "Updated.")
	})
	settings.addTo(command.Flags(), "without one the secret stays")
	command.Flags().StringSliceVar(&reset, "reset", nil, "settings to set back to their defaults, for example retry-attempts,headers")
	return command
}

func (s *session) webhookChanges(flags *pflag.FlagSet, settings webhookSettings) (client.WebhookChanges, error) {
	headers, metadata, secret, err := s.webhookTexts(&settings)
	return client.WebhookChanges{
		Name: optionalIf(flags.Changed("name"), settings.name), URL: optionalIf(flags.Changed("url"), settings.url),
		Events: optionalIf(flags.Changed("events"), trimmed(settings.events)), Secret: optionalIf(secret != "", secret),
		Format: optionalIf(flags.Changed("format"), settings.format), Description: optionalIf(flags.Changed("description"), settings.description),
		Headers: optionalIf(flags.Changed("header"), headers), Metadata: optionalIf(flags.Changed("metadata"), metadata),
		RetryAttempts: optionalIf(flags.Changed("retry-attempts"), settings.retryAttempts),
		RetrySchedule: optionalIf(flags.Changed("retry-schedule"), settings.retrySchedule),
		TimeoutMs:     optionalIf(flags.Changed("timeout-ms"), settings.timeoutMs), Concurrency: optionalIf(flags.Changed("concurrency"), settings.concurrency),
		RateLimit: optionalIf(flags.Changed("rate-limit"), settings.rateLimit),
		Filter:    optionalIf(flags.Changed("filter"), settings.filter), ForceFilter: settings.forceFilter,
		UseSigningKeys: optionalIf(flags.Changed("use-signing-keys"), settings.useSigningKeys),
		Handshake:      optionalIf(flags.Changed("handshake"), settings.handshake),
	}, err
}

func resetWebhook(changes *client.WebhookChanges, flags *pflag.FlagSet, name string) error {
	if flags.Changed(strings.TrimSuffix(name, "s")) || flags.Changed(name) {
		return usage(fmt.Sprintf("%s is both set and reset", name), "")
	}
	switch name {
	case "name":
		changes.Name = client.Reset[string]()
	case "format":
		changes.Format = client.Reset[string]()
	case "description":
		changes.Description = client.Reset[string]()
	case "filter":
		changes.Filter = client.Reset[string]()
	case "headers":
		changes.Headers = client.Reset[map[string]string]()
	case "metadata":
		changes.Metadata = client.Reset[map[string]string]()
	case "retry-attempts":
		changes.RetryAttempts = client.Reset[int]()
	case "retry-schedule":
		changes.RetrySchedule = client.Reset[[]int]()
	case "timeout-ms":
		changes.TimeoutMs = client.Reset[int]()
	case "concurrency":
		changes.Concurrency = client.Reset[int]()
	case "rate-limit":
		changes.RateLimit = client.Reset[int]()
	default:
		return usage(fmt.Sprintf("--reset doesn't know %q; it knows name, filter, format, description, headers, metadata, retry-attempts, retry-schedule, timeout-ms, concurrency and rate-limit", name), "")
	}
	return nil
}

func trimmed(texts []string) []string {
	clean := make([]string, 0, len(texts))
	for _, text := range texts {
		clean = append(clean, strings.TrimSpace(text))
	}
	return clean
}
