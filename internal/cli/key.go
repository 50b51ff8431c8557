package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) keyCommand() *cobra.Command {
	return s.noun("key", "API keys", s.keyCreate(), s.keyRevoke(),
		listCommand(s, lister[client.Key]{
			short: "List API keys", example: "  posthorn key list", empty: "There are no keys.", scoped: true,
			items: (*client.Client).Keys,
			columns: []column[client.Key]{
				{"id", func(k client.Key) string { return k.ID }},
				{"name", func(k client.Key) string { return k.Name }},
				{"kind", func(k client.Key) string { return k.Kind }},
				{"start", func(k client.Key) string { return k.Start }},
				{"workspace", func(k client.Key) string { return textIf(k.WorkspaceID) }},
				{"created", func(k client.Key) string { return stamp(k.CreatedAt) }},
				{"revoked", func(k client.Key) string { return stampIf(k.RevokedAt) }},
			},
		}))
}

func (s *session) keyCreate() *cobra.Command {
	var input client.KeyInput
	command := &cobra.Command{
		Use: "create NAME", Short: "Make an API key; it is shown once", Args: needs("NAME"),
		Long:    "Make an API key. A workspace key reaches one workspace, a platform key all of them. The key is shown\nonce: the server keeps only its hash.",
		Example: "  posthorn key create backend --workspace ws_abc123\n  posthorn key create operator --kind platform",
		RunE: s.does(func(ctx context.Context, args []string) error {
			input.Name = args[0]
			return asking(s, func(c *client.Client) (client.Key, error) { return c.CreateKey(ctx, input) }, keyFields, "Keep the key now: it is never shown again.")
		}),
	}
	command.Flags().StringVar(&input.WorkspaceID, "workspace", "", "id of the workspace; needed where your key reaches several")
	command.Flags().StringVar(&input.Kind, "kind", "", "workspace (default) or platform")
	s.completeFlag(command, "kind", "workspace", "platform")
	return command
}

func (s *session) keyRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke KEY_ID", Short: "Make an API key useless from now on", Args: needs("KEY_ID"),
		Example: "  posthorn key revoke key_abc123",
		RunE: s.does(func(ctx context.Context, args []string) error {
			return s.deleting("Revoked", func(c *client.Client) (client.Deleted, error) { return c.RevokeKey(ctx, args[0]) })
		}),
	}
}

func keyFields(k client.Key) []field {
	return []field{
		{"id", k.ID},
		{"name", k.Name},
		{"kind", k.Kind},
		{"workspace", textIf(k.WorkspaceID)},
		{"key", k.Key},
		{"start", k.Start},
		{"created", stamp(k.CreatedAt)},
		{"revoked", stampIf(k.RevokedAt)},
	}
}
