package signature

import "strings"

// The parts of Structured Field Values (RFC 9651) that message signatures need:
// dictionaries whose members are byte sequences, or lists of strings with
// parameters. What else a dictionary may hold is not read.

// parser reads a header's value from the left.
type parser struct{ rest string }

func (p *parser) skip(text string) bool {
	rest, found := strings.CutPrefix(p.rest, text)
	if found {
		p.rest = rest
	}
	return found
}

// while takes the longest beginning that consists of the characters.
func (p *parser) while(characters string) string {
	end := len(p.rest) - len(strings.TrimLeft(p.rest, characters))
	taken := p.rest[:end]
	p.rest = p.rest[end:]
	return taken
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyz"
)

func (p *parser) name() string { return p.while(letters + digits + "_-.*") }

// text reads a string in quotes, without escapes: no name or value of ours has
// any.
func (p *parser) text() (string, bool) {
	if !p.skip(`"`) {
		return "", false
	}
	text, rest, closed := strings.Cut(p.rest, `"`)
	if !closed || strings.Contains(text, `\`) {
		return "", false
	}
	p.rest = rest
	return text, true
}

// next goes on to the next member of a dictionary; done when there is none.
func (p *parser) next() (done, isGood bool) {
	p.while(" \t")
	if p.rest == "" {
		return true, true
	}
	isGood = p.skip(",")
	p.while(" \t")
	return false, isGood && p.rest != ""
}

// parseByteSequences reads label=:base64:, …; no label may stand twice.
func parseByteSequences(value string) (map[string][]byte, bool) {
	p, read := parser{value}, map[string][]byte{}
	for range maxEntries {
		name := p.name()
		if _, isDoubled := read[name]; isDoubled || name == "" || !p.skip("=:") {
			return nil, false
		}
		encoded, rest, closed := strings.Cut(p.rest, ":")
		raw, err := Base64.Decode(encoded)
		if !closed || err != nil {
			return nil, false
		}
		read[name], p.rest = raw, rest
		done, isGood := p.next()
		if done || !isGood {
			return read, isGood
		}
	}
	return nil, false
}

// parseInputs reads label=("component" …);name=value, …; no label may stand twice.
func parseInputs(value string) ([]messageInput, bool) {
	p := parser{value}
	var inputs []messageInput
	seen := map[string]bool{}
	for range maxEntries {
		label := p.name()
		if label == "" || seen[label] || !p.skip("=") {
			return nil, false
		}
		seen[label] = true
		before := p.rest
		input, isGood := p.input()
		if !isGood {
			return nil, false
		}
		input.label, input.written = label, before[:len(before)-len(p.rest)]
		inputs = append(inputs, input)
		done, isGood := p.next()
		if done || !isGood {
			return inputs, isGood
		}
	}
	return nil, false
}

func (p *parser) input() (messageInput, bool) {
	input := messageInput{parameters: map[string]string{}}
	if !p.skip("(") {
		return input, false
	}
	for !p.skip(")") {
		if len(input.components) > 0 && p.while(" ") == "" {
			return input, false
		}
		name, isGood := p.text()
		if !isGood || len(input.components) >= maxEntries {
			return input, false
		}
		input.components = append(input.components, name)
	}
	for p.skip(";") {
		name := p.name()
		if _, isDoubled := input.parameters[name]; isDoubled || name == "" || !p.skip("=") {
			return input, false
		}
		text, isText := p.text()
		if !isText {
			text = p.while(digits)
		}
		if !isText && text == "" {
			return input, false
		}
		input.parameters[name] = text
	}
	return input, true
}
