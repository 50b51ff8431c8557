package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

const sqliteScheme = "sqlite:"

func setListen(c *Config, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not an address and a port; for example 127.0.0.1:8080, or :8080 for every address", text)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not a port from 0 to 65535", port)
	}
	c.Listen = text
	return nil
}

// setProfileListen takes addresses that no other machine reaches, and no names: a
// name may mean something else tomorrow.
func setProfileListen(c *Config, text string) error {
	address, err := netip.ParseAddrPort(text)
	if err != nil || !address.Addr().IsLoopback() {
		return fmt.Errorf("%q is not a loopback address and a port; for example 127.0.0.1:6060, for profiles are for this machine alone", text)
	}
	c.ProfileListen = text
	return nil
}

func setDataDir(c *Config, text string) error {
	absolute, err := filepath.Abs(text)
	if err != nil {
		return fmt.Errorf("finding the directory %q: %w", text, err)
	}
	c.DataDir = absolute
	return nil
}

func setDatabase(c *Config, text string) error {
	path, found := strings.CutPrefix(text, sqliteScheme)
	if !found || path == "" || strings.HasPrefix(path, "//") {
		return errors.New("a database is written sqlite: and a path; for example sqlite:/var/lib/posthorn/posthorn.db")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding the database %q: %w", path, err)
	}
	c.Database = sqliteScheme + absolute
	return nil
}

func setEnvironment(c *Config, text string) error {
	switch kind := posthorn.EnvironmentKind(text); kind {
	case posthorn.Production, posthorn.Development:
		c.Environment = kind
		return nil
	default:
		return fmt.Errorf("%q is not a kind of environment; use production or development", text)
	}
}

// setBootstrapKey never repeats the value: it is a secret.
func setBootstrapKey(c *Config, text string) error {
	const shortest, longest = 24, 256
	if !strings.HasPrefix(text, posthorn.PlatformKeyPrefix) {
		return fmt.Errorf("the key must begin with %s", posthorn.PlatformKeyPrefix)
	}
	if len(text) < shortest || len(text) > longest {
		return fmt.Errorf("the key is %d characters long; it must have %d to %d (openssl rand -hex 32 makes good ones)", len(text), shortest, longest)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the key has spaces or characters outside printable ASCII")
	}
	c.BootstrapKey = posthorn.Secret(text)
	return nil
}

func setMaxBodyBytes(c *Config, text string) error {
	n, err := number(text, 1024, 64<<20)
	c.MaxBodyBytes = int64(n)
	return err
}

func setMaxConnections(c *Config, text string) error {
	n, err := number(text, 1, 1_000_000)
	c.MaxConnections = n
	return err
}

func setConcurrency(c *Config, text string) error {
	n, err := number(text, 1, 65536)
	c.Concurrency = n
	return err
}

func setHandshakeOrigin(c *Config, text string) error {
	if err := posthorn.ValidateURL("", "https://"+text+"/", posthorn.Production); err != nil || strings.ContainsAny(text, "/:?@[") {
		return fmt.Errorf("%q is not a domain name; for example webhooks.example.com", text)
	}
	c.HandshakeOrigin = strings.ToLower(text)
	return nil
}

func setSigningKeyOverlap(c *Config, text string) error {
	overlap, err := duration(text, 7*24*time.Hour)
	if err == nil && overlap < time.Second {
		return fmt.Errorf("%q is too short: the next key would be the only one at once; a rotation can ask for that with --overlap 0s", text)
	}
	c.SigningKeyOverlap = overlap
	return err
}

func setGracePeriod(c *Config, text string) error {
	period, err := duration(text, time.Hour)
	c.GracePeriod = period
	return err
}

func setDrainDelay(c *Config, text string) error {
	delay, err := duration(text, 10*time.Minute)
	c.DrainDelay = delay
	return err
}

func setPauseDeliveries(c *Config, text string) error {
	paused, err := truth(text)
	c.PauseDeliveries = paused
	return err
}

func setEgress(c *Config, text string) error {
	switch policy := EgressPolicy(text); policy {
	case EgressPublic, EgressPrivate, EgressAny:
		c.Egress = policy
		return nil
	default:
		return fmt.Errorf("%q is not a policy; use public, private or any", text)
	}
}

func setEgressAllow(c *Config, text string) error {
	var ranges []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("%q is not a range of addresses; for example 10.20.0.0/16, or 10.20.0.5/32 for one address", part)
		}
		ranges = append(ranges, prefix.Masked())
	}
	c.EgressAllow = ranges
	return nil
}

func setLogLevel(c *Config, text string) error {
	switch text {
	case "debug":
		c.LogLevel = slog.LevelDebug
	case "info":
		c.LogLevel = slog.LevelInfo
	case "warn":
		c.LogLevel = slog.LevelWarn
	case "error":
		c.LogLevel = slog.LevelError
	default:
		return fmt.Errorf("%q is not a level; use debug, info, warn or error", text)
	}
	return nil
}

func setLogFormat(c *Config, text string) error {
	if text != "text" && text != "json" {
		return fmt.Errorf("%q is not a format; use text or json", text)
	}
	c.LogFormat = text
	return nil
}

func duration(text string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > most {
		longest := strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(most.String())
		return 0, fmt.Errorf("%q is not a duration from 0s to %s; for example 30s", text, longest)
	}
	return d, nil
}

func truth(text string) (bool, error) {
	if text != "true" && text != "false" {
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return text == "true", nil
}

func number(text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is not a whole number from %d to %d", text, least, most)
	}
	return n, nil
}
