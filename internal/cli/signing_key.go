package cli

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) signingKeyCommand() *cobra.Command {
	return s.noun("signing-key", "Keys that sign for an environment; receivers verify with their public part",
		listCommand(s, lister[client.SigningKey]{
			short: "List an environment's signing keys", example: "  posthorn signing-key list", inEnvironment: true,
			empty: "There are no signing keys. One is made when a webhook needs it, or by: posthorn signing-key create ed25519",
			items: allSigningKeys,
			columns: []column[client.SigningKey]{
				{"id", func(k client.SigningKey) string { return k.ID }},
				{"algorithm", func(k client.SigningKey) string { return k.Algorithm }},
				{"status", func(k client.SigningKey) string { return k.Status }},
				{"created", func(k client.SigningKey) string { return stamp(k.CreatedAt) }},
				{"expires", func(k client.SigningKey) string { return stampIf(k.ExpiresAt) }},
			},
		}),
		s.signingKeyCreate(), s.signingKeyRotate(), s.signingKeyRevoke())
}

// allSigningKeys is the one page that the list of signing keys is.
func allSigningKeys(c *client.Client, ctx context.Context, query client.ListQuery) iter.Seq2[client.SigningKey, error] { //nolint:revive // like the client's methods as functions: the receiver comes first
	return onlyPage(func() (client.Page[client.SigningKey], error) { return c.ListSigningKeys(ctx, query.EnvironmentID) })
}

func (s *session) signingKeyCreate() *cobra.Command {
	var environment string
	command := &cobra.Command{
		Use: "create ALGORITHM", Short: "Make an environment's first signing key of an algorithm", Args: needs("ALGORITHM"),
		Long: "Make an environment's first signing key of an algorithm: ed25519 or ecdsa-p256-sha256. The private part\n" +
			"never leaves the server; receivers find the public one at /environments/ID/.well-known/jwks.json.",
		Example: "  posthorn signing-key create ed25519",
		RunE: s.does(func(ctx context.Context, args []string) error {
			environmentID, err := s.environment(environment)
			if err != nil {
				return err
			}
			input := client.SigningKeyInput{EnvironmentID: environmentID, Algorithm: args[0]}
			return asking(s, func(c *client.Client) (client.SigningKey, error) { return c.CreateSigningKey(ctx, input) }, signingKeyFields, "")
		}),
	}
	environmentFlag(command, &environment)
	return command
}

func (s *session) signingKeyRotate() *cobra.Command {
	var environment, algorithm string
	var overlap time.Duration
	command := &cobra.Command{
		Use: "rotate", Short: "Replace a signing key", Args: needs(),
		Long: "Replace a signing key. The new one signs from now on; for the time of the overlap the one before is still\n" +
			"published and, where the format has room for several signatures, signs as well.",
		Example: "  posthorn signing-key rotate\n  posthorn signing-key rotate --algorithm ed25519 --overlap 0s",
	}
	command.RunE = s.does(func(ctx context.Context, _ []string) error {
		if overlap < 0 || overlap%time.Second != 0 {
			return usage("--overlap takes whole seconds, for example 0s, 1h or 24h", "")
		}
		environmentID, err := s.environment(environment)
		if err != nil {
			return err
		}
		rotation := client.SigningKeyRotation{
			EnvironmentID: environmentID, Algorithm: algorithm,
			OverlapSeconds: optionalIf(command.Flags().Changed("overlap"), int(overlap/time.Second)),
		}
		return asking(s, func(c *client.Client) (client.SigningKey, error) { return c.RotateSigningKey(ctx, rotation) }, signingKeyFields,
			"Rotated. This key signs from now on; until when the one before is valid: posthorn signing-key list")
	})
	flags := command.Flags()
	flags.StringVar(&algorithm, "algorithm", "", "ed25519 or ecdsa-p256-sha256; needed where the environment has both")
	flags.DurationVar(&overlap, "overlap", 0, "how long the old key is valid beside the new one, 0s to 168h; without it as long as the server is set to")
	s.completeFlag(command, "algorithm", "ed25519", "ecdsa-p256-sha256")
	environmentFlag(command, &environment)
	return command
}

func (s *session) signingKeyRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke SIGNING_KEY_ID", Short: "Delete a signing key: it neither signs nor is published any more", Args: needs("SIGNING_KEY_ID"),
		Example: "  posthorn signing-key revoke sgk_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.deleting("Revoked", func(c *client.Client) (client.Deleted, error) { return c.RevokeSigningKey(ctx, args[0]) })
		}),
	}
}

func signingKeyFields(k client.SigningKey) []field {
	return []field{
		{"id", k.ID},
		{"algorithm", k.Algorithm},
		{"status", k.Status},
		{"public key", strings.TrimSpace(k.PublicKey)},
		{"environment", k.EnvironmentID},
		{"created", stamp(k.CreatedAt)},
		{"expires", stampIf(k.ExpiresAt)},
	}
}
