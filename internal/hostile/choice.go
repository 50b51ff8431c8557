package hostile

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is a behaviour with its argument.
type Choice struct {
	// Name is the behaviour's.
	Name string
	// Argument is empty for a behaviour that takes none.
	Argument string

	behaviour Behaviour
}

// String is the choice as Parse reads it.
func (c Choice) String() string {
	if c.Argument == "" {
		return c.Name
	}
	return c.Name + "=" + c.Argument
}

// Secure reports whether the receiver speaks TLS, so that its URL begins with
// https.
func (c Choice) Secure() bool { return c.behaviour.certificate != "" }

// Parse reads behaviours separated by commas, each NAME or NAME=ARGUMENT. The
// error says what is wrong in words for a person.
func Parse(text string) ([]Choice, error) {
	var choices []Choice
	for one := range strings.SplitSeq(text, ",") {
		name, argument, _ := strings.Cut(strings.TrimSpace(one), "=")
		choice, err := choose(name, argument)
		if err != nil {
			return nil, err
		}
		choices = append(choices, choice)
	}
	alone := func(c Choice) bool { return c.behaviour.refuses || c.Secure() }
	if len(choices) > 1 && slices.ContainsFunc(choices, alone) {
		return nil, fmt.Errorf("%s and the behaviours of TLS stand alone", refuse)
	}
	return choices, nil
}

func choose(name, argument string) (Choice, error) {
	for _, behaviour := range Behaviours() {
		if behaviour.Name != name {
			continue
		}
		if argument != "" && behaviour.Argument == "" {
			return Choice{}, fmt.Errorf("the behaviour %s takes no argument", name)
		}
		if argument == "" {
			argument = behaviour.Argument
		}
		if behaviour.check != nil {
			if err := behaviour.check(argument); err != nil {
				return Choice{}, fmt.Errorf("the behaviour %s: %w", name, err)
			}
		}
		return Choice{Name: name, Argument: argument, behaviour: behaviour}, nil
	}
	return Choice{}, fmt.Errorf("there is no behaviour %q", name)
}
