package config

import (
	"slices"
	"strings"
)

// Setting is one row of the table: everything there is to know about a setting.
type Setting struct {
	// Key is the name in the file and, behind two dashes, of the flag.
	Key string
	// Default is what help shows; it is also what is set when nothing else is,
	// unless it is computed.
	Default string
	// Value names the kind of value in help, for example ADDRESS.
	Value string
	Help  string
	// Secret reports that the setting has no flag and is never shown. It can be
	// given as KEY-file, the path of a file, everywhere.
	Secret bool

	computed bool
	set      func(config *Config, text string) error
}

// Variable returns the name of the environment's variable.
func (s Setting) Variable() string { return variable(s.Key) }

const fileSuffix = "-file"

func variable(key string) string {
	return "POSTHORN_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// Settings returns the table, in the order of help.
func Settings() []Setting {
	return slices.Concat([]Setting{
		{Key: "listen", Value: "ADDRESS", Default: "127.0.0.1:8080", Help: "address and port of the API; port 0 takes a free one", set: setListen},
		{Key: "data", Value: "DIR", Default: "$XDG_DATA_HOME/posthorn or ~/.local/share/posthorn", computed: true, Help: "directory of the database and of the first key", set: setDataDir},
		{Key: "database", Value: "URL", Default: "sqlite:DIR/posthorn.db", computed: true, Help: "database: sqlite:PATH", set: setDatabase},
		{Key: "environment", Value: "KIND", Default: "production", Help: "kind of the environment that a first start makes: production or development", set: setEnvironment},
		{Key: "bootstrap-key", Value: "KEY", Secret: true, Help: "platform key (sk_user_…) that a first start uses instead of a random one", set: setBootstrapKey},
		{Key: "hosts", Value: "NAMES", Default: "localhost in development on a loopback address, else any", computed: true, Help: "names by which the API may be asked, besides addresses, separated by commas; * for any", set: setHosts},
		{Key: "max-body-bytes", Value: "N", Default: "1048576", Help: "longest body that the API takes", set: setMaxBodyBytes},
		{Key: "max-connections", Value: "N", Default: "4096", Help: "most connections of clients of the API at once", set: setMaxConnections},
	}, limitSettings(), []Setting{
		{Key: "handshake-origin", Value: "NAME", Default: "localhost in development", computed: true, Help: "domain name by which the server introduces itself to receivers that are asked for their consent; without one there are no handshakes", set: setHandshakeOrigin},
		{Key: "signing-key-overlap", Value: "DURATION", Default: "24h", Help: "how long a signing key that was rotated out stays valid, unless the rotation says otherwise; at most 168h", set: setSigningKeyOverlap},
		{Key: "grace-period", Value: "DURATION", Default: "30s", Help: "how long a stop waits for what is under way", set: setGracePeriod},
		{Key: "drain-delay", Value: "DURATION", Default: "5s in production, 0s in development", computed: true, Help: "how long a stop goes on taking requests after saying that it isn't ready", set: setDrainDelay},
		{Key: "pause-deliveries", Value: "BOOL", Default: "false", Help: "accept events and send nothing, for example after restoring a backup: true or false", set: setPauseDeliveries},
		{Key: "egress", Value: "POLICY", Default: "public in production, any in development", computed: true, Help: "addresses that requests may go to: public, private or any", set: setEgress},
		{Key: "egress-allow", Value: "CIDRS", Help: "ranges that are allowed besides the policy, separated by commas", set: setEgressAllow},
		{Key: "egress-ports", Value: "PORTS", Default: "80, 443 and 1024-65535 without well-known services; all under any", computed: true, Help: "ports that requests may go to, separated by commas: 443,8000-8999", set: setEgressPorts},
		{Key: "egress-strict", Value: "BOOL", Default: "false", Help: "refuse a name that has a forbidden address beside permitted ones: true or false", set: setEgressStrict},
		{Key: "egress-proxy", Value: "URL", Help: "proxy that all requests go through: http://HOST:PORT or https:// (both with CONNECT), or socks5://", set: setEgressProxy},
		{Key: "egress-proxy-credentials", Value: "USER:PASSWORD", Secret: true, Help: "user and password for the proxy (USER:PASSWORD)", set: setEgressProxyCredentials},
		{Key: "concurrency", Value: "N", Default: "2048", Help: "how many deliveries may be under way at once", set: setConcurrency},
		{Key: "profile-listen", Value: "ADDRESS", Help: "address on the loopback interface, and port, where profiles of the running program are given to everybody on this machine; empty for nowhere", set: setProfileListen},
		{Key: "log-level", Value: "LEVEL", Default: "info", Help: "debug, info, warn or error", set: setLogLevel},
		{Key: "log-format", Value: "FORMAT", Default: "text", Help: "text or json", set: setLogFormat},
	})
}

// findSetting returns the setting of a key, whether the key means a file that
// holds the value, and whether there is such a key.
func findSetting(key string) (Setting, bool, bool) {
	for _, s := range Settings() {
		if s.Key == key {
			return s, false, true
		}
		if s.Secret && s.Key+fileSuffix == key {
			return s, true, true
		}
	}
	return Setting{}, false, false
}
