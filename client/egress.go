package client

import (
	"context"
	"time"
)

// Egress says where a server's requests may go.
type Egress struct {
	Document
	// Production and Development are the policies of the two kinds of environment:
	// public, private or any.
	Production  string `json:"production"`
	Development string `json:"development"`
	// Allow are the ranges that are allowed besides the policy.
	Allow []string `json:"allow"`
	// Ports are the ports that requests may go to, one or a range each; empty for
	// those of the policy.
	Ports []string `json:"ports"`
	// Strict reports that a name with a forbidden address is refused as a whole.
	Strict bool `json:"strict"`
	// Proxy is what all requests go through; nil for none.
	Proxy *string `json:"proxy"`
	// ProxyFailingSince is nil while the proxy works.
	ProxyFailingSince *time.Time `json:"proxyFailingSince"`
	// NetworkFailingSince is since when the server's own network is taken to have
	// failed; nil while it works.
	NetworkFailingSince *time.Time `json:"networkFailingSince"`
}

// GetEgress returns where the server's requests may go. It needs a platform key.
func (c *Client) GetEgress(ctx context.Context) (Egress, error) {
	return getOne[Egress](ctx, c, "meta", "egress")
}
