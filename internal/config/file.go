package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxConfigFile bounds what is read of a configuration file.
const maxConfigFile = 1 << 20

// gatherFile reads a YAML mapping of keys and values; unknown keys, keys given
// twice and values that are not plain are mistakes.
func gatherFile(given map[string]givenValue, path string) []error {
	if path == "" {
		return nil
	}
	fail := func(line int, key string, err error) *Error {
		source := path
		if line > 0 {
			source = fmt.Sprintf("%s, line %d", path, line)
		}
		return &Error{Key: key, Source: source, Err: err}
	}
	root, err := readYAML(path)
	if err != nil {
		return []error{fail(0, "", err)}
	}
	if root == nil {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return []error{fail(root.Line, "", errors.New("the file must be keys and values, one a line; for example listen: 127.0.0.1:8080"))}
	}
	var mistakes []error
	lines := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		if first, twice := lines[name.Value]; twice {
			mistakes = append(mistakes, fail(name.Line, name.Value, fmt.Errorf("%q is given twice, first in line %d", name.Value, first)))
			continue
		}
		lines[name.Value] = name.Line
		text, err := plainText(value)
		if err == nil {
			err = put(given, name.Value, givenValue{text, fmt.Sprintf("%s, line %d", path, name.Line)}, true)
		}
		if err != nil {
			mistakes = append(mistakes, fail(name.Line, name.Value, err))
		}
	}
	return mistakes
}

// readYAML returns the root of the one document of a file, nil when it is empty.
func readYAML(path string) (*yaml.Node, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the configuration: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	decoder := yaml.NewDecoder(io.LimitReader(file, maxConfigFile))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one document; remove what follows ---")
	}
	return document.Content[0], nil
}

// plainText returns a scalar, or a list of scalars joined by commas.
func plainText(value *yaml.Node) (string, error) {
	switch value.Kind {
	case yaml.ScalarNode:
		if value.Tag == "!!null" {
			return "", errors.New("the value is missing; remove the line for the default")
		}
		return value.Value, nil
	case yaml.SequenceNode:
		parts := make([]string, 0, len(value.Content))
		for _, part := range value.Content {
			if part.Kind != yaml.ScalarNode {
				return "", errors.New("a list must have plain values")
			}
			parts = append(parts, part.Value)
		}
		return strings.Join(parts, ","), nil
	default:
		return "", errors.New("the value must be plain text, a number or a list")
	}
}
