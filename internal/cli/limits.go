package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) limitsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "limits", Short: "Show the limits in force", Args: needs(),
		Long:    "Show the limits in force for the key in use. Whoever runs the server sets them: see serve --help.",
		Example: "  posthorn limits\n  posthorn limits -o json",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			return asking(s, func(c *client.Client) (client.Limits, error) { return c.GetLimits(ctx) }, limitFields, "")
		}),
	}
}

func limitFields(l client.Limits) []field {
	fields := []field{{"workspace", textIf(l.WorkspaceID)}}
	if l.Publishing.Left != nil {
		fields = append(fields, field{"events left now", fmt.Sprint(*l.Publishing.Left)})
	}
	return append(
		fields,
		field{"events per second", orUnlimited(l.Publishing.EventsPerSecond)},
		field{"events at once", orUnlimited(l.Publishing.Burst)},
		field{"requests in progress", orUnlimited(l.Workspace.RequestsInProgress)},
		field{"body", fmt.Sprintf("%d bytes", l.Publishing.BodyBytes)},
		field{"batch", fmt.Sprintf("%d events, %d deliveries", l.Publishing.BatchEvents, l.Publishing.BatchDeliveries)},
		field{"idempotency", inSeconds(l.Publishing.IdempotencySeconds)},
		field{"projects", orUnlimited(l.Workspace.Projects)},
		field{"environments", orUnlimited(l.Workspace.Environments)},
		field{"keys", orUnlimited(l.Workspace.Keys)},
		field{"formats", fmt.Sprintf("%s of at most %d bytes, %d versions of each", orUnlimited(l.Workspace.Formats), l.Workspace.FormatBytes, l.Workspace.FormatVersions)},
		field{"webhooks", orUnlimited(l.Environment.Webhooks) + " in an environment"},
		field{"event types", orUnlimited(l.Environment.EventTypes) + " in an environment"},
		field{"timeout", fmt.Sprintf("%d ms, at most %d", l.Webhook.DefaultTimeoutMs, l.Webhook.MaxTimeoutMs)},
		field{"concurrency", fmt.Sprintf("%d, at most %d", l.Webhook.DefaultConcurrency, l.Webhook.MaxConcurrency)},
		field{"retries", fmt.Sprintf("at most %d", l.Webhook.MaxRetries)},
		field{"retry delays", delaysInSeconds(l.Webhook.RetryDelaysSeconds)},
		field{"retry-after", "at most " + inSeconds(l.Webhook.MaxRetryAfterSeconds)},
		field{"secret overlap", inSeconds(l.Webhook.DefaultOverlapSeconds) + ", at most " + inSeconds(l.Webhook.MaxOverlapSeconds)},
	)
}

func orUnlimited(limit *int) string {
	if limit == nil {
		return "any number"
	}
	return fmt.Sprint(*limit)
}

// inSeconds writes 86400 as 24h.
func inSeconds(seconds int) string {
	text := (time.Duration(seconds) * time.Second).String()
	for _, nothing := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nothing) {
			text = text[:len(text)-len(nothing)+1]
		}
	}
	return text
}

func delaysInSeconds(delays []int) string {
	texts := make([]string, len(delays))
	for i, delay := range delays {
		texts[i] = inSeconds(delay)
	}
	return strings.Join(texts, ", ")
}
