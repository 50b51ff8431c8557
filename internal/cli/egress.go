package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posthorn/posthorn/client"
)

func (s *session) egressCommand() *cobra.Command {
	return &cobra.Command{
		Use: "egress", Short: "Show where the server's requests may go", Args: needs(),
		Long:    "Show the egress policies, the ranges and ports that are allowed, the proxy, and whether the server's own network works. It needs a platform key.",
		Example: "  posthorn egress\n  posthorn egress -o json",
		RunE: s.does(func(ctx context.Context, _ []string) error {
			return asking(s, func(c *client.Client) (client.Egress, error) { return c.GetEgress(ctx) }, egressFields, "")
		}),
	}
}

func egressFields(e client.Egress) []field {
	ports, proxy := "those of the policy", "none"
	if len(e.Ports) > 0 {
		ports = strings.Join(e.Ports, ", ")
	}
	if e.Proxy != nil {
		proxy = *e.Proxy
	}
	if e.ProxyFailingSince != nil {
		proxy += ", failing since " + e.ProxyFailingSince.Format(time.RFC3339)
	}
	network := "works"
	if e.NetworkFailingSince != nil {
		network = "failing since " + e.NetworkFailingSince.Format(time.RFC3339)
	}
	return []field{
		{"production", e.Production},
		{"development", e.Development},
		{"allow", strings.Join(e.Allow, ", ")},
		{"ports", ports},
		{"strict", fmt.Sprint(e.Strict)},
		{"proxy", proxy},
		{"network", network},
	}
}
