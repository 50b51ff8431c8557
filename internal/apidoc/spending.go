package apidoc

import (
	"encoding/json"
	"fmt"

	"github.com/posthorn/posthorn"
)

// Bounds of what is made of a document. A part that others refer to is looked at and
// written out for each of them, so that the length of the document bounds nothing.
const (
	// maxSteps is how many values are looked at.
	maxSteps = 2_000_000
	// maxMade is how long what is made may be together, in bytes.
	maxMade = 16 << 20
	// maxReference is how long a reference may be, in bytes.
	maxReference = 1000
)

// look counts values that are looked at. It reports whether they may be.
func (r *reader) look(values int) bool {
	r.steps -= values
	return !r.isSpent()
}

// make counts what is made, in bytes.
func (r *reader) make(bytes int) { r.bytes -= bytes }

func (r *reader) isSpent() bool { return r.steps < 0 || r.bytes < 0 }

// encode writes a value as JSON, if that isn't longer than event types may have it.
func (r *reader) encode(what string, value any) ([]byte, error) {
	room := posthorn.MaxExample
	if !r.fits(value, &room) {
		return nil, fmt.Errorf("its %s is longer than %d bytes", what, posthorn.MaxExample)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("writing its %s: %w", what, err)
	}
	r.make(len(text))
	return text, nil
}

// fits reports whether a value may be short enough, without writing it.
func (r *reader) fits(value any, room *int) bool {
	*room--
	switch value := value.(type) {
	case string:
		*room -= len(value)
	case json.Number:
		*room -= len(value) - 1
	case []any:
		for _, item := range value {
			if !r.fits(item, room) {
				return false
			}
		}
	case map[string]any:
		for name, member := range value {
			if *room -= len(name); !r.fits(member, room) {
				return false
			}
		}
	}
	return r.look(1) && *room >= 0
}
