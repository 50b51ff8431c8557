package schema

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/posthorn/posthorn"
)

// Bounds of the mistakes that are looked at to find the first ones: how many, and how
// long their places are together, in bytes. A value may have a mistake in each of its
// parts, whose places all begin with the same long name.
const (
	maxGathered      = 5000
	maxGatheredBytes = 4 << 20
)

// gathering counts what may still be looked at.
type gathering struct {
	mistakes int
	bytes    int
}

func newGathering() *gathering { return &gathering{mistakes: maxGathered, bytes: maxGatheredBytes} }

func (g *gathering) isOver() bool { return g.mistakes <= 0 || g.bytes <= 0 }

// gather adds the mistakes that a mismatch stands for. Those within alternatives are
// told in one sentence: only the alternatives together are wrong.
func (g *gathering) gather(list []*posthorn.Error, pointer string, e *jsonschema.ValidationError) []*posthorn.Error {
	if g.isOver() {
		return list
	}
	place := pointer + pointerTo(e.InstanceLocation)
	g.bytes -= len(place)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return g.members(list, place, k.Missing, "is missing")
	case *kind.DependentRequired:
		return g.members(list, place, k.Missing, fmt.Sprintf("is missing, which is needed beside %q", clip(k.Prop)))
	case *kind.AdditionalProperties:
		return g.members(list, place, k.Properties, "isn't allowed: the schema doesn't know this member")
	case *kind.PropertyNames:
		return g.members(list, place, []string{k.Property}, "has a name that isn't allowed")
	case *kind.AnyOf:
		return append(list, mistake(place, "matches none of the alternatives"+g.closest(e)))
	case *kind.OneOf:
		if len(k.Subschemas) > 1 {
			return append(list, mistake(place, fmt.Sprintf("matches the alternatives %d and %d, but must match exactly one", k.Subschemas[0]+1, k.Subschemas[1]+1)))
		}
		return append(list, mistake(place, "matches none of the alternatives"+g.closest(e)))
	case *kind.Contains, *kind.MinContains:
		return append(list, mistake(place, "has too few items of a kind that the schema asks for"))
	}
	if len(e.Causes) == 0 {
		g.mistakes--
		return append(list, mistake(place, expected(e.ErrorKind)))
	}
	for _, cause := range e.Causes {
		list = g.gather(list, pointer, cause)
	}
	return list
}

// members adds the same mistake for several members of the object at a place: for one
// of them at least.
func (g *gathering) members(list []*posthorn.Error, place string, names []string, sentence string) []*posthorn.Error {
	for _, name := range names {
		at := place + pointerTo([]string{name})
		list = append(list, mistake(at, sentence))
		g.mistakes--
		if g.bytes -= len(at); g.isOver() {
			break
		}
	}
	return list
}

func mistake(place, sentence string) *posthorn.Error {
	name := unescapeName(place[strings.LastIndexByte(place, '/')+1:])
	return posthorn.Invalid(place, fmt.Sprintf("%q %s.", clip(name), sentence), "Change the data, or the schema of its event type.")
}

// closest tells the mistake of the alternative that got furthest into the data.
func (g *gathering) closest(e *jsonschema.ValidationError) string {
	var best *posthorn.Error
	depth := -1
	for _, cause := range e.Causes {
		found := g.gather(nil, "", cause)
		if len(found) == 0 {
			continue
		}
		if levels := strings.Count(found[0].Pointer, "/"); levels > depth {
			best, depth = found[0], levels
		}
	}
	if best == nil {
		return ""
	}
	return "; of one, " + clipLong(strings.TrimSuffix(best.Message, "."))
}

// expected says what a value should have been.
func expected(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be of type " + strings.Join(k.Want, " or ") + ", not " + k.Got
	case *kind.Enum:
		return "must be one of " + listed(k.Want)
	case *kind.Const:
		return "must be " + quoted(k.Want)
	case *kind.FalseSchema:
		return "isn't allowed here"
	case *kind.Pattern:
		return "must match the pattern " + clip(k.Want)
	case *kind.Format:
		return "can't be used: " + clip(innermost(k.Err))
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, not %d", k.Want, k.Got)
	case *kind.UniqueItems:
		return fmt.Sprintf("must have no equal items; %d and %d are", k.Duplicates[0], k.Duplicates[1])
	default:
		return expectedOfOthers(k)
	}
}

func expectedOfOthers(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d members, not %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d members, not %d", k.Want, k.Got)
	case *kind.Minimum:
		return "must be at least " + shown(k.Want)
	case *kind.Maximum:
		return "must be at most " + shown(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + shown(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + shown(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + shown(k.Want)
	case *kind.MaxContains:
		return "has too many items of a kind that the schema limits"
	case *kind.Not:
		return "matches what the schema excludes (\"not\")"
	default:
		return "doesn't match the schema"
	}
}

func listed(values []any) string {
	const most = 8
	texts := make([]string, 0, most)
	for _, value := range values[:min(len(values), most)] {
		texts = append(texts, quoted(value))
	}
	if len(values) > most {
		texts = append(texts, "…")
	}
	return clipLong(strings.Join(texts, ", "))
}

func quoted(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "another value"
	}
	return clip(string(text))
}

func clipLong(text string) string {
	const shown = 300
	if len(text) <= shown {
		return text
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
