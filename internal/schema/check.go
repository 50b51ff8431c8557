package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
)

// MaxMistakes is how many mistakes of one value are told.
const MaxMistakes = 10

// Verdict is what came of checking a value.
type Verdict struct {
	// Mistakes say where the value, which stands at the pointer that Check was given,
	// doesn't match and what was expected: in the order of their places, at most
	// MaxMistakes of them. They have CodeInvalid.
	Mistakes []*posthorn.Error
	// Cost is what the check took at most, in units.
	Cost int
}

// Check compares data with the schema. Data that can't be looked at, or would cost
// more than MaxCost, doesn't match. The pointer is where the data stands in the
// request.
func (s *Schema) Check(pointer string, data *eventdata.Value) Verdict {
	const unchecked = "The data can't be checked against the schema of its type: "
	value, err := data.Decoded()
	if err != nil {
		return Verdict{Cost: 1, Mistakes: []*posthorn.Error{posthorn.Invalid(pointer, unchecked+err.Error()+".", "Send less in one event.")}}
	}
	if where, found := unreadableNumber(value, nil); found {
		return Verdict{Cost: 1, Mistakes: []*posthorn.Error{posthorn.Invalid(pointer+where, unchecked+"the number is too long or too large.", fmt.Sprintf("Use at most %d digits, or send it as a text.", maxDigits))}}
	}
	m := &meter{parts: s.parts}
	if m.look(s.root, value, 0); m.isOver() {
		return Verdict{Cost: m.spent, Mistakes: []*posthorn.Error{posthorn.Invalid(pointer, unchecked+fmt.Sprintf("that costs more than %d units.", MaxCost),
			"Send less in one event, or simplify the schema: each alternative (anyOf, oneOf, allOf, $ref) multiplies what is inside it.")}}
	}
	var mismatch *jsonschema.ValidationError
	if !errors.As(s.root.Validate(value), &mismatch) {
		return Verdict{Cost: m.spent}
	}
	return Verdict{Cost: m.spent, Mistakes: mistakes(pointer, mismatch)}
}

// mistakes turns what the library found into errors with a place each.
func mistakes(pointer string, mismatch *jsonschema.ValidationError) []*posthorn.Error {
	var list []*posthorn.Error
	g := newGathering()
	for _, cause := range mismatch.Causes {
		list = g.gather(list, pointer, cause)
	}
	slices.SortFunc(list, func(a, b *posthorn.Error) int {
		if order := strings.Compare(a.Pointer, b.Pointer); order != 0 {
			return order
		}
		return strings.Compare(a.Message, b.Message)
	})
	list = slices.CompactFunc(list, func(a, b *posthorn.Error) bool { return a.Pointer == b.Pointer && a.Message == b.Message })
	return list[:min(len(list), MaxMistakes)]
}
