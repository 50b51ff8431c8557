package schema

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/posthorn/posthorn"
)

// draft2020 is how the library calls the version of JSON Schema that is allowed.
const draft2020 = 2020

// survey visits all subschemas, weighs them, and refuses what can't be bounded.
func (s *Schema) survey(pointer string) error {
	waiting := []*jsonschema.Schema{s.root}
	for len(waiting) > 0 {
		sub := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if _, known := s.parts[sub]; known {
			continue
		}
		if err := supported(pointer, sub); err != nil {
			return err
		}
		same := sameValue(sub)
		s.parts[sub] = part{same: same, weight: weight(sub)}
		waiting = append(append(waiting, same...), otherValues(sub)...)
	}
	return s.checkChains(pointer)
}

func supported(pointer string, sub *jsonschema.Schema) error {
	place := pointer + placeOf(sub.Location)
	switch {
	case !strings.HasPrefix(sub.Location, location):
		return posthorn.Invalid(pointer, "The schema refers to "+clip(strings.TrimSuffix(sub.Location, "#"))+".", "A schema can't refer to other documents: put what it needs into \"$defs\".")
	case sub.DraftVersion != draft2020:
		return posthorn.Invalid(place, "The schema is for another version of JSON Schema than 2020-12.", "Leave out \"$schema\", and write the schema for 2020-12.")
	case sub.DynamicRef != nil || sub.RecursiveRef != nil:
		return posthorn.Invalid(place, "Dynamic references can't be used here.", "Use \"$ref\".")
	default:
		return nil
	}
}

// sameValue lists the subschemas that look at the same value.
func sameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	list := append([]*jsonschema.Schema(nil), s.AllOf...)
	list = append(append(list, s.AnyOf...), s.OneOf...)
	for _, name := range names(s.DependentSchemas) {
		list = append(list, s.DependentSchemas[name])
	}
	for _, name := range names(s.Dependencies) {
		if sub, isSchema := s.Dependencies[name].(*jsonschema.Schema); isSchema {
			list = append(list, sub)
		}
	}
	return appendThere(list, s.Ref, s.Not, s.If, s.Then, s.Else)
}

// otherValues lists the subschemas that look at members and items.
func otherValues(s *jsonschema.Schema) []*jsonschema.Schema {
	list := append([]*jsonschema.Schema(nil), s.PrefixItems...)
	for _, name := range names(s.Properties) {
		list = append(list, s.Properties[name])
	}
	for _, sub := range s.PatternProperties {
		list = append(list, sub)
	}
	additional, _ := s.AdditionalProperties.(*jsonschema.Schema)
	return appendThere(list, additional, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems)
}

func appendThere(list []*jsonschema.Schema, more ...*jsonschema.Schema) []*jsonschema.Schema {
	for _, sub := range more {
		if sub != nil {
			list = append(list, sub)
		}
	}
	return list
}

// weight is what a subschema costs for each value, beside its subschemas.
func weight(s *jsonschema.Schema) int {
	total := 1 + len(s.Required)
	for _, needed := range s.DependentRequired {
		total += 1 + len(needed)
	}
	if s.Const != nil {
		total += size(*s.Const)
	}
	if s.Enum != nil {
		total += size(s.Enum.Values)
	}
	return total + len(s.AllOf) + len(s.AnyOf) + len(s.OneOf)
}

// checkChains refuses subschemas that follow from themselves without a step into the
// data, and long chains.
func (s *Schema) checkChains(pointer string) error {
	lengths := map[*jsonschema.Schema]int{}
	for sub := range s.parts {
		if length := s.chain(sub, lengths, 0); length > maxChain {
			return posthorn.Invalid(pointer, fmt.Sprintf("More than %d subschemas follow from each other for one value, or one of them refers to itself.", maxChain),
				"Let a schema refer to itself only for members and items.")
		}
	}
	return nil
}

// chain returns how many subschemas follow from one for the same value, itself
// included; more than maxChain if it is one of them.
func (s *Schema) chain(sub *jsonschema.Schema, lengths map[*jsonschema.Schema]int, depth int) int {
	if known := lengths[sub]; known > 0 {
		return known
	}
	if depth > maxChain {
		return maxChain + 1
	}
	longest := 0
	for _, next := range s.parts[sub].same {
		longest = max(longest, s.chain(next, lengths, depth+1))
		if longest > maxChain {
			return longest
		}
	}
	lengths[sub] = longest + 1
	return longest + 1
}
