package api

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// checkHost refuses requests by a name that isn't the server's. Browsers let a page
// ask the server that the page's own name leads to, whoever's that is: only the name
// in the request tells.
func (c *call) checkHost() error {
	if len(c.Hosts) == 0 || c.request.Host == "" || isOwnHost(c.request.Host, c.Hosts) {
		return nil
	}
	return &posthorn.Error{
		Code:    posthorn.CodeForbidden,
		Message: "This server isn't to be asked by the name " + clip(c.request.Host) + ".",
		Hint:    "Ask it as localhost or by its address. Whoever runs it can add the name to its setting hosts.",
	}
}

// isOwnHost takes addresses for the server's own: nobody can make an address lead
// somewhere else.
func isOwnHost(host string, names []string) bool {
	parsed := url.URL{Host: host}
	name := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(names, name)
}
