package detect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/posthorn/posthorn"
)

// requestJSON is a captured request as JSON.
type requestJSON struct {
	Method     string          `json:"method"`
	URL        string          `json:"url"`
	Headers    json.RawMessage `json:"headers"`
	Body       json.RawMessage `json:"body"`
	BodyBase64 *string         `json:"bodyBase64"`
	// What follows is in a line of posthorn sink. BodyEncoding is base64 where the body
	// isn't UTF-8, and At when the request came.
	BodyEncoding string    `json:"bodyEncoding"`
	At           time.Time `json:"at"`
	sinkRemarks
}

// sinkRemarks are what a sink says beside the request; nothing depends on it.
type sinkRemarks struct {
	Number    json.RawMessage `json:"number"`
	Behaviour json.RawMessage `json:"behaviour"`
	Path      json.RawMessage `json:"path"`
	BodyBytes json.RawMessage `json:"bodyBytes"`
	Signature json.RawMessage `json:"signature"`
}

func readJSONRequest(text []byte) (Request, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var in requestJSON
	err := decoder.Decode(&in)
	if err == nil && decoder.More() && in.Headers != nil {
		problem := &posthorn.Error{Code: posthorn.CodeMalformed, Message: "There are several requests, or something stands behind the first.", Hint: "Give one: of a file with a request in each line, one line."}
		return Request{}, problem
	}
	if err != nil || decoder.More() {
		return Request{}, malformedRequest("The request begins like JSON and is not an object of method, url, headers and body or bodyBase64.")
	}
	r := Request{Method: strings.ToUpper(in.Method), ReceivedAt: in.At}
	if r.Method == "" {
		r.Method = "POST"
	}
	headers, isGood := parseJSON(in.Headers)
	if isGood {
		r.Headers, isGood = headersOf(headers)
	}
	if !isGood {
		return Request{}, malformedRequest("The request's headers must be an object of texts or lists of texts, or a list of {name, value}.")
	}
	if err := in.readBody(&r); err != nil {
		return Request{}, err
	}
	return r, r.finish(in.URL)
}

func (in *requestJSON) readBody(r *Request) error {
	if in.BodyBase64 != nil {
		body, err := base64.StdEncoding.DecodeString(*in.BodyBase64)
		if err != nil {
			return malformedRequest("The request's bodyBase64 is not base64.")
		}
		r.Body = body
		return nil
	}
	var text string
	if json.Unmarshal(in.Body, &text) == nil {
		r.Body = []byte(text)
		if in.BodyEncoding == "" {
			return nil
		}
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil || in.BodyEncoding != "base64" {
			return malformedRequest("The request's body is not base64, as its bodyEncoding says.")
		}
		r.Body = body
		return nil
	}
	r.Body = in.Body // an object that stands there itself, as it is written
	return nil
}

// headersOf reads {name: value}, {name: [value, …]}, [{name, value}, …] and
// [[name, value], …].
func headersOf(headers *value) ([]posthorn.Header, bool) {
	var read []posthorn.Header
	isGood := true
	add := func(name string, one *value) {
		isGood = isGood && one != nil && one.kind == textKind
		if isGood {
			read = append(read, posthorn.Header{Name: name, Value: strings.TrimSpace(one.text)})
		}
	}
	for _, m := range headers.members {
		if m.value.kind != listKind {
			add(m.name, m.value)
		}
		for _, item := range m.value.items {
			add(m.name, item)
		}
	}
	for _, item := range headers.items {
		name, text := item.member("name"), item.member("value")
		if len(item.items) == 2 {
			name, text = item.items[0], item.items[1]
		}
		if name == nil || name.kind != textKind {
			return nil, false
		}
		add(name.text, text)
	}
	return read, isGood && len(read) > 0
}
