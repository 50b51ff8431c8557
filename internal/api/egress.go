package api

import (
	"context"
	"time"
)

// egressBody says where requests may go.
type egressBody struct {
	Production        string     `json:"production" doc:"Policy of production environments: public, private or any."`
	Development       string     `json:"development" doc:"Policy of development environments."`
	Allow             []string   `json:"allow" doc:"Ranges that are allowed besides the policy."`
	Ports             []string   `json:"ports" doc:"Ports that requests may go to, one or a range each; empty for those of the policy."`
	Strict            bool       `json:"strict" doc:"Whether a name with a forbidden address is refused as a whole."`
	Proxy             *string    `json:"proxy" doc:"Proxy that all requests go through, without its credentials."`
	ProxyFailingSince *time.Time `json:"proxyFailingSince" doc:"Since when the proxy fails; null while it works."`

	NetworkFailingSince *time.Time `json:"networkFailingSince" doc:"Since when the server's own network is taken to have failed, because most receivers can't be reached; null while it works."`
}

func (s *Server) egressRoutes() []route {
	return []route{
		reading("/v1/meta/egress", "Show where requests may go (platform keys only)", getEgress).in("Server"),
	}
}

func getEgress(_ context.Context, c *call) (egressBody, error) {
	settings, err := c.Manager.Egress(c.principal)
	if err != nil {
		return egressBody{}, err
	}
	body := egressBody{
		Production: settings.Production, Development: settings.Development, Strict: settings.Strict,
		Allow: append([]string{}, settings.Allow...), Ports: append([]string{}, settings.Ports...),
	}
	if settings.Proxy != "" {
		body.Proxy = &settings.Proxy
	}
	body.ProxyFailingSince, body.NetworkFailingSince = orNull(settings.ProxyFailingSince), orNull(settings.NetworkFailingSince)
	return body, nil
}

// orNull is a moment in UTC, or null if there is none.
func orNull(moment time.Time) *time.Time {
	if moment.IsZero() {
		return nil
	}
	moment = moment.UTC()
	return &moment
}
