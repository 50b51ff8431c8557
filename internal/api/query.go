package api

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/posthorn/posthorn"
)

// readQuery checks that every parameter is one that the route knows, given once.
func (c *call) readQuery() error {
	if c.request.URL.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(c.request.URL.RawQuery)
	if err != nil {
		return malformed("", "The query of the URL can't be read.", "Write name=value pairs joined by &, percent-encoded.")
	}
	c.query = make(map[string]string, len(values))
	for name, given := range values {
		if !c.route.knows(name) {
			return malformed("", fmt.Sprintf("The query has an unknown parameter %q.", clip(name)), didYouMean(name, c.route.parameterNames()))
		}
		if len(given) != 1 {
			return malformed("", fmt.Sprintf("The parameter %q is given more than once.", name), "Give it once.")
		}
		c.query[name] = given[0]
	}
	return nil
}

func (r *route) knows(name string) bool {
	for _, p := range r.query {
		if p.name == name {
			return true
		}
	}
	return false
}

func (r *route) parameterNames() []string {
	names := make([]string, len(r.query))
	for i, p := range r.query {
		names[i] = p.name
	}
	return names
}

// queryID reads an id from the query; zero when it is not given.
func queryID[T any, P interface {
	*T
	UnmarshalText(text []byte) error
}](c *call, name string) (T, error) {
	var id T
	text, given := c.query[name]
	if !given {
		return id, nil
	}
	if P(&id).UnmarshalText([]byte(text)) != nil {
		var zero T
		return zero, absentID[T](text)
	}
	return id, nil
}

// environmentID reads the environment that a GET or DELETE names.
func (c *call) environmentID() (posthorn.EnvironmentID, error) {
	return queryID[posthorn.EnvironmentID](c, "environmentId")
}

// queryTime reads a time from the query; zero when it is not given.
func (c *call) queryTime(name string) (time.Time, error) {
	text, given := c.query[name]
	if !given {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, malformed("", fmt.Sprintf("The parameter %s is not a time: %q.", name, clip(text)), "Write RFC 3339: 2026-01-02T03:04:05Z, with + as %2B.")
	}
	return t.UTC(), nil
}

// querySpan reads after and before.
func (c *call) querySpan() (posthorn.Span, error) {
	from, err := c.queryTime("after")
	if err != nil {
		return posthorn.Span{}, err
	}
	until, err := c.queryTime("before")
	if err != nil {
		return posthorn.Span{}, err
	}
	if !from.IsZero() && !until.IsZero() && from.After(until) {
		return posthorn.Span{}, malformed("", "after is later than before.", "Swap them.")
	}
	return posthorn.Span{From: from, Until: until}, nil
}

// limit reads how many items of a list are wanted.
func (c *call) limit() (int, error) {
	text, given := c.query["limit"]
	if !given {
		return posthorn.DefaultPageLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > posthorn.MaxPageLimit {
		return 0, malformed("", fmt.Sprintf("limit is %q; it must be a number from 1 to %d.", clip(text), posthorn.MaxPageLimit), fmt.Sprintf("Leave it out for %d.", posthorn.DefaultPageLimit))
	}
	return n, nil
}
