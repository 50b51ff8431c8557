package egress

import (
	"errors"
	"net"
	"net/url"
	"sync"
)

// target is where a URL leads to. It never changes.
type target struct {
	url *url.URL
	// address is the host and port to dial.
	address string
	// key is what connections are kept under.
	key string
	// head begins every message that is sent there, up to the body's length.
	head string
}

// parseTarget reads a request's URL.
func parseTarget(text string) (*target, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, &buildError{err}
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return nil, &buildError{errors.New("the URL is not http(s), has no host, or has credentials")}
	}
	address := addressOf(parsed)
	return &target{
		url: parsed, address: address, key: parsed.Scheme + "://" + address,
		head: "POST " + parsed.RequestURI() + " HTTP/1.1\r\nHost: " + parsed.Host + "\r\nContent-Length: ",
	}, nil
}

// addressOf is the host and port to dial.
func addressOf(parsed *url.URL) string {
	port := parsed.Port()
	switch {
	case port != "":
	case parsed.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(parsed.Hostname(), port)
}

// maxTargets bounds the URLs of which it is remembered where they lead to.
const maxTargets = 2048

// targets remembers where URLs lead to: reading one for every request took 160 bytes and
// half a microsecond.
type targets struct {
	mu    sync.Mutex
	known map[string]*target
}

// of returns the target of a URL. What can't be read is not remembered.
func (t *targets) of(text string) (*target, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.known[text]; known != nil {
		return known, nil
	}
	read, err := parseTarget(text)
	if err != nil {
		return nil, err
	}
	if len(t.known) >= maxTargets {
		clear(t.known) // those in use are read again
	}
	t.known[text] = read
	return read, nil
}
