// Package schema checks the data of events against JSON Schemas (2020-12), and
// makes examples of them. Schemas come from tenants: they fetch nothing, and what
// they cost is bounded.
package schema

import (
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
)

// Bounds of a schema, beside its length (posthorn.MaxExample).
const (
	// MaxValues is how many values its text may have.
	MaxValues = 5000
	// maxReferences is how many different places it may refer to, and
	// maxReferred how many values these may have together.
	maxReferences = 500
	maxReferred   = 25_000
	// maxChain is how many subschemas may follow from each other for one value.
	maxChain = 64
)

// location is where the schema is said to be; nothing is ever fetched from there.
const location = "https://schema.invalid/"

// Schema is a JSON Schema that is ready to check data. It is immutable and safe
// for concurrent use.
type Schema struct {
	root  *jsonschema.Schema
	parts map[*jsonschema.Schema]part
	// document is the schema as it is written.
	document any
}

// part is what is known of a subschema before there is any data.
type part struct {
	// same are the subschemas that look at the same value.
	same []*jsonschema.Schema
	// weight is what it costs beside its subschemas, in units.
	weight int
}

// Compile reads a schema. It returns a *posthorn.Error with CodeInvalid, whose
// pointers begin with the given one, if it is not a good one.
func Compile(pointer string, text []byte) (*Schema, error) {
	document, err := read(pointer, text)
	if err != nil {
		return nil, err
	}
	root, err := compile(document)
	if err != nil {
		return nil, refusal(pointer, err)
	}
	s := &Schema{root: root, parts: map[*jsonschema.Schema]part{}, document: document}
	if err := s.survey(pointer); err != nil {
		return nil, err
	}
	return s, nil
}

func read(pointer string, text []byte) (any, error) {
	if len(text) > posthorn.MaxExample {
		return nil, posthorn.Invalid(pointer, fmt.Sprintf("The schema is %d bytes long; the limit is %d.", len(text), posthorn.MaxExample), "Shorten it.")
	}
	document, err := eventdata.Decode(text)
	if err != nil {
		return nil, posthorn.Invalid(pointer, "The schema can't be read: it is not JSON, or nests too deeply.", "Give an object such as {\"type\": \"object\"}.")
	}
	if count := size(document); count > MaxValues {
		return nil, posthorn.Invalid(pointer, fmt.Sprintf("The schema has %d values; the limit is %d.", count, MaxValues), "Leave out what isn't needed to check data.")
	}
	if where, ok := unreadableNumber(document, nil); ok {
		return nil, posthorn.Invalid(pointer+where, "The number is too long or too large.", fmt.Sprintf("Use at most %d digits.", maxDigits))
	}
	switch document.(type) {
	case bool:
		return document, nil
	case map[string]any:
		return document, checkReferences(pointer, document)
	default:
		return nil, posthorn.Invalid(pointer, "A JSON Schema is an object, or true or false.", "Give an object such as {\"type\": \"object\"}.")
	}
}

// errPanic stands for a mistake of the reader of schemas that a schema provoked.
var errPanic = errors.New("it can't be read")

// compile keeps what a schema may provoke in the library away from the server.
func compile(document any) (root *jsonschema.Schema, err error) { //nolint:nonamedreturns // a recovered panic can be told in no other way
	defer func() {
		if recover() != nil {
			root, err = nil, errPanic
		}
	}()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(noLoader{})
	compiler.UseRegexpEngine(new(patterns).compile)
	if err := compiler.AddResource(location, document); err != nil {
		return nil, fmt.Errorf("adding the schema: %w", err)
	}
	root, err = compiler.Compile(location)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	return root, nil
}

// errRemote refuses references to other documents.
var errRemote = errors.New("nothing is fetched")

type noLoader struct{}

// Load implements jsonschema.URLLoader.
func (noLoader) Load(string) (any, error) { return nil, errRemote }
