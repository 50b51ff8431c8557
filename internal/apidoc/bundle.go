package apidoc

import (
	"errors"
	"strconv"
	"strings"
)

// bundle makes a schema of the document stand alone: what it refers to comes with it,
// as "$defs".
func (r *reader) bundle(schema any) ([]byte, error) {
	b := &bundler{reader: r, names: map[string]string{}, taken: map[string]int{}, defs: map[string]any{}, budget: maxBundled}
	top, _ := schema.(map[string]any)
	b.top = newReferred(top)
	bundled, err := b.schema(schema)
	if err != nil {
		return nil, err
	}
	for len(b.waiting) > 0 {
		target := b.waiting[0]
		b.waiting = b.waiting[1:]
		found := b.find(target)
		if found.err != nil {
			return nil, found.err
		}
		if b.defs[b.names[target]], err = b.schema(found.value); err != nil {
			return nil, err
		}
	}
	if len(b.defs) == 0 {
		return r.encode("schema", bundled)
	}
	object, isObject := bundled.(map[string]any)
	if !isObject {
		return r.encode("schema", bundled)
	}
	object["$defs"] = b.defs
	return r.encode("schema", object)
}

// maxBundled is how many values a bundled schema may have; the rest of the program
// takes fewer.
const maxBundled = 20_000

type bundler struct {
	*reader

	// names has a name in $defs for each reference, and taken counts those that
	// were made of the same word.
	names   map[string]string
	taken   map[string]int
	defs    map[string]any
	waiting []string
	budget  int
	// top has what references name in the schema that is being bundled.
	top *referred
}

// find returns what a reference names: in the document or, as many write it, in the
// schema itself.
func (b *bundler) find(target string) place {
	found := b.at(b.document, target)
	if found.err == nil {
		return found
	}
	if inside := b.at(b.top, target); inside.err == nil {
		return inside
	}
	return found
}

// schema copies a schema with its references turned into those to $defs. What names
// a document or a version of JSON Schema is left out: it is another document now.
func (b *bundler) schema(value any) (any, error) {
	if b.budget--; b.budget < 0 || !b.look(1) {
		return nil, errors.New("the schema is too large with all that it refers to")
	}
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			copied, err := b.schema(item)
			if err != nil {
				return nil, err
			}
			list[i] = copied
		}
		return list, nil
	case map[string]any:
		return b.object(value)
	default:
		return value, nil
	}
}

func (b *bundler) object(value map[string]any) (any, error) {
	copied := make(map[string]any, len(value))
	for _, name := range b.sortedNames(value) {
		member := value[name]
		text, isText := member.(string)
		var err error
		switch name {
		case "$schema", "$id":
			if isText {
				continue
			}
			copied[name], err = b.schema(member)
		case "$ref":
			if isText {
				copied[name], err = b.reference(text)
			}
		case "const", "enum", "default", "example", "examples":
			copied[name] = member
		case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions":
			copied[name], err = b.each(member)
		default:
			copied[name], err = b.schema(member)
		}
		if err != nil {
			return nil, err
		}
	}
	// Schemas that it brings along are among those that it refers to, or not needed.
	delete(copied, "$defs")
	delete(copied, "definitions")
	return copied, nil
}

// each copies an object whose members are schemas, whatever their names.
func (b *bundler) each(value any) (any, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return value, nil
	}
	copied := make(map[string]any, len(object))
	for _, name := range b.sortedNames(object) {
		member, err := b.schema(object[name])
		if err != nil {
			return nil, err
		}
		copied[name] = member
	}
	return copied, nil
}

func (b *bundler) reference(target string) (any, error) {
	if name, known := b.names[target]; known {
		return "#/$defs/" + name, nil
	}
	found := b.find(target)
	if found.err != nil {
		return nil, found.err
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, found.name)
	name := plain
	for b.taken[name] > 0 || name == "" {
		b.taken[plain]++
		name = plain + "_" + strconv.Itoa(b.taken[plain])
	}
	b.names[target] = name
	b.taken[name]++
	b.waiting = append(b.waiting, target)
	return "#/$defs/" + name, nil
}
