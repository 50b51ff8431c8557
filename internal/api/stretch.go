package api

import (
	"bytes"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// stretch is a JSON value by its place in the text that is decoded, so that its bytes
// are copied only where they have to be. It is empty when the value isn't there.
type stretch struct{ from, until int }

// UnmarshalJSONFrom notes where the value stands.
func (s *stretch) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	s.until = int(decoder.InputOffset())
	s.from = s.until - len(value)
	return err
}

// of returns the value's own bytes, out of the text that was decoded.
func (s stretch) of(text []byte) []byte { return text[s.from:s.until:s.until] }

// kept returns the value's own bytes to be kept for long: out of the text if that is
// hardly longer, else as a copy.
func (s stretch) kept(text []byte) []byte {
	const spare = 512
	if len(text)-(s.until-s.from) <= spare {
		return s.of(text)
	}
	return bytes.Clone(s.of(text))
}

// Schema allows any JSON value.
func (s stretch) Schema(r huma.Registry) *huma.Schema { return rawJSON(nil).Schema(r) }
