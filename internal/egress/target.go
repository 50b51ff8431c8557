package egress

import (
	"errors"
	"net"
	"net/url"
	"sync"

	"github.com/posthorn/posthorn"
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

// maxTargets bounds the URLs of which it is remembered where they lead to, and
// maxTargetURL the length of each, in bytes: together they take 14 MiB at worst.
const (
	maxTargets   = 2048
	maxTargetURL = posthorn.MaxURL
)

// targets remembers where URLs lead to: reading one for every request took 160 bytes and
// half a microsecond. A URL, which may be a credential in itself, stays until chance lets
// another take its place or the process ends, also when its webhook is long gone; it is
// shown nowhere.
type targets struct {
	mu    sync.Mutex
	known map[string]*target
}

// of returns the target of a URL. What can't be read, or is too long, is not remembered.
func (t *targets) of(text string) (*target, error) {
	if known := t.remembered(text); known != nil {
		return known, nil
	}
	read, err := parseTarget(text) // all senders share the lock, so none reads under it
	if err != nil {
		return nil, err
	}
	if len(text) <= maxTargetURL {
		t.remember(text, read)
	}
	return read, nil
}

func (t *targets) remembered(text string) *target {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[text]
}

// remember forgets some other URL when there are too many: one, so that a flood of new
// ones costs those in use little.
func (t *targets) remember(text string, read *target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[text] == nil && len(t.known) >= maxTargets {
		for other := range t.known {
			delete(t.known, other)
			break
		}
	}
	t.known[text] = read
}
