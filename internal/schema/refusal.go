package schema

import (
	"errors"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/posthorn/posthorn"
)

// refusal says what is wrong with a schema, and where.
func refusal(pointer string, err error) error {
	var remote *jsonschema.LoadURLError
	var invalid *jsonschema.SchemaValidationError
	var mismatch *jsonschema.ValidationError
	var absent *jsonschema.JSONPointerNotFoundError
	var noAnchor *jsonschema.AnchorNotFoundError
	switch {
	case errors.As(err, &remote):
		return posthorn.Invalid(pointer, "The schema refers to "+clip(remote.URL)+".", "Nothing is fetched: put what the schema needs into \"$defs\", and leave out a \"$schema\" of your own.")
	case errors.As(err, &invalid) && errors.As(invalid.Err, &mismatch):
		var problems posthorn.Problems
		for _, found := range mistakes(pointer+placeOf(invalid.URL), mismatch) {
			found.Message = "This is not JSON Schema: " + found.Message
			found.Hint = "JSON Schema 2020-12 says what a keyword may be. Patterns are read as RE2, which has no look-around and no back-references."
			problems.Add(found)
		}
		return problems.Err()
	case errors.As(err, &absent):
		return posthorn.Invalid(pointer, "The schema refers to "+clip(placeOf(absent.URL))+", where nothing is.", "Check \"$ref\".")
	case errors.As(err, &noAnchor):
		return posthorn.Invalid(pointer, "The schema refers to the anchor "+clip(noAnchor.Reference)+", which isn't there.", "Check \"$ref\".")
	default:
		return posthorn.Invalid(pointer, "The schema can't be read: "+clip(innermost(err))+".", "Write it as JSON Schema 2020-12 says.")
	}
}

func innermost(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

// placeOf returns the pointer within the schema that a location names.
func placeOf(at string) string {
	_, fragment, _ := strings.Cut(at, "#")
	return unescape(fragment)
}

func unescape(fragment string) string {
	plain, err := url.PathUnescape(fragment)
	if err != nil {
		return fragment
	}
	return plain
}
