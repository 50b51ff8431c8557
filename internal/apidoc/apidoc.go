// Package apidoc reads event types out of API descriptions: the webhooks of an
// OpenAPI 3.1 document, and the messages of an AsyncAPI 2 or 3 document.
package apidoc

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/posthorn/posthorn"
)

// EventType is what a document says of an event type. Schema and Example are JSON,
// or empty.
type EventType struct {
	Name        string
	Description string
	Deprecated  bool
	Schema      []byte
	Example     []byte
}

// Refusal is a part of a document that no event type can be made of.
type Refusal struct {
	// Name is how the document calls it, and Place where it stands, as a JSON pointer
	// into the document.
	Name   string
	Place  string
	Reason string
}

// Catalogue is what was found in a document, in the order of names.
type Catalogue struct {
	Types   []EventType
	Refused []Refusal
}

// Read reads a document, YAML or JSON. It returns a *posthorn.Error about /document
// if it is none that it knows.
func Read(text []byte) (Catalogue, error) {
	root, err := parse(text)
	if err != nil {
		return Catalogue{}, err
	}
	r := &reader{root: root, document: newReferred(root), seen: map[string]EventType{}, steps: maxSteps, bytes: maxMade}
	version := func(name string) string {
		written, _ := root[name].(string)
		return written
	}
	switch {
	case strings.HasPrefix(version("openapi"), "3.1."), strings.HasPrefix(version("openapi"), "3.2."):
		r.openAPI()
	case strings.HasPrefix(version("asyncapi"), "2."):
		r.asyncAPI2()
	case strings.HasPrefix(version("asyncapi"), "3."):
		r.asyncAPI3()
	default:
		return Catalogue{}, posthorn.Invalid("/document", "The document is neither OpenAPI 3.1 nor AsyncAPI 2 or 3.",
			"It must begin with \"openapi: 3.1.…\" or \"asyncapi: …\". The schemas of OpenAPI 3.0 and earlier are another language: convert the document first.")
	}
	if r.isSpent() {
		return Catalogue{}, posthorn.Invalid("/document", "The document repeats too much of itself: too much would be made of what it refers to.", "Import it in several parts, and leave out what isn't about event types.")
	}
	if len(r.found.Types)+len(r.found.Refused) == 0 {
		return Catalogue{}, posthorn.Invalid("/document", "The document has no event types.", "They are read from \"webhooks\" of OpenAPI, and from the messages of the channels of AsyncAPI.")
	}
	return r.found, nil
}

// reader gathers what it finds in one document.
type reader struct {
	root map[string]any
	// document has what references name in the document.
	document *referred
	found    Catalogue
	seen     map[string]EventType
	// steps and bytes are what may still be looked at and made.
	steps int
	bytes int
}

func (r *reader) refuse(name, place, reason string) {
	if r.make(len(name) + len(place) + len(reason)); r.isSpent() {
		return
	}
	r.found.Refused = append(r.found.Refused, Refusal{Name: name, Place: place, Reason: reason})
}

// take adds an event type, if its name is one and is not taken by another one.
func (r *reader) take(place string, found EventType) {
	if err := posthorn.ValidateEventTypeName("", found.Name); err != nil {
		r.refuse(found.Name, place, err.Message)
		return
	}
	if known, isKnown := r.seen[found.Name]; isKnown {
		if !bytes.Equal(known.Schema, found.Schema) {
			r.refuse(found.Name, place, "The document has another event type of this name before.")
		}
		return
	}
	if r.isSpent() {
		return
	}
	r.seen[found.Name] = found
	r.found.Types = append(r.found.Types, found)
}

// resolve follows references within the document until there is a value.
func (r *reader) resolve(value any) (map[string]any, string, error) {
	const longest = 32
	name := ""
	for range longest {
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil, name, fmt.Errorf("an object is expected there")
		}
		target, isReference := object["$ref"].(string)
		if !isReference {
			return object, name, nil
		}
		found := r.at(r.document, target)
		if found.err != nil {
			return nil, name, found.err
		}
		name, value = found.name, found.value
	}
	return nil, name, fmt.Errorf("references lead from one to the next without an end")
}

// firstText returns the first of the members that is a text with something in it.
func firstText(object map[string]any, members ...string) string {
	for _, member := range members {
		if text, isText := object[member].(string); isText && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// describe cuts a description to what an event type may have.
func describe(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 2*posthorn.MaxDescription)], "")
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) > posthorn.MaxDescription {
		const dots = "…"
		text = strings.ToValidUTF8(text[:posthorn.MaxDescription-len(dots)], "") + dots
	}
	return text
}

// sortedNames returns the names of an object in their order: none when too much was
// looked at.
func (r *reader) sortedNames(object map[string]any) []string {
	if !r.look(len(object)) {
		return nil
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
