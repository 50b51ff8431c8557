package client

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Defaults of a client.
const (
	// DefaultRetries is how often a call is repeated after its first try.
	DefaultRetries = 3
	// DefaultTimeout is the longest that one try may take.
	DefaultTimeout = 30 * time.Second
	// MaxAnswer is how many bytes of an answer are read; a longer one is an error.
	MaxAnswer = 32 << 20

	// testTimeout leaves room for the longest timeoutMs that a webhook can have.
	testTimeout = 90 * time.Second
)

// Client calls one Posthorn server with one API key. It is safe for concurrent
// use.
type Client struct {
	server    string
	apiKey    string
	userAgent string
	http      *http.Client
	timeout   time.Duration
	backoff   backoff
	random    func() uint64
}

// Option changes how a client works.
type Option func(*Client)

// WithHTTPClient sends the requests through the given client. It should not
// follow redirects: the API has none.
func WithHTTPClient(sender *http.Client) Option { return func(c *Client) { c.http = sender } }

// WithTimeout sets the longest that one try may take.
func WithTimeout(timeout time.Duration) Option { return func(c *Client) { c.timeout = timeout } }

// WithRetries sets how often a call is repeated after its first try; 0 is never.
func WithRetries(retries int) Option { return func(c *Client) { c.backoff.retries = retries } }

// WithBackoff sets the wait before the first repetition, which doubles each
// time, and the longest wait. When a server asks for a longer one (Retry-After),
// the call ends with its answer.
func WithBackoff(first, longest time.Duration) Option {
	return func(c *Client) { c.backoff.first, c.backoff.longest = first, longest }
}

// WithUserAgent sets the User-Agent header.
func WithUserAgent(name string) Option { return func(c *Client) { c.userAgent = name } }

// WithRandomness sets where idempotency keys and jitter come from. It must be
// uniformly distributed and safe for concurrent use.
func WithRandomness(random func() uint64) Option { return func(c *Client) { c.random = random } }

// New makes a client of the server at the given URL (http or https; a path in
// front of /v1 is kept, /v1 itself may stand at the end) with the given API key. It connects to nothing. It
// returns an error when the URL or the key can't be right; the error holds
// neither key nor password.
func New(server, apiKey string, options ...Option) (*Client, error) {
	base, err := serverBase(server)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(apiKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the API key has spaces or characters outside printable ASCII")
	}
	c := &Client{
		server:    base,
		apiKey:    apiKey,
		userAgent: "posthorn-go",
		http:      defaultHTTPClient(),
		timeout:   DefaultTimeout,
		backoff:   backoff{retries: DefaultRetries, first: 200 * time.Millisecond, longest: 30 * time.Second},
		random:    secureRandom,
	}
	for _, option := range options {
		option(c)
	}
	return c, nil
}

// Server returns the server's URL as the client uses it, without a slash at the end.
func (c *Client) Server() string { return c.server }

func serverBase(server string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(server))
	if err != nil {
		return "", errors.New("the server's address is not a URL; " + exampleOfServer)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", errors.New("the server's address must begin with http:// or https:// and have a host; " + exampleOfServer)
	case u.User != nil:
		return "", errors.New("the server's address must not have credentials in it")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the server's address must have no ? and no #")
	}
	base := strings.TrimRight(u.String(), "/")
	return strings.TrimRight(strings.TrimSuffix(base, "/v1"), "/"), nil
}

const exampleOfServer = "for example http://127.0.0.1:8080"

// defaultHTTPClient never follows a redirect: the key would travel along.
func defaultHTTPClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func secureRandom() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: documented since Go 1.24
	return binary.BigEndian.Uint64(b[:])
}
