package wire

import (
	"bytes"

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
	return text.Bytes()
}

func (n *node) yaml() *yaml.Node {
	switch n.kind {
	case textKind:
		scalar := &yaml.Node{}
		scalar.SetString(n.text)
		return scalar
	case listKind:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range n.items {
			list.Content = append(list.Content, item.yaml())
		}
		return list
	case objectKind:
		mapping := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range n.members {
			name := &yaml.Node{}
			name.SetString(m.name)
			mapping.Content = append(mapping.Content, name, m.value.yaml())
		}
		return mapping
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: n.text}
	}
}
