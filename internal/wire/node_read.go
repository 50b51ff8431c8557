package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/posthorn/posthorn"
)

// readDocument reads YAML or JSON. What is JSON is read as JSON, which writes
// some characters in ways that YAML doesn't know.
func readDocument(text []byte) (*node, error) {
	root, err := readJSON(text)
	if err != nil {
		root, err = readYAML(text)
	}
	if err != nil {
		return nil, err
	}
	if err := root.place("", 0, new(int)); err != nil {
		return nil, err
	}
	return root, nil
}

func readJSON(text []byte) (*node, error) {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(text) {
		return nil, errors.New("not a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return readToken(decoder, 0)
}

// readToken reads one value. The text is known to be good JSON.
func readToken(decoder *json.Decoder, depth int) (*node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	if depth > maxDepth+1 { // place will say so
		return &node{}, nil
	}
	switch t := token.(type) {
	case json.Delim:
		return readContainer(decoder, t, depth)
	case string:
		return &node{kind: textKind, text: t}, nil
	case json.Number:
		return &node{kind: numberKind, text: t.String()}, nil
	case bool:
		return &node{kind: booleanKind, text: fmt.Sprint(t)}, nil
	default:
		return &node{kind: nullKind, text: "null"}, nil
	}
}

func readContainer(decoder *json.Decoder, opening json.Delim, depth int) (*node, error) {
	container := &node{kind: listKind}
	if opening == '{' {
		container.kind = objectKind
	}
	for decoder.More() {
		name := ""
		if container.kind == objectKind {
			token, err := decoder.Token()
			if err != nil {
				return nil, fmt.Errorf("reading JSON: %w", err)
			}
			name, _ = token.(string) // the name of a member always is one
		}
		value, err := readToken(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		if container.kind == objectKind {
			container.members = append(container.members, member{name, value})
		} else {
			container.items = append(container.items, value)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	return container, nil
}

func readYAML(text []byte) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, malformedYAML(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, malformed("", "The text goes on after the format.", "Write one format per file.")
	}
	return fromYAML(&document, 0)
}

func fromYAML(y *yaml.Node, depth int) (*node, error) {
	n := &node{line: y.Line}
	if depth > maxDepth+1 {
		return n, nil // place will say so
	}
	switch y.Kind {
	case yaml.DocumentNode:
		return fromYAML(y.Content[0], depth)
	case yaml.ScalarNode:
		return n, n.readScalar(y)
	case yaml.SequenceNode:
		n.kind = listKind
		for _, item := range y.Content {
			read, err := fromYAML(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, read)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = objectKind
		for i := 0; i+1 < len(y.Content); i += 2 {
			if y.Content[i].Kind != yaml.ScalarNode {
				return nil, n.wrong("a name must be a text", "Write \"name: value\".")
			}
			read, err := fromYAML(y.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, member{y.Content[i].Value, read})
		}
		return n, nil
	default:
		return nil, n.wrong("references (*name) can't be read here", "Write the value itself.")
	}
}

// readScalar takes over a text, a number, true, false or null; a number must be
// written as JSON does.
func (n *node) readScalar(y *yaml.Node) error {
	n.text = y.Value
	switch y.ShortTag() {
	case "!!bool":
		n.kind, n.text = booleanKind, strings.ToLower(y.Value)
	case "!!null":
		n.kind, n.text = nullKind, "null"
	case "!!int", "!!float":
		if json.Valid([]byte(y.Value)) {
			n.kind = numberKind
		}
	}
	return nil
}

func malformed(pointer, message, hint string) *posthorn.Error {
	return &posthorn.Error{Code: posthorn.CodeMalformed, Pointer: pointer, Message: message, Hint: hint}
}

// malformedYAML tells what the reader of YAML found, with its line numbers.
func malformedYAML(err error) error {
	const hint = "The documentation of formats shows the syntax."
	if errors.Is(err, io.EOF) {
		return malformed("", "The format is empty.", hint)
	}
	return malformed("", "The format can't be read: "+clip(strings.TrimPrefix(err.Error(), "yaml: "))+".", hint)
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
