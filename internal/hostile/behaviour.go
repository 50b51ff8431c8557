package hostile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The names that code refers to.
const (
	refuse = "refuse"
	stale  = "stale-keep-alive"
)

// reading says how much of a request is read before the answer.
type reading int

const (
	everything reading = iota
	headersOnly
	nothing
)

// Behaviour is one way to treat a request.
type Behaviour struct {
	Name string
	// Argument is the default of its argument, empty when it takes none.
	Argument string
	// Summary says what it does.
	Summary string

	reads reading
	// act answers, and reports whether the connection may serve another request.
	act func(ctx context.Context, c *conversation) bool
	// check refuses an argument that makes no sense; nil takes any.
	check func(argument string) error
	// refuses means that nothing listens.
	refuses bool
	// certificate is the kind of certificate that is shown; empty means no TLS.
	certificate certificate
}

// Behaviours returns all of them, sorted by name.
func Behaviours() []Behaviour {
	list := slices.Concat(polite(), silent(), slow(), floods(), broken(), lengths(), secured())
	slices.SortFunc(list, func(a, b Behaviour) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// says makes an act that writes one text and closes the connection.
func says(text string) func(context.Context, *conversation) bool {
	return func(_ context.Context, c *conversation) bool {
		c.write(text)
		return false
	}
}

// saysAndStays makes an act that writes one text and waits until the other side
// goes.
func saysAndStays(text string) func(context.Context, *conversation) bool {
	return func(_ context.Context, c *conversation) bool {
		if c.write(text) {
			c.hang()
		}
		return false
	}
}

func checkDuration(argument string) error {
	if duration, err := time.ParseDuration(argument); err != nil || duration < 0 {
		return fmt.Errorf("%q is not a time such as 500ms or 2s", argument)
	}
	return nil
}

// durationOf reads what checkDuration has let pass.
func durationOf(argument string) time.Duration {
	duration, err := time.ParseDuration(argument)
	if err != nil {
		return time.Second
	}
	return duration
}

// checkStatus allows statuses that no server has, -200 and 2e2 among them, and no words.
func checkStatus(argument string) error {
	if err := checkLine(argument); err != nil {
		return err
	}
	if strings.Trim(argument, "0123456789-e") != "" || !strings.ContainsAny(argument, "0123456789") {
		return fmt.Errorf("%q is not a number such as 503", argument)
	}
	return nil
}

func checkLine(argument string) error {
	if strings.ContainsAny(argument, "\r\n") {
		return fmt.Errorf("the argument must be one line")
	}
	return nil
}
