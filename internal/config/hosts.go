package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/posthorn/posthorn"
)

// anyHost stands for every name.
const anyHost = "*"

func setHosts(c *Config, text string) error {
	c.Hosts = nil
	for part := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(part))
		if name == "" {
			continue
		}
		if name != anyHost && (posthorn.ValidateURL("", "https://"+name+"/", posthorn.Production) != nil || strings.ContainsAny(name, "/:?@[")) {
			return fmt.Errorf("%q is not the name of a host; for example hooks.example.com, or * for any", part)
		}
		c.Hosts = append(c.Hosts, name)
	}
	return nil
}

// completeHosts lets a server on a laptop be asked by its own names alone, so that no
// page in a browser reaches it by a name that leads there.
func (c *Config) completeHosts() {
	if len(c.Hosts) == 0 && c.Environment == posthorn.Development && isLoopback(c.Listen) {
		c.Hosts = []string{"localhost"}
	}
	for _, name := range c.Hosts {
		if name == anyHost {
			c.Hosts = nil
			return
		}
	}
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
