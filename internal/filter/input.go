package filter

import (
	"encoding/json"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/eventdata"
)

// What a filter sees of an event.
const (
	variableType      = "event.type"
	variableData      = "event.data"
	variableTimestamp = "event.timestamp"
)

// Bounds of what a filter can look at. Beyond them there is no value but an
// error, for the filter that asks for it alone.
const (
	// MaxValues is how many values the data of an event may have.
	MaxValues = eventdata.MaxValues
	// MaxText is the longest text, in bytes.
	MaxText = 16 << 10
	// maxDigits is how many significant digits a number with a fraction or an
	// exponent may have: more can't be told apart by the type that holds it.
	maxDigits = 17
)

// input is an event as filters see it. Its data is made readable when the first of
// them asks, once. It is for one goroutine.
type input struct {
	event   *posthorn.Event
	source  *eventdata.Value
	decoded bool
	data    any
}

// ResolveName implements cel.Activation.
func (i *input) ResolveName(name string) (any, bool) {
	switch name {
	case variableType:
		return i.event.Type, true
	case variableTimestamp:
		return i.event.Timestamp.UTC(), true
	case variableData:
		if !i.decoded {
			i.data, i.decoded = decode(i.source), true
		}
		return i.data, true
	default:
		return nil, false
	}
}

// Parent implements cel.Activation.
func (i *input) Parent() cel.Activation { return nil }

// decode reads the data of an event. What can't be looked at becomes an error
// in its place.
func decode(data *eventdata.Value) any {
	value, err := data.Decoded()
	if err != nil {
		return types.NewErr("%s", strings.Replace(err.Error(), "the data", "the event's data", 1))
	}
	return readable(value)
}

// readable turns decoded JSON into what a filter reads, in place.
func readable(value any) any {
	switch value := value.(type) {
	case json.Number:
		return number(value.String())
	case string:
		if len(value) > MaxText {
			return types.NewErr("a text of %d bytes is too long for a filter, which reads up to %d", len(value), MaxText)
		}
		return value
	case []any:
		for i, item := range value {
			value[i] = readable(item)
		}
		return value
	case map[string]any:
		for name, member := range value {
			value[name] = readable(member)
		}
		return value
	default:
		return value
	}
}

// number reads a JSON number without losing anything: a whole number becomes an
// int, or a uint if it is too large for that; one with a fraction or an exponent
// a double. What none of them holds is an error.
func number(text string) any {
	if !strings.ContainsAny(text, ".eE") {
		if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
			return whole
		}
		if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
			return whole
		}
		return types.NewErr("a whole number of more than 64 bits can't be read by a filter")
	}
	digits := significantDigits(text)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || len(digits) > maxDigits || (value == 0 && digits != "") {
		return types.NewErr("a number of more than %d digits, or beyond the range of a double, can't be read by a filter", maxDigits)
	}
	return value
}

// significantDigits returns the digits of a number without zeros at either end.
func significantDigits(text string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.NewReplacer("-", "", ".", "").Replace(mantissa)
	return strings.Trim(digits, "0")
}
