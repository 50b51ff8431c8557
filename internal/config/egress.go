package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

func setEgressPorts(c *Config, text string) error {
	var ranges [][2]uint16
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, fromErr := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
		to, toErr := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
		if fromErr != nil || toErr != nil || from == 0 || from > to {
			return fmt.Errorf("%q is not a port or a range of ports; for example 443, or 8000-8999", part)
		}
		ranges = append(ranges, [2]uint16{uint16(from), uint16(to)})
	}
	if len(ranges) == 0 {
		return errors.New("no ports are named; remove the setting for the default")
	}
	c.EgressPorts = ranges
	return nil
}

func setEgressStrict(c *Config, text string) error {
	strict, err := truth(text)
	c.EgressStrict = strict
	return err
}

// setEgressProxy never repeats the value: who puts a password into it expects it
// not to be shown.
func setEgressProxy(c *Config, text string) error {
	const example = "for example http://proxy.example:3128"
	target, err := url.Parse(text)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" && target.Scheme != "socks5" || target.Hostname() == "" {
		return errors.New("a proxy is written http://, https:// or socks5:// and a host and port; " + example)
	}
	if port, err := strconv.ParseUint(target.Port(), 10, 16); err != nil || port == 0 {
		return errors.New("the proxy needs a port from 1 to 65535; " + example)
	}
	if target.User != nil {
		return errors.New("the proxy's user and password go into egress-proxy-credentials, where they are not shown")
	}
	if target.Path != "" && target.Path != "/" || target.RawQuery != "" || target.Fragment != "" {
		return errors.New("the proxy must be a host and a port without a path; " + example)
	}
	c.EgressProxy = &url.URL{Scheme: target.Scheme, Host: target.Host}
	return nil
}

// setEgressProxyCredentials never repeats the value either.
func setEgressProxyCredentials(c *Config, text string) error {
	user, password, isPair := strings.Cut(text, ":")
	const longest = 255
	if !isPair || user == "" || len(user) > longest || len(password) > longest {
		return errors.New("the proxy's credentials are written USER:PASSWORD, at most 255 bytes each")
	}
	c.EgressProxyCredentials = posthorn.Secret(text)
	return nil
}
