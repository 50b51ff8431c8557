package posthorn

import "time"

// Egress says where requests may go, as the operator has set it.
type Egress struct {
	// Production and Development are the policies of the two kinds of environment:
	// public, private or any.
	Production  string
	Development string
	// Allow are the ranges that are allowed besides the policy, in CIDR notation.
	Allow []string
	// Ports are the ports that requests may go to, one or a range each; empty means
	// those of the policy.
	Ports []string
	// Strict reports that a name with a forbidden address is refused as a whole.
	Strict bool
	// Proxy is the proxy that requests go through, without credentials; empty for
	// none. ProxyFailingSince is zero while it works.
	Proxy             string
	ProxyFailingSince time.Time
	// NetworkFailingSince is since when this machine's own network is taken to have
	// failed, because most receivers can't be reached; zero while it works.
	NetworkFailingSince time.Time
}
