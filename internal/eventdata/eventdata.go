// Package eventdata decodes the data of an event for those who look into it, at
// most once and within bounds.
package eventdata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of what is decoded.
const (
	// MaxValues is how many values a text may have.
	MaxValues = 50_000
	// maxDepth is how deeply they may nest.
	maxDepth = 250
)

// Value is the data of an event. It is decoded when somebody asks for the first
// time. It is for one goroutine.
type Value struct {
	text    []byte
	decoded bool
	value   any
	err     error
}

// Of makes the value of a text, which must not be changed afterwards.
func Of(text []byte) *Value { return &Value{text: text} }

// Decoded returns what Decode makes of the data. It is the same each time, and
// belongs to all who asked.
func (v *Value) Decoded() (any, error) {
	if !v.decoded {
		v.value, v.err = Decode(v.text)
		v.decoded = true
	}
	return v.value, v.err
}

// Decode reads one JSON value: nil, bool, string, json.Number (as it is written),
// []any or map[string]any. Of members with the same name the last one counts. It
// returns an error, which says what is wrong with "the data", when the text is not
// JSON, has more than MaxValues values or nests too deeply.
func Decode(text []byte) (any, error) {
	if err := checkShape(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, errors.New("the data is not JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the data is more than one JSON value")
	}
	return value, nil
}

// checkShape bounds what decoding takes before it begins.
func checkShape(text []byte) error {
	values, depth, inText := 1, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inText:
			switch c {
			case '\\':
				i++
			case '"':
				inText = false
			}
		case c == '"':
			inText = true
		case c == ',':
			values++
		case c == '{' || c == '[':
			values++
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if values > MaxValues {
			return fmt.Errorf("the data has more than %d values", MaxValues)
		}
		if depth > maxDepth {
			return fmt.Errorf("the data nests deeper than %d levels", maxDepth)
		}
	}
	return nil
}
