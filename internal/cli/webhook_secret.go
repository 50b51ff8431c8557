package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) webhookSecret() *cobra.Command {
	return &cobra.Command{
		Use: "secret WEBHOOK_ID", Short: "Show the secret that signs a webhook's requests", Args: needs("WEBHOOK_ID"),
		Example: "  posthorn webhook secret whc_abc123\n  posthorn webhook secret whc_abc123 -o json",
		RunE: s.does(func(ctx context.Context, args []string) error {
			c, err := s.connect()
			if err != nil {
				return err
			}
			secret, err := c.RevealSecret(ctx, args[0])
			if err != nil {
				return err
			}
			fields := []field{{"secret", secret.Secret}, {"standard secret", secret.StandardSecret}}
			for _, previous := range secret.Previous {
				fields = append(fields, field{"previous", previous.Secret + " until " + stamp(previous.ExpiresAt)})
			}
			return showOne(s, secret, fields)
		}),
	}
}

func (s *session) webhookRotateSecret() *cobra.Command {
	var file string
	var fromStdin bool
	var overlap time.Duration
	command := &cobra.Command{
		Use: "rotate-secret WEBHOOK_ID", Short: "Give a webhook another secret", Args: needs("WEBHOOK_ID"),
		Long: "Give a webhook another secret. For the time of the overlap both secrets sign, so that the receiver can\n" +
			"change over without losing a request.",
		Example: "  posthorn webhook rotate-secret whc_abc123\n  posthorn webhook rotate-secret whc_abc123 --overlap 1h --secret-file ./secret",
	}
	command.RunE = s.does(func(ctx context.Context, args []string) error {
		if overlap < 0 || overlap%time.Second != 0 {
			return usage("--overlap takes whole seconds, for example 0s, 1h or 24h", "")
		}
		secret, err := s.readSecret(file, fromStdin)
		if err != nil {
			return err
		}
		rotation := client.Rotation{Secret: secret, OverlapSeconds: optionalIf(command.Flags().Changed("overlap"), int(overlap/time.Second))}
		c, err := s.connect()
		if err != nil {
			return err
		}
		webhook, err := c.RotateSecret(ctx, args[0], rotation)
		if err != nil {
			return err
		}
		if err := showOne(s, webhook, webhookFields(webhook)); err != nil {
			return err
		}
		s.sayDone("Rotated. " + secretToGive(webhook))
		return nil
	})
	flags := command.Flags()
	flags.StringVar(&file, "secret-file", "", "file that holds the new secret; without one a random secret is made")
	flags.BoolVar(&fromStdin, "secret-stdin", false, "read the new secret from stdin")
	flags.DurationVar(&overlap, "overlap", 24*time.Hour, "how long the old secret signs too, 0s to 168h")
	return command
}

// secretToGive says which of the two notations of a secret is the receiver's.
func secretToGive(webhook client.Webhook) string {
	if webhook.StandardSecret == "" {
		return "Give it to the receiver."
	}
	return "Give the receiver the standard secret (whsec_…): the official Standard Webhooks libraries take it as it is. Posthorn's own verification takes either."
}
