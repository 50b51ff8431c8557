package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// changed returns data with values set. Without any it stays as it is, byte for byte.
func changed(data []byte, sets []string) ([]byte, error) {
	if len(sets) == 0 {
		return data, nil
	}
	value, err := decodeJSON(data)
	if err != nil {
		return nil, usage(fmt.Sprintf("the data to change is not JSON: %v", err), "")
	}
	for _, set := range sets {
		path, text, found := cutPath(set)
		if !found {
			return nil, usage(fmt.Sprintf("--set takes PATH=VALUE, not %q", set), "trigger --help")
		}
		if value, err = setAt(value, path, valueOf(text)); err != nil {
			return nil, usage(fmt.Sprintf("--set %s: %v", clipText(set), err), "trigger --help")
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("writing the data: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

// cutPath takes PATH=VALUE apart: the path's names, which are separated by dots, and the
// text of the value. A backslash makes the next character a part of the name.
func cutPath(set string) ([]string, string, bool) {
	var path []string
	var name strings.Builder
	for i := 0; i < len(set); i++ {
		switch c := set[i]; {
		case c == '\\' && i+1 < len(set):
			i++
			name.WriteByte(set[i])
		case c == '.':
			path = append(path, name.String())
			name.Reset()
		case c == '=':
			return append(path, name.String()), set[i+1:], i > 0
		default:
			name.WriteByte(c)
		}
	}
	return nil, "", false
}

func decodeJSON(text []byte) (any, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf("%s", clipText(string(text)))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	return value, nil
}

// valueOf is JSON where the text is JSON, and else the text.
func valueOf(text string) any {
	if value, err := decodeJSON([]byte(text)); err == nil {
		return value
	}
	return text
}

// setAt sets the value at a path and returns the whole. Objects that are missing on the
// way are made; an array grows by one item at its end at most.
func setAt(whole any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch container := whole.(type) {
	case nil:
		return setAt(map[string]any{}, path, value)
	case map[string]any:
		member, err := setAt(container[path[0]], path[1:], value)
		if err != nil {
			return nil, err
		}
		container[path[0]] = member
		return container, nil
	case []any:
		return setItem(container, path, value)
	default:
		return nil, fmt.Errorf("there is a value, and no object or array, before %q", path[0])
	}
}

func setItem(list []any, path []string, value any) (any, error) {
	position, err := strconv.Atoi(path[0])
	if err != nil || position < 0 || position > len(list) {
		return nil, fmt.Errorf("%q is no position in an array of %d items; they count from 0", path[0], len(list))
	}
	if position == len(list) {
		list = append(list, nil)
	}
	if list[position], err = setAt(list[position], path[1:], value); err != nil {
		return nil, err
	}
	return list, nil
}

func clipText(text string) string {
	const shown = 60
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
