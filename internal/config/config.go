package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/posthorn/posthorn"
)

// EgressPolicy says which addresses a webhook's requests may go to.
type EgressPolicy string

// The egress policies.
const (
	// EgressPublic allows global unicast addresses only.
	EgressPublic EgressPolicy = "public"
	// EgressPrivate adds private ranges, never the addresses of cloud metadata.
	EgressPrivate EgressPolicy = "private"
	// EgressAny allows everything; for development.
	EgressAny EgressPolicy = "any"
)

// Config is what a server is told.
type Config struct {
	// Listen is the address and port of the API.
	Listen string
	// DataDir is where the database and the first key are kept.
	DataDir string
	// Database is the URL of the database: sqlite: and a path.
	Database string
	// Environment is the kind of the environment that a first start makes.
	Environment posthorn.EnvironmentKind
	// BootstrapKey is the platform key that a first start uses instead of a random
	// one; empty for a random one.
	BootstrapKey posthorn.Secret
	// Hosts are the names by which the API may be asked, besides addresses; empty for
	// any. On a loopback address in development it is localhost alone, unless set.
	Hosts []string
	// MaxBodyBytes is the longest body that the API takes.
	MaxBodyBytes int64
	// Limits bounds what one tenant may have and how fast it may publish.
	Limits posthorn.Limits
	// HandshakeOrigin is the domain name by which the server introduces itself to
	// receivers that are asked for their consent; empty for no handshakes.
	HandshakeOrigin string
	// SigningKeyOverlap is how long a signing key that was rotated out stays valid,
	// unless the rotation says otherwise.
	SigningKeyOverlap time.Duration
	// GracePeriod is how long a stop waits for what is under way.
	GracePeriod time.Duration
	// DrainDelay is how long a stop goes on taking requests after saying that the
	// server isn't ready: 5 s in production and 0 in development, unless set.
	DrainDelay time.Duration
	// PauseDeliveries makes the server accept events and send none of their deliveries.
	PauseDeliveries bool
	// Egress is EgressPublic in production and EgressAny in development, unless set.
	Egress EgressPolicy
	// EgressAllow are ranges that are allowed besides the policy.
	EgressAllow []netip.Prefix
	// EgressPorts are the ports that requests may go to, ranges from the first to
	// the last; empty for the egress policy's own.
	EgressPorts [][2]uint16
	// EgressStrict refuses names that have a forbidden address beside others.
	EgressStrict bool
	// EgressProxy is the proxy that requests go through: a scheme (http, https or
	// socks5), a host and a port; nil for none.
	EgressProxy *url.URL
	// EgressProxyCredentials are USER:PASSWORD for the proxy; empty for none.
	EgressProxyCredentials posthorn.Secret
	// MaxConnections is how many connections clients of the API may have at once.
	MaxConnections int
	// Concurrency is how many deliveries may be under way at once.
	Concurrency int
	// ProfileListen is a loopback address and a port where profiles of the process
	// can be had; empty for nowhere.
	ProfileListen string
	LogLevel      slog.Level
	// LogFormat is text or json.
	LogFormat string
}

// SQLitePath returns the path of the database file.
func (c Config) SQLitePath() string { return c.Database[len(sqliteScheme):] }
