package schema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of the patterns of a schema, as they are when they are compiled: a short text
// can stand for many instructions.
const (
	// maxInstructions is how large a pattern may be.
	maxInstructions = 500
	// maxAllWeight is how much all different patterns may take: one for an instruction,
	// and one for each runesAWeight runes of its classes of characters.
	maxAllWeight = 20_000
	runesAWeight = 16
)

var errPatterns = errors.New("all patterns of the schema together are too large")

// pattern is a regular expression whose size is known.
type pattern struct {
	*regexp.Regexp

	instructions int
}

// patterns compiles those of one schema.
type patterns struct {
	known  map[string]*pattern
	weight int
}

func (p *patterns) compile(text string) (jsonschema.Regexp, error) {
	if found, isKnown := p.known[text]; isKnown {
		return found, nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("reading a pattern: %w", err)
	}
	// Before it is written out: that alone could take much.
	if least := leastInstructions(parsed); least > maxInstructions {
		return nil, fmt.Errorf("the pattern is too large: at least %d instructions, of %d", least, maxInstructions)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("reading a pattern: %w", err)
	}
	if len(program.Inst) > maxInstructions {
		return nil, fmt.Errorf("the pattern is too large: %d instructions, of %d", len(program.Inst), maxInstructions)
	}
	for _, instruction := range program.Inst {
		p.weight += 1 + len(instruction.Rune)/runesAWeight
	}
	if p.weight > maxAllWeight {
		return nil, errPatterns
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("reading a pattern: %w", err)
	}
	if p.known == nil {
		p.known = map[string]*pattern{}
	}
	p.known[text] = &pattern{compiled, len(program.Inst)}
	return p.known[text], nil
}

// leastInstructions is how many instructions an expression is compiled to at least, no
// more than a little beyond the limit.
func leastInstructions(expression *syntax.Regexp) int {
	total := 0
	switch expression.Op {
	case syntax.OpLiteral:
		total = len(expression.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		total = 1
	default: // what is within counts
	}
	for _, sub := range expression.Sub {
		if total += leastInstructions(sub); total > maxInstructions {
			return total
		}
	}
	if expression.Op == syntax.OpRepeat {
		total *= max(expression.Min, expression.Max)
	}
	return total
}
