package detect

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// style is a way to write JSON.
type style struct {
	// indent is what each level is moved in by; empty writes one line.
	indent string
	// item and colon stand behind commas and colons on one line, each empty or a
	// space.
	item, colon string
	isSorted    bool
	escape      escape
}

// escape is what is escaped in strings beside what must be.
type escape struct{ ascii, html, slash bool }

// write writes a value in a style.
func (v *value) write(s style) []byte { return v.append(nil, s, "\n") }

// maxWritten is about how long JSON is written: indented, a deep list of a million
// numbers would be hundreds of times as long as it was. What is longer is no body.
const maxWritten = MaxRequest

func (v *value) append(dst []byte, s style, line string) []byte {
	switch v.kind {
	case textKind:
		return appendText(dst, v.text, s.escape)
	case listKind:
		dst = append(dst, '[')
		for i, item := range v.items {
			if len(dst) > maxWritten {
				return dst
			}
			dst = s.beforeItem(dst, i, line)
			dst = item.append(dst, s, line+s.indent)
		}
		return append(s.beforeEnd(dst, len(v.items), line), ']')
	case objectKind:
		members := v.members
		if s.isSorted {
			members = slices.Clone(members)
			slices.SortStableFunc(members, func(one, other member) int { return strings.Compare(one.name, other.name) })
		}
		dst = append(dst, '{')
		for i, m := range members {
			if len(dst) > maxWritten {
				return dst
			}
			dst = s.beforeItem(dst, i, line)
			dst = append(appendText(dst, m.name, s.escape), ':')
			dst = append(dst, s.colon...)
			dst = m.value.append(dst, s, line+s.indent)
		}
		return append(s.beforeEnd(dst, len(members), line), '}')
	default:
		return append(dst, v.raw...)
	}
}

func (s style) beforeItem(dst []byte, index int, line string) []byte {
	if index > 0 {
		dst = append(dst, ',')
		if s.indent == "" {
			dst = append(dst, s.item...)
		}
	}
	if s.indent != "" {
		dst = append(append(dst, line...), s.indent...)
	}
	return dst
}

func (s style) beforeEnd(dst []byte, count int, line string) []byte {
	if count > 0 && s.indent != "" {
		dst = append(dst, line...)
	}
	return dst
}

func appendText(dst []byte, text string, e escape) []byte {
	dst = append(dst, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\' || r == '/' && e.slash:
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ', e.ascii && r > '~', e.html && (r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029'):
			for _, unit := range utf16.Encode([]rune{r}) {
				dst = fmt.Appendf(dst, `\u%04x`, unit)
			}
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}
