package apidoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/posthorn/posthorn"
)

// Bounds of a document. Values count each time that an alias of YAML repeats them.
const (
	// MaxDocument is the longest document, in bytes.
	MaxDocument = 4 << 20
	maxValues   = 200_000
	maxDepth    = 200
)

// parse reads YAML or JSON whose outermost value is an object.
func parse(text []byte) (map[string]any, error) {
	if len(text) > MaxDocument {
		return nil, posthorn.Invalid("/document", fmt.Sprintf("The document is %d bytes long; the limit is %d.", len(text), MaxDocument), "Leave out what isn't about event types.")
	}
	value, err := parseAny(text)
	if err != nil {
		return nil, posthorn.Invalid("/document", "The document can't be read: "+clip(strings.TrimPrefix(err.Error(), "yaml: "))+".", "Give an OpenAPI or AsyncAPI document as YAML or JSON.")
	}
	root, isObject := value.(map[string]any)
	if !isObject {
		return nil, posthorn.Invalid("/document", "The document is not an object.", "Give an OpenAPI or AsyncAPI document as YAML or JSON.")
	}
	return root, nil
}

func parseAny(text []byte) (any, error) {
	budget := maxValues
	if json.Valid(text) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("reading JSON: %w", err)
		}
		return value, bound(value, &budget, 0)
	}
	// What takes much more memory than its text isn't taken apart.
	if separators := bytes.Count(text, []byte(",")) + bytes.Count(text, []byte("\n")); separators > 2*maxValues {
		return nil, errTooLarge
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading YAML: %w", err)
	}
	if document.Kind == 0 {
		return nil, errors.New("it is empty")
	}
	return fromYAML(&document, &budget, 0)
}

var (
	errTooLarge = fmt.Errorf("it has more than %d values, aliases counted as often as they are used", maxValues)
	errTooDeep  = fmt.Errorf("it nests deeper than %d levels", maxDepth)
)

// spend counts a value.
func spend(budget *int, depth int) error {
	*budget--
	switch {
	case *budget < 0:
		return errTooLarge
	case depth > maxDepth:
		return errTooDeep
	default:
		return nil
	}
}

func bound(value any, budget *int, depth int) error {
	if err := spend(budget, depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := bound(item, budget, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range value {
			if err := bound(member, budget, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func fromYAML(node *yaml.Node, budget *int, depth int) (any, error) {
	if err := spend(budget, depth); err != nil {
		return nil, err
	}
	switch node.Kind {
	case yaml.DocumentNode:
		return fromYAML(node.Content[0], budget, depth+1)
	case yaml.AliasNode:
		return fromYAML(node.Alias, budget, depth+1)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			value, err := fromYAML(item, budget, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.MappingNode:
		return fromMapping(node, budget, depth)
	default:
		return fromScalar(node), nil
	}
}

func fromMapping(node *yaml.Node, budget *int, depth int) (any, error) {
	object := make(map[string]any, len(node.Content)/2)
	var merged []any
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i]
		if name.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a name must be a text", name.Line)
		}
		value, err := fromYAML(node.Content[i+1], budget, depth+1)
		if err != nil {
			return nil, err
		}
		if name.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		object[name.Value] = value
	}
	for _, value := range merged {
		mergeInto(object, value)
	}
	return object, nil
}

// mergeInto adds the members of an object, or of each of a list, that aren't there.
func mergeInto(object map[string]any, value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if more, isObject := item.(map[string]any); isObject {
				mergeInto(object, more)
			}
		}
	case map[string]any:
		for name, member := range value {
			if _, exists := object[name]; !exists {
				object[name] = member
			}
		}
	}
}

// fromScalar reads what YAML knows and JSON does: dates and the like stay texts.
func fromScalar(node *yaml.Node) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(node.Value, "true")
	case "!!int", "!!float":
		if json.Valid([]byte(node.Value)) {
			return json.Number(node.Value)
		}
		var whole int64
		if node.Decode(&whole) == nil {
			return json.Number(strconv.FormatInt(whole, 10))
		}
	}
	return node.Value
}

// namesOf takes the JSON pointer of a reference apart (RFC 6901, section 6).
func namesOf(pointer string) []string {
	if pointer == "" {
		return nil
	}
	names := strings.Split(pointer[1:], "/")
	for i, name := range names {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		names[i] = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
	}
	return names
}

func pointerTo(names ...string) string {
	var pointer strings.Builder
	for _, name := range names {
		pointer.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(clip(name), "~", "~0"), "/", "~1"))
	}
	return pointer.String()
}

func step(value any, name string) (any, bool) {
	switch container := value.(type) {
	case map[string]any:
		member, exists := container[name]
		return member, exists
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(container) {
			return nil, false
		}
		return container[i], true
	default:
		return nil, false
	}
}

func clip(text string) string {
	const shown = 120
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
