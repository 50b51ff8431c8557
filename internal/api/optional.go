package api

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/posthorn/posthorn/internal/manage"
)

// optional is a member that may be left out or null, which are different things.
type optional[T any] struct {
	manage.Setting[T]
}

// UnmarshalJSONFrom notes that the member is there, and whether it is null.
func (o *optional[T]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	*o = optional[T]{}
	o.Given = true
	if decoder.PeekKind() == 'n' {
		o.Null = true
		_, err := decoder.ReadToken()
		return err
	}
	return json.UnmarshalDecode(decoder, &o.Value)
}

// MarshalJSONTo writes the value, or null.
func (o optional[T]) MarshalJSONTo(encoder *jsontext.Encoder) error {
	if !o.Given || o.Null {
		return encoder.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(encoder, o.Value)
}

// Schema describes T, or null.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	schema := r.Schema(reflect.TypeFor[T](), true, "")
	if schema.Ref != "" {
		return schema
	}
	schema.Nullable = true
	return schema
}

func (o *optional[T]) wraps() reflect.Type { return reflect.TypeFor[T]() }

// mapped turns a setting of one type into one of another.
func mapped[From, To any](o optional[From], convert func(From) To) manage.Setting[To] {
	s := manage.Setting[To]{Given: o.Given, Null: o.Null}
	if o.Given && !o.Null {
		s.Value = convert(o.Value)
	}
	return s
}

// inUnits makes a function that turns a number of units into a duration. What is
// beyond any limit stays beyond it instead of overflowing.
func inUnits(unit time.Duration) func(int64) time.Duration {
	const farBeyond = 1 << 62
	return func(n int64) time.Duration {
		switch limit := farBeyond / int64(unit); {
		case n > limit:
			return farBeyond
		case n < -limit:
			return -farBeyond
		default:
			return time.Duration(n) * unit
		}
	}
}

// rawJSON is a JSON value as it stood in the body, byte for byte.
type rawJSON []byte

// UnmarshalJSONFrom keeps the value's own bytes.
func (r *rawJSON) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	*r = append(rawJSON(nil), value...)
	return err
}

// MarshalJSONTo writes the value, or null when there is none.
func (r rawJSON) MarshalJSONTo(encoder *jsontext.Encoder) error {
	if len(r) == 0 {
		return encoder.WriteToken(jsontext.Null)
	}
	return encoder.WriteValue(jsontext.Value(r))
}

// Schema allows any JSON value.
func (r rawJSON) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "Any JSON value, kept byte for byte."}
}
