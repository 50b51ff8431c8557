package schema

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/posthorn/posthorn"
)

// maxDigits is how long a number may be, and maxExponent how far its exponent may be
// from zero: beyond that, comparing it exactly would cost too much.
const (
	maxDigits   = 100
	maxExponent = 400
)

// size counts the values of a decoded text.
func size(value any) int {
	count := 1
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			count += size(item)
		}
	case map[string]any:
		for _, member := range value {
			count += size(member)
		}
	}
	return count
}

// unreadableNumber returns the pointer of a number that can't be compared.
func unreadableNumber(value any, path []string) (string, bool) {
	switch value := value.(type) {
	case json.Number:
		if !isReadable(value.String()) {
			return pointerTo(path), true
		}
	case []any:
		for i, item := range value {
			if where, found := unreadableNumber(item, append(path, strconv.Itoa(i))); found {
				return where, true
			}
		}
	case map[string]any:
		for name, member := range value {
			if where, found := unreadableNumber(member, append(path, name)); found {
				return where, true
			}
		}
	}
	return "", false
}

func isReadable(number string) bool {
	if len(number) > maxDigits {
		return false
	}
	_, exponent, hasExponent := strings.Cut(strings.ToLower(number), "e")
	if !hasExponent {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && n >= -maxExponent && n <= maxExponent
}

// pointerTo writes a JSON pointer (RFC 6901).
func pointerTo(path []string) string {
	var pointer strings.Builder
	for _, name := range path {
		pointer.WriteByte('/')
		pointer.WriteString(strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1"))
	}
	return pointer.String()
}

// unescapeName undoes what pointerTo does to a name.
func unescapeName(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
}

// at returns the value that a JSON pointer names.
func at(value any, pointer string) (any, bool) {
	if pointer == "" {
		return value, true
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		name = unescapeName(name)
		switch container := value.(type) {
		case map[string]any:
			member, exists := container[name]
			if !exists {
				return nil, false
			}
			value = member
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(container) {
				return nil, false
			}
			value = container[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// checkReferences bounds what a schema refers to: each place may be read once more
// for it.
func checkReferences(pointer string, document any) error {
	places := map[string]bool{}
	gatherReferences(document, places)
	referred := 0
	for place := range places {
		if value, exists := at(document, place); exists {
			referred += size(value)
		}
	}
	if len(places) > maxReferences || referred > maxReferred {
		return posthorn.Invalid(pointer, "The schema refers to too much of itself.", "Use fewer references, to smaller definitions.")
	}
	return nil
}

func gatherReferences(value any, places map[string]bool) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			gatherReferences(item, places)
		}
	case map[string]any:
		for name, member := range value {
			if text, isText := member.(string); isText && name == "$ref" {
				_, fragment, _ := strings.Cut(text, "#")
				places[unescape(fragment)] = true
				continue
			}
			gatherReferences(member, places)
		}
	}
}

// names returns the members of an object in their order.
func names[V any](object map[string]V) []string {
	list := make([]string, 0, len(object))
	for name := range object {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// clip shortens what a user gave for use in a message.
func clip(text string) string {
	const shown = 100
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
