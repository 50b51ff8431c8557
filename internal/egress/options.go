package egress

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Policy says which addresses may be reached.
type Policy string

// The policies, from narrow to wide. None of them reaches an address with a
// zone; addresses of cloud metadata services need an entry of their own in
// Options.Allow under every policy.
const (
	// PolicyPublic reaches globally routed unicast addresses only.
	PolicyPublic Policy = "public"
	// PolicyPrivate adds the private ranges: RFC 1918, RFC 6598 (carrier-grade
	// NAT) and RFC 4193 (unique local). Loopback stays closed.
	PolicyPrivate Policy = "private"
	// PolicyAny reaches everything, loopback included. It is meant for
	// development.
	PolicyAny Policy = "any"
)

// Defaults of Options.
const (
	DefaultConnectTimeout        = 5 * time.Second
	DefaultMaxIdlePerHost        = 1024
	DefaultMaxIdle               = 2048
	DefaultMaxConnectionsPerHost = 1024
)

// Options configures a Sender. The zero value is ready to use.
type Options struct {
	// Production and Development are the policies of the two kinds of
	// environment; empty means PolicyPublic and PolicyAny.
	Production  Policy
	Development Policy
	// Allow are addresses that may be reached whatever the policy. A metadata
	// address is opened only by an entry for that one address (/32 or /128).
	Allow []netip.Prefix
	// Ports are the ports that may be reached, ranges from the first to the last.
	// Empty means all under PolicyAny, and otherwise 80, 443 and from 1024 on what
	// no well-known service uses.
	Ports [][2]uint16
	// Strict refuses a name as soon as one of its addresses is forbidden; otherwise
	// only those addresses are left out.
	Strict bool
	// Proxy makes tunnels for all requests: http:// or https:// (CONNECT), or
	// socks5://, with a host and a port; nil means none. Names of receivers are
	// looked up and checked here all the same: it is told addresses only.
	Proxy *url.URL
	// ProxyCredentials are USER:PASSWORD for the proxy; empty for none.
	ProxyCredentials ProxyCredentials
	// OwnAddresses are where this program listens; production environments may
	// not send to them, and development ones only under PolicyAny. An unspecified
	// address stands for all addresses of this machine at the time of New.
	OwnAddresses []netip.AddrPort
	// Logger is told at the level debug which addresses were refused; nil means
	// nobody is.
	Logger *slog.Logger
	// Version is told to receivers in the User-Agent.
	Version string
	// ConnectTimeout bounds finding the address and connecting together, and TLS
	// once more, both within the request's own timeout. 0 means
	// DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// MaxIdlePerHost and MaxIdle bound the connections that are kept for later,
	// MaxConnectionsPerHost those that are open at all, each per kind of
	// environment and way of sending: directly, or by net/http. 0 means the default.
	MaxIdlePerHost        int
	MaxIdle               int
	MaxConnectionsPerHost int
	// Resolver finds addresses; nil means the system's.
	Resolver *net.Resolver
	// RootCAs are the authorities that are trusted; nil means the system's.
	RootCAs *x509.CertPool
	// Now is the clock for timings, dates in responses and certificates; nil
	// means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Production == "" {
		o.Production = PolicyPublic
	}
	if o.Development == "" {
		o.Development = PolicyAny
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.MaxIdlePerHost == 0 {
		o.MaxIdlePerHost = DefaultMaxIdlePerHost
	}
	if o.MaxIdle == 0 {
		o.MaxIdle = DefaultMaxIdle
	}
	if o.MaxConnectionsPerHost == 0 {
		o.MaxConnectionsPerHost = DefaultMaxConnectionsPerHost
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) validate() error {
	for _, policy := range []Policy{o.Production, o.Development} {
		if policy != PolicyPublic && policy != PolicyPrivate && policy != PolicyAny {
			return fmt.Errorf("unknown egress policy %q: use public, private or any", policy)
		}
	}
	for _, prefix := range o.Allow {
		if !prefix.IsValid() || prefix.Addr().Is4In6() {
			return fmt.Errorf("egress allow list: %q is not a plain IPv4 or IPv6 network such as 10.1.0.0/16", prefix)
		}
	}
	for _, own := range o.OwnAddresses {
		if !own.IsValid() {
			return fmt.Errorf("egress: %q is not an address and a port", own)
		}
	}
	for _, r := range o.Ports {
		if r[0] == 0 || r[0] > r[1] {
			return fmt.Errorf("egress ports: %d to %d is not a range of ports", r[0], r[1])
		}
	}
	if err := o.validateProxy(); err != nil {
		return err
	}
	if o.ConnectTimeout < 0 || o.MaxIdlePerHost < 0 || o.MaxIdle < 0 || o.MaxConnectionsPerHost < 0 {
		return fmt.Errorf("egress: timeouts and limits of connections can't be negative")
	}
	return nil
}

// validateProxy never repeats what was given: it may hold a password.
func (o Options) validateProxy() error {
	user, password := o.ProxyCredentials.parts()
	const longest = 255 // bytes that SOCKS5 takes
	switch {
	case len(user) > longest || len(password) > longest:
		return fmt.Errorf("egress proxy: user and password may have 255 bytes each")
	case o.Proxy == nil && o.ProxyCredentials != "":
		return fmt.Errorf("egress proxy: there are credentials, and no proxy")
	case o.Proxy == nil:
		return nil
	case o.Proxy.Scheme != "http" && o.Proxy.Scheme != "https" && o.Proxy.Scheme != "socks5":
		return fmt.Errorf("egress proxy: it must begin with http://, https:// or socks5://")
	case o.Proxy.Hostname() == "" || o.Proxy.Port() == "" || o.Proxy.User != nil:
		return fmt.Errorf("egress proxy: it must be a host and a port, with its credentials apart")
	default:
		return nil
	}
}

// ProxyCredentials are USER:PASSWORD. They print as nothing that helps anybody.
type ProxyCredentials string

// String hides the credentials.
func (ProxyCredentials) String() string { return "[hidden]" }

// GoString hides the credentials.
func (ProxyCredentials) GoString() string { return "[hidden]" }

// LogValue hides the credentials.
func (ProxyCredentials) LogValue() slog.Value { return slog.StringValue("[hidden]") }

func (c ProxyCredentials) parts() (user, password string) {
	user, password, _ = strings.Cut(string(c), ":")
	return user, password
}
