package signature

import "strings"

// Dictionaries of Structured Field Values (RFC 9651). Others may add members to those
// of a message signature, of any kind: each is read to its end, and what isn't needed is
// passed over.

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
	digits       = "0123456789"
	letters      = "abcdefghijklmnopqrstuvwxyz"
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	ofToken      = letters + upperLetters + digits + "!#$%&'*+-.^_`|~:/"
)

func (p *parser) name() string { return p.while(letters + digits + "_-.*") }

// text reads a string in quotes. One with escapes is returned as it is written, quotes
// included: no name or value of ours has any.
func (p *parser) text() (string, bool) {
	written := p.rest
	if !p.skip(`"`) {
		return "", false
	}
	for at := 0; at < len(p.rest); at++ {
		switch p.rest[at] {
		case '"':
			text := p.rest[:at]
			p.rest = p.rest[at+1:]
			if strings.Contains(text, `\`) {
				text = written[:len(written)-len(p.rest)]
			}
			return text, true
		case '\\':
			if at++; at >= len(p.rest) || p.rest[at] != '"' && p.rest[at] != '\\' {
				return "", false
			}
		}
	}
	return "", false
}

// item reads a value (RFC 9651, section 3.3): a string's text, and everything else as
// it is written.
func (p *parser) item() (string, bool) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.text()
	}
	before := p.rest
	isGood := false
	switch {
	case p.skip(":"):
		p.while(letters + upperLetters + digits + "+/=")
		isGood = p.skip(":")
	case p.skip("?"):
		isGood = p.skip("0") || p.skip("1")
	case p.skip(`%"`):
		p.while(letters + upperLetters + digits + " !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
		isGood = p.skip(`"`)
	case p.skip("@") || p.skip("-"):
		isGood = p.while(digits+".") != ""
	case p.while(digits+".") != "":
		isGood = true
	case strings.ContainsAny(p.rest[:min(1, len(p.rest))], letters+upperLetters+"*"):
		isGood = p.while(ofToken) != ""
	}
	return before[:len(before)-len(p.rest)], isGood
}

// parameters reads ;name=value;name …; no name may stand twice.
func (p *parser) parameters() (map[string]string, bool) {
	read := map[string]string{}
	for p.skip(";") {
		p.while(" ")
		name := p.name()
		if _, isDoubled := read[name]; isDoubled || name == "" || len(read) >= maxEntries {
			return nil, false
		}
		value, isGood := "?1", true
		if p.skip("=") {
			value, isGood = p.item()
		}
		if !isGood {
			return nil, false
		}
		read[name] = value
	}
	return read, true
}

// dictionary reads name=member, …; no name may stand twice. Read takes what follows the
// name, which may be nothing.
func dictionary(value string, read func(p *parser, name string) bool) bool {
	p, seen := parser{value}, map[string]bool{}
	for range maxEntries {
		name := p.name()
		if name == "" || seen[name] || !read(&p, name) {
			return false
		}
		seen[name] = true
		p.while(" \t")
		if p.rest == "" {
			return true
		}
		if !p.skip(",") {
			return false
		}
		p.while(" \t")
	}
	return false
}

// parseByteSequences reads label=:base64:, …; labels of anything else are left out.
func parseByteSequences(value string) (map[string][]byte, bool) {
	read := map[string][]byte{}
	return read, dictionary(value, func(p *parser, name string) bool {
		if !p.skip("=") {
			_, isGood := p.parameters()
			return isGood
		}
		if strings.HasPrefix(p.rest, "(") {
			_, isGood := p.list()
			return isGood
		}
		item, isGood := p.item()
		if !isGood {
			return false
		}
		if encoded, isBytes := strings.CutPrefix(item, ":"); isBytes {
			if raw, err := Base64.Decode(strings.TrimSuffix(encoded, ":")); err == nil {
				read[name] = raw
			}
		}
		_, isGood = p.parameters()
		return isGood
	})
}

// parseInputs reads label=("component" …);name=value, …; labels of anything else are
// left out.
func parseInputs(value string) ([]messageInput, bool) {
	var inputs []messageInput
	isGood := dictionary(value, func(p *parser, name string) bool {
		if !p.skip("=") {
			_, isGood := p.parameters()
			return isGood
		}
		if !strings.HasPrefix(p.rest, "(") {
			_, isItem := p.item()
			_, isGood := p.parameters()
			return isItem && isGood
		}
		before := p.rest
		input, isGood := p.list()
		input.label, input.written = name, before[:len(before)-len(p.rest)]
		inputs = append(inputs, input)
		return isGood
	})
	return inputs, isGood
}

// list reads ("component";parameters …);parameters. Components of which more is said than
// their name are none that a scheme names.
func (p *parser) list() (messageInput, bool) {
	var input messageInput
	p.skip("(")
	p.while(" ")
	for !p.skip(")") {
		isName := strings.HasPrefix(p.rest, `"`)
		component, isGood := p.item()
		parameters, isRead := p.parameters()
		isEnd := strings.HasPrefix(p.rest, ")")
		if !isGood || !isRead || p.while(" ") == "" && !isEnd || len(input.components) >= maxEntries {
			return input, false
		}
		input.isForeign = input.isForeign || !isName || len(parameters) > 0 || strings.Contains(component, `\`)
		input.components = append(input.components, component)
	}
	var isGood bool
	input.parameters, isGood = p.parameters()
	return input, isGood
}
