package wire

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/posthorn/posthorn"
)

// bodyDocument is the member body: {raw: event.data}, or a list of members that
// keeps their order.
type bodyDocument struct{ fields []posthorn.BodyField }

// UnmarshalYAML reads the body.
func (b *bodyDocument) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.MappingNode {
		name, err := rawValue(node)
		if err != nil {
			return err
		}
		if name != eventData {
			return malformedAt(node, "the body may be raw: "+eventData+" only")
		}
		return nil
	}
	entries, err := orderedEntries(node)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return malformedAt(node, "the body has no members")
	}
	for _, entry := range entries {
		field := posthorn.BodyField{Name: entry.name}
		if entry.value.Kind == yaml.MappingNode {
			field.Raw, err = rawValue(entry.value)
		} else {
			field.Template, err = textValue(entry.value)
		}
		if err != nil {
			return err
		}
		b.fields = append(b.fields, field)
	}
	return nil
}

// headersDocument is the member headers: a list that keeps its order.
type headersDocument struct{ headers []posthorn.Header }

// UnmarshalYAML reads the headers.
func (h *headersDocument) UnmarshalYAML(node *yaml.Node) error {
	entries, err := orderedEntries(node)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		value, err := textValue(entry.value)
		if err != nil {
			return err
		}
		h.headers = append(h.headers, posthorn.Header{Name: entry.name, Value: value})
	}
	return nil
}

type orderedEntry struct {
	name  string
	value *yaml.Node
}

// orderedEntries reads a list of "name: value".
func orderedEntries(node *yaml.Node) ([]orderedEntry, error) {
	if node.Kind != yaml.SequenceNode {
		return nil, malformedAt(node, "a list is expected")
	}
	entries := make([]orderedEntry, 0, len(node.Content))
	for _, item := range node.Content {
		if item.Kind != yaml.MappingNode || len(item.Content) != 2 {
			return nil, malformedAt(item, "each entry must be one \"name: value\"")
		}
		name, err := textValue(item.Content[0])
		if err != nil {
			return nil, err
		}
		entries = append(entries, orderedEntry{name: name, value: item.Content[1]})
	}
	return entries, nil
}

// rawValue reads {raw: name}.
func rawValue(node *yaml.Node) (string, error) {
	if len(node.Content) != 2 || node.Content[0].Value != "raw" {
		return "", malformedAt(node, "write {raw: "+eventData+"}")
	}
	return textValue(node.Content[1])
}

func textValue(node *yaml.Node) (string, error) {
	if node.Kind != yaml.ScalarNode {
		return "", malformedAt(node, "a text is expected")
	}
	return node.Value, nil
}

func malformedAt(node *yaml.Node, message string) error {
	return malformed("", fmt.Sprintf("The format can't be read: line %d: %s.", node.Line, message), "The documentation of formats shows the syntax.")
}
