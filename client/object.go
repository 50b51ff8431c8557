package client

import (
	"encoding/json"
	"errors"
	"fmt"
)

// object writes a JSON object member by member. It exists because json.Marshal
// rewrites a json.RawMessage (it removes spaces and escapes <, > and &), and a
// publisher's bytes must arrive as they are.
type object struct{ text []byte }

func (o *object) name(name string) {
	if len(o.text) == 0 {
		o.text = append(o.text, '{')
	} else {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, '"')
	o.text = append(o.text, name...)
	o.text = append(o.text, '"', ':')
}

// raw adds a member whose value is already JSON, unless it is empty.
func (o *object) raw(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	o.name(name)
	o.text = append(o.text, value...)
}

// string adds a member, unless it is empty.
func (o *object) string(name, value string) {
	if value == "" {
		return
	}
	quoted, _ := json.Marshal(value) // a string can always be written
	o.raw(name, quoted)
}

func (o *object) close() []byte {
	if len(o.text) == 0 {
		o.text = append(o.text, '{')
	}
	return append(o.text, '}')
}

// checkJSON refuses what would break the object around it. pointer is where the
// value would stand in the request.
func checkJSON(pointer string, value []byte) error {
	if len(value) == 0 {
		return malformed(pointer, "There is no JSON at "+pointer+".", "Give a JSON value; an empty object is {}.")
	}
	var whole json.RawMessage
	err := json.Unmarshal(value, &whole)
	if err == nil {
		return nil
	}
	place := ""
	var mistake *json.SyntaxError
	if errors.As(err, &mistake) {
		place = fmt.Sprintf(" at byte %d", mistake.Offset)
	}
	return malformed(pointer, fmt.Sprintf("What stands at %s is not JSON%s: %v.", pointer, place, err), "Check quotes, commas and brackets.")
}
