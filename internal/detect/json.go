package detect

import (
	"bytes"
	"encoding/json"
)

// kind is what a JSON value is.
type kind uint8

const (
	constantKind kind = iota // a number, true, false or null
	textKind
	listKind
	objectKind
)

// value is a JSON value that remembers its order and how it was written.
type value struct {
	kind kind
	// raw is the value as it is written, text what a string says.
	raw     []byte
	text    string
	items   []*value
	members []member
}

type member struct {
	name  string
	value *value
}

// Bounds of JSON that is looked into: how deeply values may be nested, and how many
// there may be.
const (
	maxJSONDepth  = 100
	maxJSONValues = 1 << 14
)

// parsed is what a body is as JSON.
type parsed struct {
	body   []byte
	value  *value
	isJSON bool
}

// json returns the body as JSON. It is read once: many formats are compared with it.
func (r *Request) json() (*value, bool) {
	isSame := r.parsed != nil && len(r.parsed.body) == len(r.Body) && (len(r.Body) == 0 || &r.parsed.body[0] == &r.Body[0])
	if !isSame {
		r.parsed = &parsed{body: r.Body}
		r.parsed.value, r.parsed.isJSON = parseJSON(r.Body)
	}
	return r.parsed.value, r.parsed.isJSON
}

// parseJSON reads one JSON value; not one that is nested too deeply, or has too
// many values.
func parseJSON(text []byte) (*value, bool) {
	if !json.Valid(text) {
		return nil, false
	}
	reader := &jsonReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	reader.decoder.UseNumber()
	read, err := reader.value(0)
	return read, err == nil
}

type jsonReader struct {
	text    []byte
	decoder *json.Decoder
	// count is how many values were read.
	count int
}

// start is where the next token begins.
func (r *jsonReader) start() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *jsonReader) value(depth int) (*value, error) {
	r.count++
	if depth > maxJSONDepth || r.count > maxJSONValues {
		return nil, malformedRequest("The JSON is nested too deeply, or has too many values.")
	}
	start := r.start()
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	read := &value{}
	switch token := token.(type) {
	case string:
		read.kind, read.text = textKind, token
	case json.Delim:
		read.kind = listKind
		if token == '{' {
			read.kind = objectKind
		}
		err = r.inside(read, depth)
	}
	read.raw = r.text[start:r.decoder.InputOffset()]
	return read, err
}

func (r *jsonReader) inside(read *value, depth int) error {
	for r.decoder.More() {
		name := ""
		if read.kind == objectKind {
			token, err := r.decoder.Token()
			if err != nil {
				return err
			}
			name, _ = token.(string)
		}
		inner, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if read.kind == objectKind {
			read.members = append(read.members, member{name, inner})
		} else {
			read.items = append(read.items, inner)
		}
	}
	_, err := r.decoder.Token() // what closes it
	return err
}

// member returns the first member of that name, or nil.
func (v *value) member(name string) *value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}
