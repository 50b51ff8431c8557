package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/posthorn/posthorn"
)

// template is a text with placeholders, taken apart once.
type template []part

// part is a literal or, with a value, what stands in its place.
type part struct {
	literal string
	value   value
	// name is the name behind "metadata.".
	name string
	// scheme is the scheme that the value belongs to: its signature, its key.
	scheme int
	// offset is added to a timestamp; encoding writes a digest.
	offset   int64
	encoding posthorn.Encoding
	filters  []filter
}

// Limits of a template: its length in bytes, and the filters of a placeholder,
// each of which may double what it is given.
const (
	maxTemplate = 1024
	maxFilters  = 3
)

// parseTemplate takes a template apart. Placeholders are {name} or
// {name|filter|filter}; {{ and }} stand for braces. Values that don't exist in
// the place where the template is used are refused.
func (c *compiler) parseTemplate(pointer, text string, where place) (template, *posthorn.Error) {
	if len(text) > maxTemplate || !utf8.ValidString(text) {
		return nil, posthorn.Invalid(pointer, fmt.Sprintf("The template is longer than %d bytes, or not UTF-8.", maxTemplate), "Shorten it.")
	}
	var parsed template
	var literal strings.Builder
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			break
		}
		literal.WriteString(text[:at])
		brace, rest := text[at:at+1], text[at+1:]
		if strings.HasPrefix(rest, brace) {
			literal.WriteString(brace)
			text = rest[1:]
			continue
		}
		inside, after, closed := strings.Cut(rest, "}")
		if brace == "}" || !closed {
			return nil, posthorn.Invalid(pointer, fmt.Sprintf("The braces of %q don't fit together.", clip(text)), "Write {event.id}, and {{ or }} for a brace itself.")
		}
		placeholder, err := c.parsePlaceholder(pointer, inside, where)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed.withLiteral(literal.String()), placeholder)
		literal.Reset()
		text = after
	}
	literal.WriteString(text)
	return parsed.withLiteral(literal.String()), nil
}

// withLiteral appends a literal, to the last part if that is one too.
func (t template) withLiteral(text string) template {
	switch {
	case text == "":
		return t
	case len(t) > 0 && t[len(t)-1].value == literalValue:
		t[len(t)-1].literal += text
		return t
	default:
		return append(t, part{literal: text})
	}
}

func (c *compiler) parsePlaceholder(pointer, inside string, where place) (part, *posthorn.Error) {
	name, filters, _ := strings.Cut(inside, "|")
	parsed, err := c.parseValue(pointer, name, where)
	if err != nil || filters == "" && !strings.Contains(inside, "|") {
		return parsed, err
	}
	for name := range strings.SplitSeq(filters, "|") {
		filter, found := filterNamed(name)
		if !found {
			return part{}, posthorn.Invalid(pointer, fmt.Sprintf("%q is not a filter.", clip(name)), "Filters are base64, hex, lower and upper.")
		}
		parsed.filters = append(parsed.filters, filter)
	}
	if len(parsed.filters) > maxFilters {
		return part{}, posthorn.Invalid(pointer, fmt.Sprintf("%d filters are more than the %d allowed.", len(parsed.filters), maxFilters), "Keep fewer filters.")
	}
	return parsed, nil
}

// uses reports whether the value stands in the template.
func (t template) uses(v value) bool {
	for _, part := range t {
		if part.value == v {
			return true
		}
	}
	return false
}

// appendTo writes the template's text behind dst. A value that is missing is an
// error, and so is more text than the scope's limit.
func (t template) appendTo(dst []byte, s *scope) ([]byte, error) {
	start := len(dst)
	for i := range t {
		var err error
		if dst, err = t[i].appendTo(dst, s); err != nil {
			return nil, err
		}
		if len(dst)-start > s.limit {
			return nil, posthorn.Invalid("", fmt.Sprintf("The format makes more than %d bytes of this event and this webhook.", s.limit), "Have the format repeat less.")
		}
	}
	return dst, nil
}

func (p *part) appendTo(dst []byte, s *scope) ([]byte, error) {
	if p.value == literalValue {
		return append(dst, p.literal...), nil
	}
	start := len(dst)
	dst, err := s.appendValue(dst, p)
	if err != nil {
		return nil, err
	}
	for _, filter := range p.filters {
		dst = filter.apply(dst, start)
	}
	return dst, nil
}
