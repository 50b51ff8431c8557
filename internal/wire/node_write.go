package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

func (n *node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case textKind:
		return append(appendJSONText(append(dst, '"'), n.text), '"')
	case listKind:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendJSON(dst)
		}
		return append(dst, ']')
	case objectKind:
		dst = append(dst, '{')
		for i, m := range n.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONText(append(dst, '"'), m.name), '"', ':')
			dst = m.value.appendJSON(dst)
		}
		return append(dst, '}')
	default:
		return append(dst, n.text...)
	}
}

func (n *node) writeYAML() []byte {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(n.yaml()); err != nil { // a buffer takes everything
		return n.appendJSON(nil)
	}
	return visible(text.Bytes())
}

// visible writes what nobody sees, or sees as something else, as its code. Such characters
// stand only between double quotes, see quoted, where YAML reads the code as the character.
func visible(text []byte) []byte {
	safe := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r == '\n' || strconv.IsPrint(r):
			safe = utf8.AppendRune(safe, r)
		case r > 0xffff:
			safe = fmt.Appendf(safe, `\U%08x`, r)
		default:
			safe = fmt.Appendf(safe, `\u%04x`, r)
		}
	}
	return safe
}

// quoted is a text as YAML has it, between double quotes if it has characters that
// aren't printed. Line ends may stay what they are in values of several lines.
func quoted(text string, hasLines bool) *yaml.Node {
	scalar := &yaml.Node{}
	scalar.SetString(text)
	isHidden := func(r rune) bool { return !strconv.IsPrint(r) && (r != '\n' || !hasLines) }
	if strings.ContainsFunc(text, isHidden) {
		scalar.Style = yaml.DoubleQuotedStyle
	}
	return scalar
}

func (n *node) yaml() *yaml.Node {
	switch n.kind {
	case textKind:
		return quoted(n.text, true)
	case listKind:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range n.items {
			list.Content = append(list.Content, item.yaml())
		}
		return list
	case objectKind:
		mapping := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range n.members {
			mapping.Content = append(mapping.Content, quoted(m.name, false), m.value.yaml())
		}
		return mapping
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: n.text}
	}
}
